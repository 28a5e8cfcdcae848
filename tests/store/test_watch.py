"""The watch over the access log: what it counts, over restarts and other processes; and the DPO's
list, each kind of finding by what makes it, and by what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.rules.watch import watch_rules
from send_records.store.access import (
    Access,
    AccessNotRecorded,
    AccessPurpose,
    Act,
    Tier,
    append_access,
)
from send_records.store.connections import in_schema, one, pool
from send_records.store.data_directory import SUPERUSER
from send_records.store.watching import Anomaly, Ordinary, ToldSince, Watching
from send_records.watch import TooManyExports, TooManyPupils, Watch
from send_records.watch.quotas import Counted, Quotas, Wanted
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import SENCO

MONDAY = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
ORDINARY = Ordinary(
    opened=3,
    listed=6,
    refused=4,
    opens=time(6, 30),
    closes=time(19, 30),
    weekdays=(1, 2, 3, 4, 5),
    exempt=("parent", "integration"),
)
TEACHER = Actor(id=uuid4(), name="Grace Holloway", role=Role.CLASS_TEACHER, academy="Alder Park")


def pupils(number: int) -> list[UUID]:
    return [uuid4() for _ in range(number)]


@dataclass
class Desk:
    """An access log, and a hand that puts its rows at the time they are to be of."""

    app: Connection
    superuser: Connection
    log: Watching
    actor: Actor = TEACHER
    enrolled: dict[UUID, int] = field(default_factory=dict)

    def append(self, told: Sequence[UUID], at: datetime | float = MONDAY, **more: Any) -> None:
        """Append a row of an instant, or of some seconds ago."""
        access = Access(
            actor=more.pop("actor", self.actor),
            request_id=uuid4(),
            act=Act.READ,
            what="get_pupil",
            tier=Tier.PROVISION,
            purpose=AccessPurpose.SUPPORT,
            pupils=list(told),
        )
        position = append_access(self.app, held().seals, replace(access, **more))
        if not isinstance(at, datetime):
            at = datetime.now(UTC) - timedelta(seconds=at)
        self.superuser.execute(
            "UPDATE access_log SET recorded_at = %s WHERE position = %s", [at, position]
        )

    def refused(self, told: Sequence[UUID] = (), at: datetime = MONDAY, **more: Any) -> None:
        self.append(told, at, **{"act": Act.REFUSAL, "outcome": "NotFound"} | more)

    def happened(self, pupil: UUID, topic: str, at: datetime, **clear: str | int) -> None:
        """Put an event in the log, of which only what is in clear counts here."""
        version = self.enrolled[pupil] = self.enrolled.get(pupil, 0) + 1
        pairs = [each for pair in clear.items() for each in pair]
        self.superuser.execute(
            "INSERT INTO events SELECT coalesce(max(position), 0) + 1, %s, %s, %s, 1::smallint, "
            "%s, %s, gen_random_uuid(), sha256(''), json_object(%s::text[]), '', sha256('') "
            "FROM events",
            [pupil, version, topic, at, self.actor.id, [str(each) for each in pairs]],
        )

    def admitted(self, academy: str, at: datetime = MONDAY - timedelta(days=90)) -> UUID:
        pupil = uuid4()
        self.happened(pupil, "PupilAdmitted", at, academy=academy)
        return pupil

    def found(self, **more: Any) -> list[Anomaly]:
        begins, ends = MONDAY - timedelta(days=30), MONDAY + timedelta(days=30)
        return self.log.anomalies(begins, ends, ORDINARY, **{"skip": 0, "limit": 200} | more)

    def kinds(self) -> list[str]:
        return [each.kind for each in self.found()]


@pytest.fixture(scope="module")
def office(cluster: Cluster) -> Iterator[Desk]:
    with new_database(cluster) as found:
        name = str(conninfo_to_dict(found.app)["dbname"])
        above = in_schema(cluster.server.conninfo(SUPERUSER, name), found.roles.schema, "superuser")
        with (
            one(found.app) as app,
            one(above) as superuser,
            pool(found.app) as connections,
        ):
            superuser.execute("ALTER TABLE access_log DISABLE TRIGGER ALL")
            superuser.execute("ALTER TABLE events DISABLE TRIGGER ALL")
            yield Desk(app, superuser, Watching(connections, held().seals))


@pytest.fixture
def desk(office: Desk) -> Desk:
    """An empty log, at a desk of the test's own."""
    office.superuser.execute("TRUNCATE access_log, events CASCADE")
    office.superuser.execute("UPDATE access_head SET size = 0, recorded_at = 'epoch'")
    return replace(office, enrolled={})


