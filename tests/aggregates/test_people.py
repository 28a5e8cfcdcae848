"""Grants of roles: who may propose and grant which, over whom, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from hypothesis import given, settings
from hypothesis import strategies as st

from send_records.aggregates.base import Actor
from send_records.aggregates.cases import (
    CaseClosed,
    CaseIsOnesOwn,
    CaseKind,
    CaseOpened,
    CloseCase,
    NotACase,
    NotTheOfficer,
    OpenCase,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.grant_rules import (
    LONGEST,
    OF_THE_ACADEMY,
    RELATED,
    EndNotSaid,
    EndsBeforeItBegins,
    LastsTooLong,
    NobodyGrantsToThemself,
    NoSuchGrant,
    NoSuchProposal,
    NotTheirsToPropose,
    NotTheOperator,
    OutOfReach,
    OverAlready,
    ProposerDoesNotGrant,
    RelationshipNotVerified,
    RoleIsOver,
    TooManyProposals,
    TooManyRoles,
)
from send_records.aggregates.grant_scopes import (
    EVERYWHERE,
    FITS,
    NAMES,
    NOWHERE,
    AcademiesNotListed,
    OneChildOnly,
    Reach,
    RoleTakesAnotherScope,
    ScopeKind,
    ScopeNotWhole,
)
from send_records.aggregates.grants import (
    GRANTERS,
    BootstrapRole,
    GrantRole,
    ProposeRole,
    RefuseRole,
    RoleGranted,
    RoleProposed,
    RoleRefused,
)
from send_records.aggregates.people import (
    ByGranter,
    Person,
    PersonCommand,
    PersonEvent,
    stream_of,
)
from send_records.aggregates.role_endings import (
    CaseIsTheOfficers,
    EndRole,
    HasLeft,
    NobodyOfThatId,
    PersonLeft,
    RecordPersonLeft,
    RoleEnded,
)
from send_records.aggregates.values import Role, Source
from send_records.api.refusals import refusals_of_command
from send_records.errors import NotFound, SendRecordsError
from tests.scenario import ADMIT, NOBODY, SENCO, TODAY, but, by

TARIQ = UUID(int=900)
AISHA, LEO = UUID(int=31), UUID(int=32)
ALDER, BIRCH = "Alder Park Academy", "Birchwood Academy"

ADMIN = Actor(id=UUID(int=10), name="Ada Nowak", role=Role.ADMINISTRATOR)
OTHER_ADMIN = Actor(id=UUID(int=11), name="Ben Osei", role=Role.ADMINISTRATOR)
HEAD = Actor(id=UUID(int=12), name="Helen Marsh", role=Role.PRINCIPAL, academy=ALDER)
DPO = Actor(id=UUID(int=13), name="Ruth Adeyemi", role=Role.DPO)
FEED = Actor(id=UUID(int=14), name="Staff feed", role=Role.INTEGRATION)

AT_ALDER = Reach(frozenset({ALDER}), frozenset({AISHA, LEO}))

TEACHER = ProposeRole(
    name="Tariq Aziz",
    role=Role.CLASS_TEACHER,
    kind=ScopeKind.CLASSES,
    academies=(ALDER,),
    classes=("4B",),
    from_on=TODAY,
    why="Takes over 4B",
)
THERAPIST = ProposeRole(
    name="Tariq Aziz",
    role=Role.PROFESSIONAL,
    kind=ScopeKind.REFERRAL,
    pupils=(AISHA,),
    from_on=TODAY,
    until_on=TODAY + timedelta(days=90),
    why="Speech and language therapy",
)
PARENT = ProposeRole(
    name="Nasreen Rahman",
    role=Role.PARENT,
    kind=ScopeKind.RELATIONSHIP,
    pupils=(AISHA,),
    from_on=TODAY,
    contact_id=UUID(int=51),
    verified_how="Passport and birth certificate seen",
    why="Asked at the meeting of 3 November",
)
OFFICER = ProposeRole(
    name="Ruth Adeyemi", role=Role.DPO, kind=ScopeKind.TRUST, from_on=TODAY, why="Appointed"
)
CASE = OpenCase(
    pupil_id=AISHA,
    case_kind=CaseKind.SUBJECT_ACCESS,
    reference="SAR-2026-014",
    why="Request of 20 November",
    until_on=TODAY + timedelta(days=60),
)


@dataclass(frozen=True)
class Told:
    """A person, and who acts next, how far they reach, and on which day."""

    person: Person
    actor: Actor = ADMIN
    reach: Reach = EVERYWHERE
    today: date = TODAY
    last_id: UUID = NOBODY
    command: PersonCommand | None = None

    def by(self, actor: Actor, reach: Reach = EVERYWHERE) -> Told:
        return replace(self, actor=actor, reach=reach)

    def on(self, today: date) -> Told:
        return replace(self, today=today)

    def asked(self, command_id: UUID, source: Source = Source.API) -> ByGranter:
        plain = by(self.actor, today=self.today, command_id=command_id)
        metadata = plain.metadata.model_copy(update={"source": source})
        return ByGranter(metadata, plain.today, plain.rules, reach=self.reach, now=plain.now)

    def after(self, events: Sequence[PersonEvent]) -> Told:
        person = self.person
        for event in events:
            person = event.follow(person)
        return replace(self, person=person, command=None)

    def given(self, command: PersonCommand) -> Told:
        new_id = uuid4()
        source = Source.SYSTEM if isinstance(command, BootstrapRole) else Source.API
        events = command.decide(self.person, self.asked(new_id, source))
        return replace(self.after(events), last_id=new_id)

    def granted(self, proposal: ProposeRole) -> Told:
        """Give a role in the way it is given: by two people; ``last_id`` is the grant's."""
        proposed = self.by(ADMIN).given(proposal)
        granted = proposed.by(OTHER_ADMIN).given(GrantRole(proposal_id=proposed.last_id))
        return granted.by(self.actor, self.reach)

    def when(self, command: PersonCommand) -> Told:
        return replace(self, command=command)

    def then(self, *kinds: type[PersonEvent], **fields: Any) -> Told:
        """Expect these events, the first with these fields among its own."""
        assert self.command is not None
        new_id = uuid4()
        events = self.command.decide(self.person, self.asked(new_id))
        assert [type(event) for event in events] == list(kinds)
        assert {name: getattr(events[0], name) for name in fields} == fields
        return replace(self.after(events), last_id=new_id)

    def refused(self, error: type[SendRecordsError]) -> None:
        """Expect a refusal, and that the API's description knows of it."""
        assert self.command is not None
        with pytest.raises(error) as raised:
            self.command.decide(self.person, self.asked(uuid4()))
        assert type(raised.value) is error
        assert error in refusals_of_command(type(self.command))


