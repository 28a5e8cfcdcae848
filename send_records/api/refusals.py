"""Which refusals a command, or a question, can answer with: read from the rules themselves.

A list kept beside the rules would be wrong the day after one is added.  So the source of ``decide``
is read, and of whatever it calls: what these make is what may be answered.  It may name a refusal
too many, of a branch that is never taken; it misses none that the tests have ever seen.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

from send_records import aggregates
from send_records.aggregates.base import DomainEvent, Entry
from send_records.aggregates.contacts import AnswersForAnother
from send_records.aggregates.merging import RecordMerged
from send_records.aggregates.origins import OWN, OriginNotTheirs
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.pupil import PupilNotOnRoll
from send_records.errors import SendRecordsError

Refusals = frozenset[type[SendRecordsError]]


@cache
def refusals_of_command(command: type[Entry | PersonCommand]) -> Refusals:
    """Return what deciding a command can be refused with."""
    found = set(_Reader(command).read(getattr(command, "decide")))  # noqa: B009
    for refusal, passed in ((PupilNotOnRoll, "after_leaving"), (RecordMerged, "after_merging")):
        if getattr(command, passed, False):
            found.discard(refusal)
    if not getattr(command, "roles", frozenset()) & OWN.keys():
        found -= {AnswersForAnother, OriginNotTheirs}
    return frozenset(found)


@cache
def refusals_of_question(endpoint: Callable[..., Any]) -> Refusals:
    """Return what a route's own function, and what it calls by name, raises; of one that carries
    documents or jobs, what is raised where they are taken and given."""
    inside = inspect.unwrap(endpoint).__globals__.values()
    modules = {getattr(value, "__module__", None) for value in inside}
    beside = tuple(each for rooms in (CARRYING, ASKING) if rooms[0] in modules for each in rooms)
    return frozenset(_Reader(None, beside).read(endpoint))


class _Reader:
    """Reads functions, each once, for what they raise."""

    def __init__(self, owner: type[Any] | None, beside: tuple[str, ...] = ()) -> None:
        self._owner = owner
        self._methods = methods(beside)
        self._seen: set[FunctionType] = set()

    def read(self, function: Callable[..., Any]) -> Iterator[type[SendRecordsError]]:
        plain = inspect.unwrap(function)
        if not isinstance(plain, FunctionType) or plain in self._seen:
            return
        if not plain.__module__.startswith("send_records."):
            return
        self._seen.add(plain)
        known = {**inspect.getclosurevars(plain).nonlocals, **plain.__globals__}
        source = ast.parse(dedent(inspect.getsource(plain)))
        events = _events_in(known, source)
        for node in ast.walk(source):
            if isinstance(node, ast.Call):
                yield from _refusal(known, node.func)
            for called in self._named(known, node, events):
                yield from self.read(called)

    def _named(
        self, known: dict[str, Any], node: ast.AST, events: list[type[DomainEvent]]
    ) -> list[Callable[..., Any]]:
        """Return the functions that a part of the source may mean; a method of an event is one of
        those made here, if one of them has it."""
        if isinstance(node, ast.Name):
            return [known[node.id]] if isinstance(known.get(node.id), FunctionType) else []
        if not isinstance(node, ast.Attribute):
            return []
        whose = node.value
        if isinstance(whose, ast.Name) and isinstance(known.get(whose.id), ModuleType):
            return [getattr(known[whose.id], node.attr, None) or _nothing]
        if isinstance(whose, ast.Name) and whose.id == "self" and self._owner is not None:
            return [f for c in self._owner.__mro__ if (f := _function(vars(c).get(node.attr)))]
        of_events = [f for event in events if (f := _function(getattr(event, node.attr, None)))]
        own = [f for f in of_events if f.__module__ != DomainEvent.__module__]
        return own or self._methods.get(node.attr, [])


def _events_in(known: dict[str, Any], source: ast.AST) -> list[type[DomainEvent]]:
    named = [known.get(node.id) for node in ast.walk(source) if isinstance(node, ast.Name)]
    return [each for each in named if isinstance(each, type) and issubclass(each, DomainEvent)]


def _refusal(known: dict[str, Any], name: ast.expr) -> list[type[SendRecordsError]]:
    """Return the refusal that is made here, to be raised here or by whoever called."""
    found = known.get(name.id) if isinstance(name, ast.Name) else None
    return [found] if isinstance(found, type) and issubclass(found, SendRecordsError) else []


def _function(value: Any) -> Callable[..., Any] | None:
    found = value.fget if isinstance(value, property) else value
    return found if isinstance(found, FunctionType) else None


def _nothing() -> None: ...


UNASKED = {"decide", "apply", "mutate"}
"""A command is not decided by another, and what applies an event may not refuse."""


CARRYING = (
    "send_records.documents",
    "send_records.documents.uploads",
    "send_records.sniffing",
    "send_records.store.contents",
)
"""Where documents are taken and given."""

ASKING = ("send_records.jobs.asking", "send_records.store.jobs")
"""Where jobs are asked for and looked at."""


@cache
def methods(beside: tuple[str, ...] = ()) -> dict[str, list[Callable[..., Any]]]:
    """Return the methods and properties of the domain's records, rules and values, and of some
    modules beside it, by name: what ``pupil.require_on_roll`` may mean."""
    found: dict[str, list[Callable[..., Any]]] = {}
    domain = f"{aggregates.__name__}."
    modules = [m for n, m in sys.modules.items() if n.startswith(domain) or n in beside]
    for module in modules:
        for kind in vars(module).values():
            if not isinstance(kind, type) or kind.__module__ != module.__name__:
                continue
            for name, value in vars(kind).items():
                if name not in UNASKED and (function := _function(value)):
                    found.setdefault(name, []).append(function)
    return found