# What is counted


class Clock:
    """A monotonic clock that can be put forward."""

    now = 50_000.0

    def __call__(self) -> float:
        return self.now


def opened(keys: Sequence[UUID], most: int = 3) -> list[Wanted]:
    return [Wanted(Counted.OPENED, keys, most)]


def take_one_by_one(quotas: Quotas, told: Sequence[UUID], most: int = 3) -> list[bool]:
    return [quotas.take(TEACHER.id, opened([pupil], most)) is None for pupil in told]


def test_what_was_told_before_a_restart_counts(desk: Desk) -> None:
    known = pupils(3)
    for pupil in known:
        desk.append([pupil], 1800.0)
    quotas = Quotas(desk.log)

    over = quotas.take(TEACHER.id, opened(pupils(1)))
    assert over is not None
    assert 1700 < over[1] <= 1801
    assert take_one_by_one(quotas, [*known, *pupils(1)]) == [True, True, True, False]
    assert quotas.take(SENCO.id, opened(pupils(1))) is None


def test_what_is_over_an_hour_ago_is_forgotten(desk: Desk) -> None:
    for pupil in pupils(3):
        desk.append([pupil], 3605.0)

    assert take_one_by_one(Quotas(desk.log), pupils(4)) == [True, True, True, False]


def test_what_another_process_tells_is_counted(desk: Desk) -> None:
    clock = Clock()
    here = Quotas(desk.log, clock)
    assert take_one_by_one(here, pupils(1), 20) == [True]
    for pupil in pupils(19):
        desk.append([pupil], 0.0)
    clock.now += 2.1

    assert take_one_by_one(here, pupils(1), 20) == [False]


def test_the_log_is_looked_at_again_before_much_is_told(desk: Desk) -> None:
    """The clock stands: what another process tells is seen because this one tells of many."""
    here = Quotas(desk.log, Clock())
    assert take_one_by_one(here, pupils(1), 100) == [True]
    for pupil in pupils(95):
        desk.append([pupil], 0.0)

    assert take_one_by_one(here, pupils(30), 100).count(True) <= 10