def somebody(person_id: UUID = TARIQ) -> Told:
    """Somebody of whom nothing is on record."""
    return Told(Person(person_id))


def proposed(proposal: ProposeRole = TEACHER, actor: Actor = ADMIN) -> Told:
    return somebody().by(actor).given(proposal)


def an_officer() -> Told:
    """The data protection officer, acting."""
    return somebody(DPO.id).granted(OFFICER).by(DPO)


# Two people


def test_a_role_is_proposed_by_one_and_granted_by_another() -> None:
    waiting = proposed()
    [proposal] = waiting.person.proposals.values()

    granted = (
        waiting.by(OTHER_ADMIN)
        .when(GrantRole(proposal_id=proposal.id))
        .then(
            RoleGranted,
            person_id=TARIQ,
            name="Tariq Aziz",
            role=Role.CLASS_TEACHER,
            kind=ScopeKind.CLASSES,
            academies=(ALDER,),
            classes=("4B",),
            years=(),
            pupils=(),
            from_on=TODAY,
            until_on=None,
            proposed_by=ADMIN.id,
            bootstrap=False,
        )
    )

    assert granted.person.proposals == {}
    [grant] = granted.person.grants.values()
    assert grant.id == granted.last_id
    assert grant.in_force(TODAY)
    assert granted.person.name == "Tariq Aziz"


def test_a_proposal_is_no_role() -> None:
    assert proposed().person.grants == {}
    assert proposed().person.standing(TODAY) == ()


