"""Many files in few children: all are done, in their order; one that fails takes none with it."""

from __future__ import annotations

import os
import time

import pytest

from send_records.disclosure import batches
from send_records.disclosure.batches import in_children, one_after_another
from send_records.disclosure.child import Limits, WorkFailed, WorkStopped, WorkTooLarge
from send_records.disclosure.redaction import working
from send_records.disclosure.redaction.outcome import NotRedactable
from tests.disclosure.bundle.papers import written

PDF, PNG = "application/pdf", "image/png"
LIMITS = Limits(seconds=20.0)


def test_each_has_its_own_outcome_in_its_place() -> None:
    files = [(written(), PDF), (b"none", PDF), (b"", PNG), (written(["a", "b"]), PDF)]
    told: list[int] = []

    found = in_children(working.pages, files, limits=LIMITS, most=3, done=told.append)

    assert (found[0], found[2:]) == (1, [1, 2])
    assert isinstance(found[1], NotRedactable)
    assert told == [3, 4]


def test_files_are_parted_by_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LARGEST", 10)
    files = [(b"x" * size,) for size in (4, 6, 1, 30, 2, 2, 2)]

    parted = [[len(data) for (data,) in batch] for batch in batches._batches(files, 2)]

    assert parted == [[4, 6], [1], [30], [2, 2], [2]]


def test_of_a_batch_that_ends_its_process_each_is_done_alone() -> None:
    files = [(written(), PDF), (written(), PDF)]
    little = Limits(seconds=20.0, megabytes=40)  # no process comes up in so much

    found = in_children(working.pages, files, limits=little)

    assert all(isinstance(each, WorkFailed | WorkTooLarge) for each in found)


def test_what_is_none_of_our_refusals_is_told_as_a_failure() -> None:
    [found, good] = one_after_another("os.path", "getsize", [(b"\0",), (b"/",)])

    assert isinstance(found, WorkFailed)
    assert good == os.path.getsize("/")


def test_it_stops_where_it_is_told_to() -> None:
    began = time.monotonic()

    with pytest.raises(WorkStopped):
        in_children(working.pages, [(written(), PDF)] * 3, limits=LIMITS, stopped=lambda: True)
    assert time.monotonic() - began < 5

    def fails(done: int) -> None:
        raise WorkStopped("It was stopped.")

    with pytest.raises(WorkStopped):
        in_children(working.pages, [(written(), PDF)] * 3, limits=LIMITS, most=1, done=fails)