class Noting(Watching):
    """Notes after which position it is asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.log._pool, held().seals)
        self.afters: list[int] = []

    def told(self, *, after: int) -> ToldSince:
        self.afters.append(after)
        return super().told(after=after)


def test_the_log_is_read_on_from_where_it_was_and_no_oftener_than_it_must_be(desk: Desk) -> None:
    desk.append(pupils(1), 0.0)
    noting = Noting(desk)
    here = Quotas(noting, Clock())

    assert take_one_by_one(here, pupils(44), 100) == [True] * 44
    assert noting.afters == [0, 1, 1, 1, 1]


class NeverAgain(Watching):
    """A planted defect: reads the log once, as if nobody else wrote in it."""

    seen: ToldSince | None = None

    def told(self, *, after: int) -> ToldSince:
        self.seen = self.seen or super().told(after=after)
        return self.seen


def test_a_count_that_knows_only_this_process_would_be_found(desk: Desk) -> None:
    clock = Clock()
    here = Quotas(NeverAgain(desk.log._pool, held().seals), clock)
    assert take_one_by_one(here, pupils(1)) == [True]
    for pupil in pupils(2):
        desk.append([pupil], 0.0)
    clock.now += 2.1

    assert take_one_by_one(here, pupils(1)) == [True]


def test_two_processes_by_turns_go_over_by_no_more_than_the_slack(desk: Desk) -> None:
    clock = Clock()
    each = [Quotas(desk.log, clock), Quotas(desk.log, clock)]
    told = 0
    for number in range(300):
        [pupil] = pupils(1)
        if each[number // 7 % 2].take(TEACHER.id, opened([pupil], 100)) is None:
            told += 1
            desk.append([pupil], 0.0)

    assert 100 <= told <= 110


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ({"act": Act.READ}, True),
        ({"act": Act.SEARCH}, True),
        ({"act": Act.EXPORT}, True),
        ({"act": Act.PROOF}, True),
        ({"act": Act.KEYS}, False),
        ({"act": Act.REFUSAL, "outcome": "NotFound"}, False),
        ({"act": Act.REFUSAL, "outcome": "TooManyPupils"}, False),
    ],
    ids=lambda row: "-".join(row.values()) if isinstance(row, dict) else str(row),
)
def test_what_was_refused_was_not_told(desk: Desk, row: dict[str, Any], counts: bool) -> None:
    for pupil in pupils(3):
        desk.append([pupil], 1.0, **row)

    assert take_one_by_one(Quotas(desk.log), pupils(1)) == [not counts]


def test_an_answer_about_several_lists_and_about_one_opens(desk: Desk) -> None:
    several, single = pupils(5), pupils(1)
    desk.append(several, 5.0)
    desk.append(several, 4.0)
    desk.append(single, 3.0, act=Act.EXPORT)
    desk.append([], 2.0)

    told = desk.log.told(after=0)

    assert told.upto == 4
    assert sorted(each.kind for each in told.rows) == ["exported", *["listed"] * 5, "opened"]
    assert {each.key for each in told.rows if each.kind == "opened"} == {*single}
    assert all(2 < each.seconds_ago < 60 for each in told.rows)
    assert desk.log.told(after=4) == ToldSince(4, [])
    assert len(desk.log.told(after=2).rows) == 2


def test_an_export_counts_for_a_day_and_a_pupil_for_an_hour(desk: Desk) -> None:
    desk.append(pupils(1), 86_410.0, act=Act.EXPORT)
    desk.append(pupils(1), 3660.0, act=Act.EXPORT)

    assert [each.kind for each in desk.log.told(after=0).rows] == ["exported"]


def quotas_of_a_teacher(desk: Desk) -> Watch:
    return Watch(desk.log, watch_rules())


def test_a_teacher_opens_two_classes_within_the_hour_and_no_third_one(desk: Desk) -> None:
    watch = quotas_of_a_teacher(desk)
    for pupil in pupils(60):
        watch.require_quota(TEACHER, [pupil], Act.READ, uuid4())

    with pytest.raises(TooManyPupils) as refused:
        watch.require_quota(TEACHER, pupils(1), Act.READ, uuid4())
    assert 0 < refused.value.retry_after <= 3601
    watch.require_quota(TEACHER, pupils(200), Act.READ, uuid4())  # in a list


def test_exports_have_a_quota_for_the_day(desk: Desk) -> None:
    watch = quotas_of_a_teacher(desk)
    for _ in range(2):
        watch.require_quota(TEACHER, pupils(1), Act.EXPORT, uuid4())

    with pytest.raises(TooManyExports):
        watch.require_quota(TEACHER, pupils(1), Act.EXPORT, uuid4())
    watch.require_quota(TEACHER, [], Act.EXPORT, uuid4())  # a calendar, which names nobody


def test_where_the_log_cannot_be_read_nobody_is_told_anything(desk: Desk) -> None:
    with pool(str(desk.log._pool.conninfo)) as closed:
        watch = Watch(Watching(closed, held().seals), watch_rules())

    with pytest.raises(AccessNotRecorded):
        watch.require_quota(TEACHER, pupils(1), Act.READ, uuid4())


# What is out of the ordinary


def hours(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


def test_an_ordinary_morning_is_not_told(desk: Desk) -> None:
    desk.append(pupils(6), hours(0), what="get_register")
    for pupil in [desk.admitted("Alder Park") for _ in range(3)]:
        desk.append([pupil], hours(0.1))
    for number in range(4):
        desk.refused(pupils(1), hours(number / 10))
    desk.refused([], hours(0.3), outcome="NeedAlreadyIdentified")

    assert desk.kinds() == []


def test_more_pupils_than_the_threshold_within_an_hour_of_the_clock(desk: Desk) -> None:
    for number, pupil in enumerate(pupils(4)):
        desk.append([pupil], hours(number / 60), what="get_pupil" if number else "get_history")
        desk.append([pupil], hours(number / 60 + 0.01))
    desk.append(pupils(4), hours(2), what="get_register")
    desk.append(pupils(3), hours(2.1), what="get_register")

    opening, listing = desk.found()
    assert opening == Anomaly(
        kind="bulk_opening",
        actor_id=TEACHER.id,
        name="Grace Holloway",
        role="class_teacher",
        academy="Alder Park",
        from_at=hours(0),
        until_at=hours(3 / 60 + 0.01),
        pupils=4,
        times=8,
        what=["get_history", "get_pupil"],
    )
    assert (listing.kind, listing.pupils, listing.times) == ("bulk_listing", 7, 2)


def test_the_same_pupils_over_and_over_are_no_bulk(desk: Desk) -> None:
    few = pupils(3)
    for number in range(20):
        desk.append([few[number % 3]], hours(number / 60))

    assert desk.kinds() == []


@pytest.mark.parametrize(
    ("at", "late"),
    [
        (datetime(2026, 11, 23, 6, 29, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 19, 29, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 19, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 28, 11, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 1, 2, 0, tzinfo=UTC), True),
    ],
    ids=["early", "opening", "closing", "evening", "a Saturday", "at night"],
)
def test_nights_and_weekends(desk: Desk, at: datetime, late: bool) -> None:
    desk.append(pupils(1), at)

    assert desk.kinds() == (["out_of_hours"] if late else [])


def test_hours_are_those_of_london_in_summer_too(desk: Desk) -> None:
    summer = datetime(2026, 7, 6, 5, 45, tzinfo=UTC)  # 06:45 in London
    desk.append(pupils(1), summer)
    desk.append(pupils(1), summer + timedelta(hours=13))  # 19:45

    [found] = desk.log.anomalies(
        summer - timedelta(days=1), summer + timedelta(days=1), ORDINARY, skip=0, limit=9
    )
    assert found.from_at == summer + timedelta(hours=13)


def test_a_night_is_one_finding_of_the_day_it_began(desk: Desk) -> None:
    for at in (11, 14.5, 20.9):  # 20:15, 23:45 and, on Tuesday, 06:09
        desk.append(pupils(1), hours(at))
    desk.append(pupils(1), hours(35))  # the next night

    assert [(each.kind, each.pupils) for each in desk.found()] == [
        ("out_of_hours", 3),
        ("out_of_hours", 1),
    ]


def test_a_parent_may_read_in_the_evening(desk: Desk) -> None:
    parent = TEACHER.model_copy(update={"role": Role.PARENT, "academy": None})
    desk.append(pupils(1), hours(11), actor=parent)

    assert desk.kinds() == []


def test_pupils_of_another_academy_read_or_refused(desk: Desk) -> None:
    theirs, own = desk.admitted("Birch Lane"), desk.admitted("Alder Park")
    desk.append([own, theirs], hours(0), what="get_duties")
    desk.refused([theirs], hours(1))
    desk.append([own], hours(2))

    [found] = desk.found()
    assert (found.kind, found.pupils, found.times) == ("other_academies", 1, 2)
    assert found.what == ["get_duties", "get_pupil"]


def test_a_pupil_is_where_they_were_at_the_time(desk: Desk) -> None:
    pupil = desk.admitted("Birch Lane")
    desk.happened(pupil, "PupilMovedAcademy", hours(2), to_academy="Alder Park")
    desk.append([pupil], hours(1))
    desk.append([pupil], hours(3))
    desk.append([pupil], hours(4))

    [found] = desk.found()
    assert (found.kind, found.times, found.until_at) == ("other_academies", 1, hours(1))


def test_whoever_is_of_no_academy_is_in_none_but_their_own(desk: Desk) -> None:
    trust = TEACHER.model_copy(update={"role": Role.HEAD_OF_INCLUSION, "academy": None})
    desk.append([desk.admitted("Birch Lane")], actor=trust)

    assert desk.kinds() == []


def test_many_refusals_within_an_hour_are_probing(desk: Desk) -> None:
    for number in range(5):
        outcome = ("NotFound", "NotPermitted", "TooManyPupils")[number % 3]
        desk.refused(pupils(1), hours(number / 60), outcome=outcome)

    [found] = desk.found()
    assert (found.kind, found.times, found.pupils) == ("probing", 5, 5)


def test_exports_are_told_each_day(desk: Desk) -> None:
    for at in (0, 1, 24):
        desk.append(pupils(1), hours(at), act=Act.EXPORT, what="get_extract")
    desk.append([], hours(2), act=Act.EXPORT, what="get_calendar")

    assert [(each.kind, each.times) for each in desk.found()] == [("export", 2), ("export", 1)]


def test_emergency_access_is_told_with_the_name_if_it_is_known(desk: Desk) -> None:
    desk.happened(uuid4(), "EmergencyAccessTaken", hours(0), role="class_teacher", minutes=60)
    assert [(each.kind, each.name) for each in desk.found()] == [("emergency", None)]

    desk.append(pupils(1), hours(0.1))

    [found] = desk.found()
    assert (found.kind, found.name, found.role) == ("emergency", TEACHER.name, "class_teacher")
    assert (found.pupils, found.what) == (1, ["break_glass"])


def test_what_was_done_with_keys_is_not_among_them(desk: Desk) -> None:
    desk.append(pupils(1), hours(12), act=Act.KEYS, what="destroy_key")

    assert desk.kinds() == []


def test_findings_are_told_in_order_and_page_by_page(desk: Desk) -> None:
    people = [TEACHER.model_copy(update={"id": uuid4()}) for _ in range(3)]
    for number in range(9):
        desk.append(pupils(1), hours(11 + 24 * (number // 3)), actor=people[number % 3])

    whole = desk.found()
    pages = [desk.found(skip=skip, limit=2) for skip in range(0, 10, 2)]

    assert len(whole) == 9
    assert [each for page in pages for each in page] == whole
    assert [each.from_at for each in whole] == sorted(each.from_at for each in whole)


def test_a_span_ends_before_its_end(desk: Desk) -> None:
    for at in (11, 12, 13):
        desk.append(pupils(1), hours(at))

    [found] = desk.log.anomalies(hours(12), hours(13), ORDINARY, skip=0, limit=9)
    assert found.times == 1


# Who has read of a pupil


def test_readers_are_told_by_day_and_kind_and_refusals_are_not(desk: Desk) -> None:
    [pupil] = pupils(1)
    desk.append([pupil], hours(0))
    desk.append([pupil, *pupils(2)], hours(1), tier=Tier.DIRECTORY)
    desk.append([pupil], hours(2))
    desk.append(pupils(1), hours(3))
    desk.refused([pupil], hours(4))
    desk.append([pupil], hours(5), act=Act.KEYS)
    desk.append([pupil], hours(15), actor=SENCO)  # after midnight

    found = desk.log.readings(pupil, skip=0, limit=10)

    assert [(each.name, each.tier, each.times) for each in found] == [
        (TEACHER.name, "T2", 2),
        (TEACHER.name, "T1", 1),
        (SENCO.name, "T2", 1),
    ]
    assert (found[2].day - found[0].day).days == 1
    assert desk.log.readings(pupil, skip=1, limit=1) == found[1:2]


# Who may


@pytest.mark.parametrize("role", ["send_records_projector", "send_records_notary"])
@pytest.mark.parametrize(
    "call",
    [
        "SELECT * FROM watch_told(0)",
        "SELECT * FROM watch_anomalies(now(), now(), 1, 1, 1, '{}', '06:30', '19:30', '{}', '{}', "
        "0, 1)",
    ],
    ids=["told", "anomalies"],
)
def test_only_the_application_may_ask(desk: Desk, role: str, call: str) -> None:
    desk.superuser.execute(f"SET ROLE {role}".encode())
    try:
        with pytest.raises(errors.InsufficientPrivilege):
            desk.superuser.execute(call.encode())
    finally:
        desk.superuser.execute("RESET ROLE")
    desk.app.execute(call.encode())