def test_whoever_proposed_it_does_not_grant_it() -> None:
    waiting = proposed()

    waiting.when(GrantRole(proposal_id=waiting.last_id)).refused(ProposerDoesNotGrant)


def test_nor_in_another_role_of_theirs() -> None:
    waiting = proposed()

    principal_too = ADMIN.model_copy(update={"role": Role.PRINCIPAL})
    command = GrantRole(proposal_id=waiting.last_id)
    waiting.by(principal_too).when(command).refused(ProposerDoesNotGrant)


def test_nobody_grants_to_themself() -> None:
    waiting = proposed()
    themself = ADMIN.model_copy(update={"id": TARIQ})

    command = GrantRole(proposal_id=waiting.last_id)
    waiting.by(themself).when(command).refused(NobodyGrantsToThemself)


def test_nobody_proposes_for_themself() -> None:
    themself = ADMIN.model_copy(update={"id": TARIQ})

    somebody().by(themself).when(TEACHER).refused(NobodyGrantsToThemself)


def test_a_proposal_is_answered_once() -> None:
    waiting = proposed()
    command = GrantRole(proposal_id=waiting.last_id)
    answered = waiting.by(OTHER_ADMIN).given(command)

    answered.when(command).refused(NoSuchProposal)
    answered.when(RefuseRole(proposal_id=waiting.last_id, why="No")).refused(NoSuchProposal)


def test_a_refused_role_can_no_more_be_granted() -> None:
    waiting = proposed()
    refused = (
        waiting.by(OTHER_ADMIN)
        .when(RefuseRole(proposal_id=waiting.last_id, why="Works elsewhere"))
        .then(RoleRefused, proposal_id=waiting.last_id, why="Works elsewhere")
    )

    refused.when(GrantRole(proposal_id=waiting.last_id)).refused(NoSuchProposal)


def test_whoever_proposed_it_may_take_it_back() -> None:
    waiting = proposed()

    waiting.when(RefuseRole(proposal_id=waiting.last_id, why="A mistake")).then(RoleRefused)


# Whose to propose, and how far one reaches


@pytest.mark.parametrize("role", sorted(Role))
def test_an_administrator_may_propose_any_role_and_a_senco_those_of_the_academy(role: Role) -> None:
    proposal = example_of(role)
    everything = Reach(frozenset({ALDER}), frozenset({AISHA}))

    somebody().by(ADMIN).when(proposal).then(RoleProposed)
    for actor in (SENCO, HEAD):
        told = somebody().by(actor, everything).when(proposal)
        if role in OF_THE_ACADEMY:
            told.then(RoleProposed)
        else:
            told.refused(NotTheirsToPropose)


def test_a_senco_proposes_within_their_own_academies() -> None:
    told = somebody().by(SENCO, AT_ALDER)

    told.when(TEACHER).then(RoleProposed)
    told.when(but(TEACHER, academies=(BIRCH,))).refused(OutOfReach)
    told.when(but(TEACHER, academies=(ALDER, BIRCH))).refused(OutOfReach)


def test_a_senco_proposes_for_pupils_in_their_own_scope() -> None:
    told = somebody().by(SENCO, AT_ALDER)

    told.when(THERAPIST).then(RoleProposed)
    told.when(but(THERAPIST, pupils=(AISHA, UUID(int=99)))).refused(OutOfReach)


def test_who_reaches_nothing_proposes_nothing() -> None:
    """What a forgotten reach comes to."""
    somebody().by(SENCO, NOWHERE).when(TEACHER).refused(OutOfReach)
    somebody().by(SENCO, NOWHERE).when(THERAPIST).refused(OutOfReach)


@pytest.mark.parametrize("actor", [SENCO, HEAD])
def test_a_role_is_granted_and_refused_within_the_granters_own_academies(actor: Actor) -> None:
    here = proposed()
    there = proposed(but(TEACHER, academies=(BIRCH,)))

    here.by(actor, AT_ALDER).when(GrantRole(proposal_id=here.last_id)).then(RoleGranted)
    told = there.by(actor, AT_ALDER)
    told.when(GrantRole(proposal_id=there.last_id)).refused(OutOfReach)
    told.when(RefuseRole(proposal_id=there.last_id, why="No")).refused(OutOfReach)


