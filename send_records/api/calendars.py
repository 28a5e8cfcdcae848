"""Calendars of duties: a feed for a calendar program, which cannot sign in, and names nobody."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import Depends, Path, Response
from fastapi import Request as HttpRequest
from icalendar import Calendar, Event

from send_records.aggregates.values import Name, Role, Value
from send_records.api.accounting import AccessClass, Accounting
from send_records.api.callers import address_of
from send_records.api.dependencies import CurrentSystem, ReadSide, Records
from send_records.api.recording import router_for
from send_records.authority.authorize import Over, Verb, authorize
from send_records.bootstrap import System
from send_records.errors import NotFound, NotPermitted
from send_records.identity import Caller, CallerKind
from send_records.projections.duties import Due, Duties, due_between
from send_records.store.access import AccessPurpose, Act, Tier
from send_records.store.feeds import Feed, Feeds
from send_records.threads import threaded
from send_records.watch import Queue

router = router_for("calendars")

BACK, AHEAD = timedelta(days=366), timedelta(days=400)
"""How far a calendar reaches from today: what is overdue for a year, and what is due within one."""

CalendarAccess = Annotated[Accounting, Depends(AccessClass(Act.EXPORT, Tier.PROVISION))]
"""Whoever sees the duties may have a calendar of them."""


class MakeCalendar(Value):
    """Which duties a calendar is to show: of one academy, on one role's list, or all."""

    academy: Name | None = None
    role: Role | None = None


class CalendarOf(Value):
    """A calendar: what it shows, and since when.  Its address is told once, when it is made."""

    feed_id: UUID
    made_by: UUID
    academy: str | None
    role: str | None
    made_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, feed: Feed) -> CalendarOf:
        return cls(
            feed_id=feed.feed_id,
            made_by=feed.made_by,
            academy=feed.academy,
            role=feed.role,
            made_at=feed.made_at,
            ended_at=feed.ended_at,
        )


class CalendarMade(Value):
    """A new calendar, and its address: a secret, for whoever has it reads the calendar."""

    calendar: CalendarOf
    path: str


class Calendars(Value):
    """Calendars, the newest first."""

    data: list[CalendarOf]


class FeedAccess(AccessClass):
    """The access of a calendar program: in the log as whoever made the calendar, and for as long as
    they may see the duties themselves."""

    def __call__(  # type: ignore[override]
        self,
        http: HttpRequest,
        system: CurrentSystem,
        token: Annotated[str, Path(max_length=100, description="The secret of the address")],
    ) -> Accounting:
        try:
            feed, actor = Feeds(system.views.pool, system.views.seals).read_by(token)
            maker = Caller(actor.id, actor.name, CallerKind.SERVICE, None)
            duties = Verb("get_duties", Over.LIST, Act.READ, Tier.PROVISION)
            permit = authorize(maker, duties, system.standings.of(actor.id), None, time.time())
        except (NotFound, NotPermitted):
            system.watch.require_turn_to_fail(address_of(http))
            raise NotFound("There is no such calendar, or it was ended.") from None
        system.watch.require_turn(actor.id, Queue.SERVICE)
        http.state.feed, http.state.views = (
            feed,
            system.views.within(permit.scope, permit.showing.rows),
        )
        return Accounting(
            *(http, system.access, system.watch, permit.actor, self.act, self.tier),
            AccessPurpose.SUPPORT,
        )


@router.post(
    "/duties/calendar", status_code=201, operation_id="make_calendar", response_model=CalendarMade
)
@threaded
def make_calendar(wanted: MakeCalendar, views: ReadSide, access: CalendarAccess) -> CalendarMade:
    """Make a calendar of duties to subscribe to.  It names nobody; whoever has its address can read
    it until it is ended, and its address is not told again."""
    feed, secret = Feeds(views.pool, views.seals).make(access.actor, wanted.academy, wanted.role)
    path = f"/v1/duties/calendar/{secret}.ics"
    return access.given([], CalendarMade(calendar=CalendarOf.of(feed), path=path))


@router.get("/duties/calendar", operation_id="get_calendars", response_model=Calendars)
@threaded
def get_calendars(views: ReadSide, access: CalendarAccess) -> Calendars:
    """Return the calendars that you made or, to the DPO, all; the newest first, without their
    addresses."""
    feeds = Feeds(views.pool, views.seals).seen_by(access.actor)
    return access.given([], Calendars(data=[CalendarOf.of(feed) for feed in feeds]))


@router.delete("/duties/calendar/{feed_id}", status_code=204, operation_id="end_calendar")
@threaded
def end_calendar(feed_id: UUID, views: ReadSide, access: CalendarAccess) -> Response:
    """End a calendar of yours, or as the DPO anybody's: its address then leads nowhere."""
    Feeds(views.pool, views.seals).end(feed_id, access.actor)
    return access.given([], Response(status_code=204))


@router.get(
    "/duties/calendar/{token}.ics",
    operation_id="get_calendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}}},
)
@threaded
def get_calendar(
    http: HttpRequest,
    system: CurrentSystem,
    records: Records,
    access: Annotated[Accounting, Depends(FeedAccess(Act.EXPORT, Tier.AGGREGATES))],
) -> Response:
    """Return a calendar of duties, each with how many are due of its kind, where and when."""
    feed: Feed = http.state.feed
    today = records.today()
    with http.state.views.connection() as connection:
        dues = due_between(
            connection, today, today - BACK, today + AHEAD, academy=feed.academy, role=feed.role
        )
    dues = [due for due in dues if http.state.views.shows(Duties, due)]
    body = _calendar(system, dues, today).to_ical()
    return access.given([], Response(body, media_type="text/calendar; charset=utf-8"))


def _calendar(system: System, dues: list[Due], today: date) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//SEND Records//Duties//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "SEND duties")
    made = datetime.now(UTC)
    for due in dues:
        calendar.add_component(_event(system.views.seals.trust, due, today, made))
    return calendar


def _event(trust: str, due: Due, today: date, made: datetime) -> Event:
    """Return a day in the calendar: the same one each time, as long as anything of its kind is due
    at that academy on that day."""
    event = Event()
    place = f"https://{trust}/duties/{due.academy}/{due.clock}/{due.due_on}"
    event.add("uid", f"{uuid5(NAMESPACE_URL, place)}@{trust}")
    event.add("dtstamp", made)
    event.add("dtstart", due.due_on)
    event.add("dtend", due.due_on + timedelta(days=1))
    several = f" ({due.number})" if due.number > 1 else ""
    overdue = "Overdue: " if due.due_on < today else ""
    event.add("summary", f"{overdue}{due.what}{several}")
    event.add("location", due.academy)
    event.add("transp", "TRANSPARENT")
    event.add("description", f"{due.citation}. For whom is in SEND Records, after signing in.")
    return event
