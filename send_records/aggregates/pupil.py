"""The pupil: one stream of events, and the records it adds up to.

    admitted ---> recorded of, entry by entry ---> left: see ``enrolment``

Read this module for what is known about a pupil; read its neighbours for how each part of it
comes to be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from send_records.aggregates.access_requests import AccessRequest
from send_records.aggregates.adjustments import Adjustment
from send_records.aggregates.agencies import Agency
from send_records.aggregates.appeals import Appeal
from send_records.aggregates.complaints import Complaint
from send_records.aggregates.concerns import Concern
from send_records.aggregates.consents import Agreement, Purpose
from send_records.aggregates.contacts import Contact
from send_records.aggregates.documents import Document
from send_records.aggregates.ehc_plans import EhcPlan
from send_records.aggregates.ehc_requests import EhcRequest
from send_records.aggregates.emergencies import EmergencyAccess
from send_records.aggregates.handovers import Handover, Move
from send_records.aggregates.la_decisions import LaDecision
from send_records.aggregates.mediations import Mediation
from send_records.aggregates.medical import MedicalPlace
from send_records.aggregates.merging import Merge, RecordMerged
from send_records.aggregates.monitoring import Monitoring
from send_records.aggregates.needs import Need
from send_records.aggregates.notices import NoticeOf
from send_records.aggregates.plans import Plan
from send_records.aggregates.preparations import Preparation
from send_records.aggregates.provision import Provision
from send_records.aggregates.reduced_timetables import ReducedTimetable
from send_records.aggregates.register import Registration
from send_records.aggregates.retention import Hold
from send_records.aggregates.reviews import Review
from send_records.aggregates.scheduled_reviews import ScheduledReview
from send_records.aggregates.transition import Transition
from send_records.aggregates.values import day_in_words
from send_records.aggregates.voices import Voice
from send_records.errors import RuleBroken

NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Pupil:
    """What decisions about a pupil need to know; words stay in the events."""

    id: UUID
    version: int
    academy: str
    left_on: date | None = None
    contacts: Mapping[UUID, Contact] = field(default_factory=lambda: NOTHING)
    concerns: Mapping[UUID, Concern] = field(default_factory=lambda: NOTHING)
    monitoring: Monitoring | None = None
    needs: Mapping[str, Need] = field(default_factory=lambda: NOTHING)
    agencies: Mapping[str, Agency] = field(default_factory=lambda: NOTHING)
    registration: Registration | None = None
    plan: Plan | None = None
    """The plan in force."""
    draft: Plan | None = None
    """The plan being written, to follow the one in force."""
    scheduled_reviews: Mapping[UUID, ScheduledReview] = field(default_factory=lambda: NOTHING)
    reviews: Mapping[date, Review] = field(default_factory=lambda: NOTHING)
    voices: Mapping[Voice, tuple[date, ...]] = field(default_factory=lambda: NOTHING)
    """The days on which each was heard, as they were recorded."""
    agreements: Mapping[tuple[Purpose, str | None], tuple[Agreement, ...]] = field(
        default_factory=lambda: NOTHING
    )
    notices: Mapping[NoticeOf, tuple[date, ...]] = field(default_factory=lambda: NOTHING)
    """The days on which parents were told of each, as they were recorded."""
    retention_class: str | None = None
    retention_rule: str | None = None
    holds: Mapping[UUID, Hold] = field(default_factory=lambda: NOTHING)
    provisions: Mapping[UUID, Provision] = field(default_factory=lambda: NOTHING)
    """Those going on and those ended."""
    adjustments: Mapping[UUID, Adjustment] = field(default_factory=lambda: NOTHING)
    """Those made now."""
    profiles: int = 0
    """How many versions of the one-page profile were written."""
    medical: Mapping[str, MedicalPlace] = field(default_factory=lambda: NOTHING)
    """The places on the medical register now, by the condition in lower case."""
    transitions: Mapping[UUID, Transition] = field(default_factory=lambda: NOTHING)
    handovers: Mapping[UUID, Handover] = field(default_factory=lambda: NOTHING)
    move: Move | None = None
    """The move inside the trust that awaits acceptance."""
    reduced_timetable: ReducedTimetable | None = None
    complaints: Mapping[UUID, Complaint] = field(default_factory=lambda: NOTHING)
    access_requests: Mapping[UUID, AccessRequest] = field(default_factory=lambda: NOTHING)
    nc_year: str = ""
    """The year group, by its code, as last recorded."""
    class_name: str | None = None
    """The class, as last recorded; None for a pupil in none."""
    ehc_request: EhcRequest | None = None
    """The request for an EHC needs assessment with the local authority now, or last refused."""
    ehc_plans: tuple[EhcPlan, ...] = ()
    """Every EHC plan there was, the last one last."""
    annual_reviews: tuple[date, ...] = ()
    """The days on which annual reviews were held, as they were recorded."""
    la_decisions: tuple[LaDecision, ...] = ()
    """The local authority's decisions that can be appealed."""
    mediations: tuple[Mediation, ...] = ()
    appeals: Mapping[UUID, Appeal] = field(default_factory=lambda: NOTHING)
    corrections: int = 0
    """How many times an entry was corrected or withdrawn: see ``corrected``."""
    documents: Mapping[UUID, Document] = field(default_factory=lambda: NOTHING)
    emergency_accesses: Mapping[UUID, EmergencyAccess] = field(default_factory=lambda: NOTHING)
    preparations: Mapping[UUID, Preparation] = field(default_factory=lambda: NOTHING)
    """What was prepared in order to be sent, whether it was or not."""
    merged_into: Merge | None = None
    """Where the record goes on, if it was merged into another."""
    merged: Mapping[UUID, int] = field(default_factory=lambda: NOTHING)
    """The records that were merged into this one, and which entry says so of each."""

    @property
    def working_plan(self) -> Plan | None:
        """The plan that support follows: the one agreed or, until one is, the one drafted."""
        return self.plan or self.draft

    def at(self, version: int) -> Pupil:
        """Return the pupil at a version.  This is ``replace`` spelled out: a replay does it once
        for each event, and the library's way was a third of a replay's time."""
        moved = object.__new__(Pupil)
        moved.__dict__.update(self.__dict__, version=version)
        return moved

    def require_on_roll(self, day: date) -> None:
        """Refuse an entry about a day after the pupil left."""
        if self.left_on is not None and day > self.left_on:
            raise PupilNotOnRoll(f"The pupil left on {day_in_words(self.left_on)}.")

    def require_unmerged(self) -> None:
        """Refuse an entry in a record that was merged into another."""
        if self.merged_into is not None:
            raise RecordMerged("Record it in the record that was kept.", self.merged_into.into)


class PupilNotOnRoll(RuleBroken):
    """After a pupil has left, the record takes only disclosure, retention and correction."""

    basis = "UK GDPR Art 5(1)(c) and (e); SEND policy s.11"