def test_a_role_of_the_whole_trust_lies_within_no_list_of_academies() -> None:
    waiting = proposed(but(OFFICER, role=Role.CEO))

    command = GrantRole(proposal_id=waiting.last_id)
    waiting.by(HEAD, AT_ALDER).when(command).refused(OutOfReach)
    waiting.by(DPO).when(command).then(RoleGranted)


def test_a_command_says_which_scopes_are_asked_about() -> None:
    waiting = proposed(THERAPIST)
    granted = somebody().granted(THERAPIST)

    [scope] = THERAPIST.scopes_asked(waiting.person)
    assert scope.pupils == (AISHA,)
    for told, command in [
        (waiting, GrantRole(proposal_id=waiting.last_id)),
        (waiting, RefuseRole(proposal_id=waiting.last_id, why="No")),
        (granted, EndRole(grant_id=granted.last_id, why="Over")),
        (granted, RecordPersonLeft(left_on=TODAY)),
    ]:
        assert command.scopes_asked(told.person) == (scope,)
    assert GrantRole(proposal_id=NOBODY).scopes_asked(waiting.person) == ()
    assert CASE.scopes_asked(waiting.person) == ()


# The scope that fits a role


def example_of(role: Role, kind: ScopeKind | None = None) -> ProposeRole:
    """Return a proposal of a role with a scope that it takes."""
    kind = kind or min(FITS[role])
    lists: dict[str, Any] = {
        "academies": (ALDER,),
        "years": ("4",),
        "classes": ("4B",),
        "pupils": (AISHA,),
    }
    return ProposeRole(
        name="Tariq Aziz",
        role=role,
        kind=kind,
        **{name: lists[name] for name in NAMES[kind]},
        from_on=TODAY,
        until_on=TODAY + timedelta(days=30) if kind in LONGEST else None,
        contact_id=UUID(int=51) if role is Role.PARENT else None,
        verified_how="Passport seen" if role in RELATED else None,
        why="As agreed",
    )


def test_every_role_has_its_line() -> None:
    assert set(FITS) == set(Role)
    assert set(NAMES) == set(ScopeKind)


@pytest.mark.parametrize("kind", sorted(ScopeKind))
@pytest.mark.parametrize("role", sorted(Role))
def test_a_role_takes_only_the_scopes_that_fit_it(role: Role, kind: ScopeKind) -> None:
    told = somebody().when(example_of(role, kind))

    if kind in FITS[role]:
        told.then(RoleProposed)
    else:
        told.refused(RoleTakesAnotherScope)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.SENCO, {"academies"}),
        (Role.TRUST_SENCO, {"academies"}),
        (Role.CLASS_TEACHER, {"classes"}),
        (Role.TEACHING_ASSISTANT, {"pupils"}),
        (Role.SUPPORT_ASSISTANT, {"pupils"}),
        (Role.PROFESSIONAL, {"referral"}),
        (Role.PARENT, {"relationship"}),
        (Role.PUPIL, {"relationship"}),
        (Role.TRUST_SEND_LEADER, {"engagement"}),
        (Role.HEAD_OF_INCLUSION, {"pupils"}),
        (Role.PRINCIPAL, {"academies", "case"}),
        (Role.PHASE_LEADER, {"phase", "case"}),
        (Role.DPO, {"trust", "case"}),
        (Role.INTEGRATION, {"academies"}),
    ],
)
def test_the_table_says_what_the_design_says(role: Role, kinds: set[str]) -> None:
    """Written by hand from ``security.md``, so that a wrong table cannot pass itself."""
    assert FITS[role] == kinds


@pytest.mark.parametrize("role", sorted(Role))
def test_an_emergency_is_taken_and_never_granted(role: Role) -> None:
    assert ScopeKind.EMERGENCY not in FITS[role]


@pytest.mark.parametrize(
    "changes",
    [
        {"academies": ()},
        {"classes": ()},
        {"academies": (), "classes": ()},
        {"years": ("4",)},
        {"pupils": (AISHA,)},
    ],
)
def test_a_scope_names_what_its_kind_is_made_of_and_nothing_else(changes: dict[str, Any]) -> None:
    somebody().when(but(TEACHER, **changes)).refused(ScopeNotWhole)


