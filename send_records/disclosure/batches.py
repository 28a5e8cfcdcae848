"""One piece of work on many files in few children: to start one takes longer than most files do.

A batch that fails is done again, each file by itself: so the one that cannot be worked on is known,
and has the time and memory of one file to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from send_records.disclosure.child import (
    Limits,
    WorkFailed,
    WorkStopped,
    WorkTooLarge,
    in_child,
)
from send_records.errors import SendRecordsError

AT_ONCE = 2
"""Children that work at the same time."""

LARGEST = 8 * 1024 * 1024
"""Bytes of the files of a batch, unless it is one file."""

MOST = 24
"""Files of a batch, so that it says often enough how far it is."""

Stopped = Callable[[], bool]

Done = Callable[[int], None]

Given = tuple[bytes, *tuple[Any, ...]]
"""A file, and what else the work is given with it."""


def in_children(
    work: Callable[..., Any],
    given: Sequence[Given],
    *,
    limits: Limits,
    most: int = MOST,
    stopped: Stopped = lambda: False,
    done: Done = lambda number: None,
) -> list[Any]:
    """Return what a function of a module returns for each file, or the refusal that it raises
    (as ``in_child`` raises it), in their order.

    ``most`` is how many files one child is given; ``done`` is told how many are done.  Raise
    WorkStopped once ``stopped``, and what ``done`` raises.
    """
    found: list[Any] = []
    over = False

    def of_batch(batch: Sequence[Given]) -> list[Any]:
        return _of_batch(work, batch, limits, lambda: over or stopped())

    with ThreadPoolExecutor(AT_ONCE) as threads:
        try:
            for batch in threads.map(of_batch, list(_batches(given, most))):
                found += batch
                done(len(found))
        except BaseException:
            over = True  # what is still going on is waited for
            raise
    return found


def _batches(given: Sequence[Given], most: int) -> Iterator[list[Given]]:
    batch, size = list[Given](), 0
    for each in given:
        if batch and (size + len(each[0]) > LARGEST or len(batch) == most):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += len(each[0])
    if batch:
        yield batch


def _of_batch(
    work: Callable[..., Any], batch: Sequence[Given], limits: Limits, stopped: Stopped
) -> list[Any]:
    if stopped():
        raise WorkStopped("It was stopped.")
    if len(batch) == 1:
        return [_alone(work, batch[0], limits, stopped)]
    named = work.__module__, work.__qualname__
    try:
        return list(
            in_child(one_after_another, *named, tuple(batch), limits=limits, stopped=stopped)
        )
    except (WorkFailed, WorkTooLarge):
        return [_alone(work, each, limits, stopped) for each in batch]


def _alone(work: Callable[..., Any], each: Given, limits: Limits, stopped: Stopped) -> Any:
    try:
        return in_child(work, *each, limits=limits, stopped=stopped)
    except WorkStopped:
        raise
    except SendRecordsError as refusal:
        return refusal


def one_after_another(module: str, name: str, given: Sequence[Given]) -> tuple[Any, ...]:
    """Return what a function returns for each, or refuses it with: the child's part."""
    work = getattr(import_module(module), name)
    return tuple(_said(work, each) for each in given)


def _said(work: Callable[..., Any], each: Given) -> Any:
    try:
        return work(*each)
    except SendRecordsError as refusal:
        return refusal
    except MemoryError:
        raise
    except Exception as error:
        return WorkFailed(f"A file could not be worked on ({type(error).__name__}).")
