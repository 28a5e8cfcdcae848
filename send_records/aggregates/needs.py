"""Needs: the types of special educational need that were found, in order of importance.

    identified ---> reranked ---> ended

A need carries a DfE type and a rank, 1 the primary (school census; ``facts.md`` 1.2, 1.3), and the
areas it cuts across, which no type decides (policy s.6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import (
    SENDCOS,
    Area,
    Count,
    Name,
    Some,
    Words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Need:
    """One need now identified."""

    sen_type: str
    rank: int


class SenTypeNotInForce(Invalid):
    """The type of need is a code of the DfE's set on the day."""

    basis = "DfE Common Basic Data Set, SEN type"


class RankTaken(RuleBroken):
    """No two needs of a pupil have the same rank."""

    basis = "DfE school census, SEN type ranking"


class RanksUnchanged(RuleBroken):
    """A new order of needs is another order."""


class NeedAlreadyIdentified(RuleBroken):
    """A type of need is held once at a time: rerank it, or end it first."""


class PrimaryNeedMissing(RuleBroken):
    """A pupil on the register has a need of rank 1."""

    basis = "DfE school census: one SEN provision at a time, with a primary need"


def require_rank(rank: int) -> None:
    """Refuse what cannot be a rank."""
    if not 1 <= rank <= 99:
        raise Invalid("Enter a rank from 1 to 99; 1 is the primary need.")


def with_need(pupil: Pupil, need: Need) -> Pupil:
    """Return the pupil with one need added or replaced."""
    return replace(pupil, needs={**pupil.needs, need.sen_type: need})


class NeedIdentified(PupilEvent):
    sen_type: str
    label: str
    rank: int
    areas: tuple[Area, ...]
    strengths: Mapping[Area, str]

    def apply(self, pupil: Pupil) -> Pupil:
        return with_need(pupil, Need(self.sen_type, self.rank))

    def require_valid(self, by: By) -> None:
        code = by.rules.code("sen_type", self.sen_type, self.occurred_on)
        if code is None or code.label != self.label:
            raise SenTypeNotInForce("Its type has a label: withdraw the entry and make it anew.")
        require_rank(self.rank)


class IdentifyNeed(Command):
    """Record a type of need, its rank, and the areas it shows in, strengths beside them."""

    roles = SENDCOS

    sen_type: Name
    rank: Count
    """1 is the primary need."""
    areas: Some[Area]
    strengths: Mapping[Area, Words] = Field(default_factory=dict)

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        code = by.rules.code("sen_type", self.sen_type, self.occurred_on)
        if code is None:
            raise SenTypeNotInForce("Choose a DfE type of need, for example SPLD or SLCN.")
        if code.code in pupil.needs:
            raise NeedAlreadyIdentified(f"{code.code} is already among the pupil's needs.")
        require_rank(self.rank)
        if any(need.rank == self.rank for need in pupil.needs.values()):
            raise RankTaken(f"Another need has rank {self.rank}: rerank the needs first.")
        return [
            NeedIdentified(
                **self.entry(pupil, by),
                sen_type=code.code,
                label=code.label,
                rank=self.rank,
                areas=self.areas,
                strengths=self.strengths,
            )
        ]


class NeedReranked(PupilEvent):
    sen_type: str
    rank: int

    def apply(self, pupil: Pupil) -> Pupil:
        return with_need(pupil, Need(self.sen_type, self.rank))

    def require_valid(self, by: By) -> None:
        require_rank(self.rank)


class RerankNeeds(Command):
    """Put the pupil's needs in order, the primary first: every need once."""

    roles = SENDCOS

    order: Some[Name]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if sorted(self.order) != sorted(pupil.needs):
            raise Invalid("List every need the pupil has now, once each.")
        events: list[PupilEvent] = []
        for rank, sen_type in enumerate(self.order, start=1):
            if pupil.needs[sen_type].rank != rank:
                event = NeedReranked(**self.entry(pupil, by), sen_type=sen_type, rank=rank)
                pupil = event.mutate(pupil)
                events.append(event)
        if not events:
            raise RanksUnchanged("The needs already stand in that order.")
        return events


class NeedEnded(PupilEvent):
    sen_type: str
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, needs={k: v for k, v in pupil.needs.items() if k != self.sen_type})


class EndNeed(Command):
    """Record that a need is no longer one; what it was stays in the history."""

    roles = SENDCOS

    sen_type: Name
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        need = pupil.needs.get(self.sen_type)
        if need is None:
            raise NotFound("The pupil has no such need now.")
        if need.rank == 1 and pupil.registration is not None:
            raise PrimaryNeedMissing("Rerank the needs first, or remove the pupil from it.")
        return [NeedEnded(**self.entry(pupil, by), sen_type=need.sen_type, why=self.why)]