def test_a_senco_of_no_academy_is_refused() -> None:
    somebody().when(but(example_of(Role.SENCO), academies=())).refused(ScopeNotWhole)


def test_the_whole_trust_is_not_named_by_academies() -> None:
    somebody().when(but(OFFICER, academies=(ALDER,))).refused(ScopeNotWhole)


@pytest.mark.parametrize("all_of_them", ["all", "ALL", "*", "Any", "all academies"])
def test_all_is_no_list(all_of_them: str) -> None:
    senco = but(example_of(Role.TRUST_SENCO), academies=(all_of_them,))
    somebody().when(senco).refused(AcademiesNotListed)
    somebody().when(but(TEACHER, classes=("4B", all_of_them))).refused(AcademiesNotListed)


def test_lists_are_bounded() -> None:
    with pytest.raises(ValueError, match="from 0 to 40"):
        but(THERAPIST, pupils=tuple(UUID(int=n) for n in range(41)))


def test_a_relationship_is_to_one_child() -> None:
    somebody().when(but(PARENT, pupils=(AISHA, LEO))).refused(OneChildOnly)


@pytest.mark.parametrize(
    "proposal",
    [
        but(PARENT, verified_how=None),
        but(PARENT, contact_id=None),
        but(example_of(Role.PUPIL), verified_how=None),
        but(example_of(Role.PUPIL), contact_id=UUID(int=51)),
        but(TEACHER, verified_how="Passport seen"),
        but(TEACHER, contact_id=UUID(int=51)),
    ],
)
def test_a_relationship_is_verified_and_nothing_else_is(proposal: ProposeRole) -> None:
    somebody().when(proposal).refused(RelationshipNotVerified)


def test_a_parent_is_a_contact_of_the_pupils() -> None:
    somebody().when(PARENT).then(RoleProposed, contact_id=UUID(int=51))


# Days


def test_the_last_day_is_not_before_the_first() -> None:
    backwards = but(TEACHER, until_on=TODAY - timedelta(days=1))
    somebody().when(backwards).refused(EndsBeforeItBegins)


def test_a_role_is_not_given_for_days_that_are_past() -> None:
    past = but(TEACHER, from_on=date(2026, 9, 1), until_on=TODAY - timedelta(days=1))
    somebody().when(past).refused(OverAlready)


def test_it_may_end_today() -> None:
    somebody().when(but(TEACHER, until_on=TODAY)).then(RoleProposed)


@pytest.mark.parametrize(
    ("role", "kind", "most"),
    [
        (Role.PROFESSIONAL, ScopeKind.REFERRAL, 90),
        (Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT, 365),
        (Role.PRINCIPAL, ScopeKind.CASE, 120),
        (Role.PHASE_LEADER, ScopeKind.CASE, 120),
    ],
)
def test_what_ends_by_itself_says_when_and_soon_enough(
    role: Role, kind: ScopeKind, most: int
) -> None:
    proposal = example_of(role, kind)

    def lasting(days: int) -> Told:
        return somebody().when(but(proposal, until_on=TODAY + timedelta(days=days)))

    lasting(most).then(RoleProposed)
    lasting(most + 1).refused(LastsTooLong)
    somebody().when(but(proposal, until_on=None)).refused(EndNotSaid)


def test_a_referral_is_counted_from_its_first_day_and_not_from_today() -> None:
    begun = but(THERAPIST, from_on=TODAY - timedelta(days=10))
    somebody().when(begun).refused(LastsTooLong)
    somebody().when(but(begun, until_on=TODAY + timedelta(days=80))).then(RoleProposed)


def test_what_was_proposed_is_judged_again_when_it_is_granted() -> None:
    waiting = proposed(but(TEACHER, until_on=TODAY + timedelta(days=3)))

    later = waiting.on(TODAY + timedelta(days=4)).by(OTHER_ADMIN)
    later.when(GrantRole(proposal_id=waiting.last_id)).refused(OverAlready)


