"""What is to be answered, by the table and by where the pupils of the world are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.authority.authorize import Over, Verb
from send_records.authority.table import Line, line_of
from send_records.store.access import Tier
from tests.authority.asking import Answer
from tests.authority.questions import Question
from tests.authority.world import ACROSS, ALDER, BIRCH, CHILDREN, OWN, UNKNOWN, Holding, Reader

COUNTS = frozenset({Tier.AGGREGATES, Tier.CONFIGURATION})
"""Tiers in which nobody is told of."""

WORDLESS = COUNTS | {Tier.ACCESS}
"""Tiers in which no word of a record is."""


class Outcome(StrEnum):
    """What a cell is to come to."""

    ALLOWED = "allowed"
    """Whatever it is answered, it is not that it may not be done, or that nobody is there."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """To the byte what is answered of a pupil whom nobody knows."""
    OWN = "own"
    """Told of nobody but whoever asks, and so whatever it is."""
    GONE = "gone"
    """An address that leads nowhere."""


def line(holding: Holding) -> Line:
    """Return the line of the table that somebody holds."""
    found = line_of(holding.role, holding.kind)
    assert found is not None
    return found


def expected(reader: Reader, question: Question, relation: str) -> Outcome:
    """Return what somebody is to be answered."""
    verb = question.verb
    if verb is None:
        return Outcome.OWN
    if question.operation == "get_calendar":
        return Outcome.GONE
    able = [] if reader.left else [each for each in reader.held if verb.allowed_by(line(each))]
    if not able:
        return Outcome.REFUSED
    if question.into and not any(OWN in each.reached for each in able):
        return _about(reader, able, verb, OWN)
    if question.operation == "admit_pupil":
        at = BIRCH if relation == ACROSS else ALDER
        return _either(any(_at(each) in (None, at) for each in able))
    return _about(reader, able, verb, relation)


def _about(reader: Reader, able: list[Holding], verb: Verb, relation: str) -> Outcome:
    if verb.over is Over.ANY_PUPIL:
        return Outcome.UNKNOWN if relation == UNKNOWN else Outcome.ALLOWED
    if verb.over is not Over.PUPIL or any(relation in each.reached for each in able):
        return Outcome.ALLOWED
    known = any(relation in each.reached and line(each).tiers - COUNTS for each in reader.held)
    return Outcome.REFUSED if known else Outcome.UNKNOWN


def _either(allowed: bool) -> Outcome:
    return Outcome.ALLOWED if allowed else Outcome.REFUSED


def _at(holding: Holding) -> str | None:
    """The academy that somebody is held to; None if to none."""
    return None if holding.kind is ScopeKind.TRUST else CHILDREN[holding.around].academy


def came_to(answer: Answer, nobody: Answer | None) -> set[Outcome]:
    """Return what an answer can be taken for; ``nobody`` is what is answered of nobody."""
    if answer.status >= 500:
        return set()
    if answer.status == 403:
        return {Outcome.REFUSED, Outcome.OWN}
    if answer.status == 401:
        return {Outcome.OWN}
    if nobody is not None and answer.told == nobody.told and answer.status == 404:
        return {Outcome.UNKNOWN}
    if answer.problem == "not-found" and b"No pupil has that id." in answer.body:
        return set()
    here = {Outcome.ALLOWED, Outcome.OWN}
    return here | {Outcome.GONE} if answer.status == 404 else here


# What somebody may see


def ids_for(reader: Reader) -> frozenset[str]:
    """Return the relations whose ids somebody may be told: who hands out roles is told whose
    records those reach."""
    if reader.left:
        return frozenset()
    shown = [each for each in reader.held if line(each).tiers - {Tier.AGGREGATES}]
    return frozenset().union(*(each.reached for each in shown))


def words_for(reader: Reader) -> Mapping[str, frozenset[Tier]]:
    """Return of which relations somebody may be told a word, and in which tiers."""
    found: dict[str, frozenset[Tier]] = {}
    for each in () if reader.left else reader.held:
        tiers = line(each).tiers - WORDLESS
        for relation in each.reached if tiers else ():
            found[relation] = found.get(relation, frozenset()) | tiers
    return found