def test_a_role_is_in_force_from_its_first_day_to_its_last() -> None:
    first, last = TODAY + timedelta(days=2), TODAY + timedelta(days=9)
    [grant] = somebody().granted(but(TEACHER, from_on=first, until_on=last)).person.grants.values()

    day = timedelta(days=1)
    in_force = [grant.in_force(each) for each in (first - day, first, last, last + day)]
    assert in_force == [False, True, True, False]


# How many


def test_a_person_has_so_many_roles_and_no_more() -> None:
    told = somebody()
    for n in range(40):
        told = told.granted(but(TEACHER, classes=(f"{n}",)))
    waiting = replace(proposed().person, grants=told.person.grants)

    told.when(TEACHER).refused(TooManyRoles)
    [proposal] = waiting.proposals
    grant = GrantRole(proposal_id=proposal)
    Told(waiting, OTHER_ADMIN).when(grant).refused(TooManyRoles)


def test_roles_that_are_over_leave_room() -> None:
    told = somebody()
    for n in range(40):
        told = told.granted(but(TEACHER, classes=(f"{n}",), until_on=TODAY))

    tomorrow = TODAY + timedelta(days=1)
    told.on(tomorrow).when(but(TEACHER, from_on=tomorrow)).then(RoleProposed)


def test_so_many_proposals_wait_and_no_more() -> None:
    told = somebody()
    for _ in range(20):
        told = told.given(TEACHER)

    told.when(TEACHER).refused(TooManyProposals)


# Endings


def test_a_role_is_ended() -> None:
    granted = somebody().granted(TEACHER)

    ended = granted.when(EndRole(grant_id=granted.last_id, why="Moved to 5A")).then(
        RoleEnded, grant_id=granted.last_id
    )

    assert ended.person.grants == {}
    ended.when(EndRole(grant_id=granted.last_id, why="Again")).refused(NoSuchGrant)


def test_a_role_whose_last_day_is_past_needs_no_end() -> None:
    granted = somebody().granted(but(TEACHER, until_on=TODAY))

    later = granted.on(TODAY + timedelta(days=1))
    later.when(EndRole(grant_id=granted.last_id, why="Over")).refused(RoleIsOver)


def test_a_role_is_ended_within_the_reach_of_whoever_ends_it() -> None:
    granted = somebody().granted(but(TEACHER, academies=(BIRCH,)))

    command = EndRole(grant_id=granted.last_id, why="Over")
    granted.by(HEAD, AT_ALDER).when(command).refused(OutOfReach)


def test_who_leaves_has_no_role_left_and_none_waiting() -> None:
    told = somebody().granted(TEACHER).granted(THERAPIST).by(ADMIN).given(TEACHER)
    waiting = told.last_id

    left = told.by(FEED).when(RecordPersonLeft(left_on=TODAY)).then(PersonLeft, person_id=TARIQ)

    assert (left.person.grants, left.person.proposals) == ({}, {})
    assert left.person.left_on == TODAY
    left.by(OTHER_ADMIN).when(GrantRole(proposal_id=waiting)).refused(NoSuchProposal)
    left.by(FEED).when(RecordPersonLeft(left_on=TODAY)).refused(HasLeft)


def test_who_comes_back_is_given_a_role_anew() -> None:
    left = somebody().granted(TEACHER).by(FEED).given(RecordPersonLeft(left_on=TODAY))

    back = left.granted(TEACHER)

    assert back.person.left_on is None
    back.by(FEED).when(RecordPersonLeft(left_on=TODAY)).then(PersonLeft)


def test_who_left_and_is_proposed_again_can_leave_again() -> None:
    left = somebody().granted(TEACHER).by(FEED).given(RecordPersonLeft(left_on=TODAY))

    again = left.by(ADMIN).given(TEACHER).by(FEED)

    again.when(RecordPersonLeft(left_on=TODAY)).then(PersonLeft)


def test_that_somebody_left_is_recorded_on_the_day_or_after() -> None:
    told = somebody().granted(TEACHER).by(FEED)

    told.when(RecordPersonLeft(left_on=TODAY + timedelta(days=1))).refused(NotYetHappened)
    yesterday = TODAY - timedelta(days=1)
    told.when(RecordPersonLeft(left_on=yesterday)).then(PersonLeft, occurred_on=yesterday)


def test_somebody_unknown_cannot_leave() -> None:
    somebody().by(FEED).when(RecordPersonLeft(left_on=TODAY)).refused(NobodyOfThatId)


def test_a_principal_does_not_record_that_somebody_of_another_academy_left() -> None:
    told = somebody().granted(TEACHER).granted(but(TEACHER, academies=(BIRCH,)))

    told.by(HEAD, AT_ALDER).when(RecordPersonLeft(left_on=TODAY)).refused(OutOfReach)


# Cases


def test_the_data_protection_officer_opens_a_case_and_closes_it() -> None:
    opened = (
        an_officer()
        .when(CASE)
        .then(CaseOpened, person_id=DPO.id, pupil_id=AISHA, until_on=CASE.until_on)
    )
    grant = opened.person.grants[opened.last_id]
    assert (grant.scope.kind, grant.scope.pupils) == (ScopeKind.CASE, (AISHA,))
    assert grant.in_force(TODAY)

    closed = opened.when(CloseCase(grant_id=opened.last_id, why="Answered")).then(
        CaseClosed, grant_id=opened.last_id
    )

    assert opened.last_id not in closed.person.grants


def test_a_case_is_ones_own() -> None:
    opened = an_officer().given(CASE)
    other = DPO.model_copy(update={"id": UUID(int=77)})

    an_officer().by(other).when(CASE).refused(CaseIsOnesOwn)
    close = CloseCase(grant_id=opened.last_id, why="Answered")
    opened.by(other).when(close).refused(CaseIsOnesOwn)


def test_a_case_is_opened_by_who_is_officer_of_the_trust_on_that_day() -> None:
    somebody(DPO.id).by(DPO).when(CASE).refused(NotTheOfficer)

    later = but(OFFICER, from_on=TODAY + timedelta(days=1))
    somebody(DPO.id).granted(later).by(DPO).when(CASE).refused(NotTheOfficer)


def test_a_case_lasts_120_days_at_most_and_ends_no_later_than_the_role() -> None:
    officer = an_officer()

    def until(days: int) -> OpenCase:
        return but(CASE, until_on=TODAY + timedelta(days=days))

    officer.when(until(120)).then(CaseOpened)
    officer.when(until(121)).refused(LastsTooLong)
    officer.when(until(-1)).refused(EndsBeforeItBegins)
    ending = but(OFFICER, until_on=TODAY + timedelta(days=30))
    short = somebody(DPO.id).granted(ending).by(DPO)
    short.when(until(30)).then(CaseOpened)
    short.when(until(31)).refused(LastsTooLong)


def test_cases_count_among_a_persons_roles() -> None:
    told = an_officer()
    for _ in range(39):
        told = told.given(CASE)

    told.when(CASE).refused(TooManyRoles)


def test_nobody_else_closes_an_officers_case_and_the_officer_ends_no_role_by_closing() -> None:
    opened = an_officer().given(CASE)
    [role] = opened.person.acting_as(Role.DPO, ScopeKind.TRUST, TODAY)

    end = EndRole(grant_id=opened.last_id, why="Enough")
    opened.by(ADMIN).when(end).refused(CaseIsTheOfficers)
    opened.when(CloseCase(grant_id=role.id, why="Enough")).refused(NotACase)


def test_with_the_officers_role_end_their_cases() -> None:
    opened = an_officer().given(CASE)
    [role] = opened.person.acting_as(Role.DPO, ScopeKind.TRUST, TODAY)

    ended = (
        opened.by(ADMIN)
        .when(EndRole(grant_id=role.id, why="Somebody else is appointed"))
        .then(RoleEnded, CaseClosed)
    )

    assert ended.person.grants == {}


def test_another_role_of_the_officers_may_end_while_their_cases_go_on() -> None:
    opened = an_officer().granted(example_of(Role.AUDITOR))
    auditor = opened.last_id
    opened = opened.given(CASE)

    opened.by(ADMIN).when(EndRole(grant_id=auditor, why="Over")).then(RoleEnded)


# The first roles


def a_first(role: Role = Role.ADMINISTRATOR) -> BootstrapRole:
    return BootstrapRole(**dict(example_of(role)))


def test_the_operator_gives_the_first_role() -> None:
    told = somebody().given(a_first())

    [grant] = told.person.grants.values()
    assert grant.role is Role.ADMINISTRATOR


def test_nobody_but_the_operator_gives_one_alone() -> None:
    somebody().when(a_first()).refused(NotTheOperator)
    assert BootstrapRole.roles == frozenset()


# The stream


def test_a_persons_stream_is_no_pupils() -> None:
    assert stream_of(TARIQ) not in (TARIQ, stream_of(DPO.id))
    assert stream_of(TARIQ) == UUID("c0854307-dc90-552e-99e0-ab29e15ba4e5"), "the log is full of it"


def test_what_is_recorded_of_a_person_is_no_fact_about_a_pupil() -> None:
    [event] = TEACHER.decide(Person(TARIQ), somebody().asked(uuid4()))
    [pupil, _] = ADMIT.decide(by())

    for before in (None, pupil.mutate(None)):
        with pytest.raises(NotFound, match=r"^No pupil has that id\.$"):
            event.mutate(before)


def test_an_event_follows_the_one_before_it_in_its_own_stream() -> None:
    [event] = TEACHER.decide(Person(TARIQ), somebody().asked(uuid4()))

    with pytest.raises(OriginatorIDError):
        event.follow(Person(DPO.id))
    with pytest.raises(OriginatorVersionError):
        event.follow(event.follow(Person(TARIQ)))


# Whatever is asked, in whatever order

PEOPLE = [UUID(int=n) for n in range(1, 5)]
WHO = st.sampled_from(PEOPLE)
ACTING = st.sampled_from(sorted(GRANTERS | {Role.INTEGRATION}))
PROPOSALS = st.sampled_from([TEACHER, THERAPIST, PARENT, OFFICER, example_of(Role.ADMINISTRATOR)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["propose", "grant", "refuse", "end", "leave", "open", "close"]),
        WHO,
        WHO,
        ACTING,
        PROPOSALS,
        st.integers(0, 5),
    ),
    max_size=30,
)


def a_command(what: str, person: Person, proposal: ProposeRole, choice: int) -> PersonCommand:
    def one_of(ids: Sequence[UUID]) -> UUID:
        return ids[choice % len(ids)] if ids else NOBODY

    waiting, held = one_of(list(person.proposals)), one_of(list(person.grants))
    return {
        "propose": proposal,
        "grant": GrantRole(proposal_id=waiting),
        "refuse": RefuseRole(proposal_id=waiting, why="No"),
        "end": EndRole(grant_id=held, why="Over"),
        "leave": RecordPersonLeft(left_on=TODAY),
        "open": CASE,
        "close": CloseCase(grant_id=held, why="Over"),
    }[what]


@settings(max_examples=300)
@given(STEPS)
def test_two_other_people_stand_behind_every_role_whatever_is_asked(
    steps: list[tuple[str, UUID, UUID, Role, ProposeRole, int]],
) -> None:
    """Planted, one at a time: without ``ProposerDoesNotGrant``, or without either
    ``NobodyGrantsToThemself``, this fails."""
    people = {person_id: Person(person_id) for person_id in PEOPLE}
    proposers: dict[UUID, UUID] = {}
    behind: dict[UUID, set[UUID]] = {}
    for what, whose, who, role, proposal, choice in steps:
        person = people[whose]
        actor = Actor(id=who, name="Somebody", role=role)
        command = a_command(what, person, proposal, choice)
        told = Told(person, actor)
        if role not in command.roles:
            continue
        try:
            events = command.decide(person, told.asked(uuid4()))
        except SendRecordsError:
            continue
        people[whose] = told.after(events).person
        for event in events:
            if isinstance(event, RoleProposed):
                proposers[event.proposal_id] = who
            if isinstance(event, RoleGranted):
                assert event.proposal_id is not None
                behind[event.grant_id] = {proposers[event.proposal_id], who}

    for person in people.values():
        for grant in person.grants.values():
            if grant.opened:
                assert person.acting_as(Role.DPO, ScopeKind.TRUST, TODAY)
            else:
                assert len(behind[grant.id] - {person.id}) == 2
