"""The watch: nobody is let to ask for, or told, more than anybody's work needs.

Three limits, all with ``429`` and when to ask again:

* turns: requests of one caller, by person or service; of whoever is not signed in, by address.
  Who can show who they are never pays for the failures of others behind the same address.
* pupils told of within an hour, by person, and exports within a day: ``quotas.py``.  An answer
  about one pupil *opens* that pupil; one about several *lists* them; the row in the access log says
  which, by how many it names.  Lists have a quota of their own: a SENDCo's Monday is her academy's
  400 pupils in the register, the duties and the provision map, over and over, which is 400 pupils
  listed and none opened.  A stolen token that walks through the records one by one is stopped at
  120; one that turns the pages of every list of the trust, at 1,000.
* both are rows of ``rules/watch.toml``, by role, each with its reason.

What was let through all the same, and is out of the ordinary, is in the DPO's list: see
``store/watching.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import ClassVar
from uuid import UUID

from send_records.aggregates.base import Actor
from send_records.aggregates.values import day_in_london
from send_records.errors import TooMany
from send_records.rules.watch import WatchRules
from send_records.store.access import Act
from send_records.store.watching import Watching
from send_records.watch.quotas import Counted, Quotas, Wanted
from send_records.watch.turns import Turn, Turns


class Queue(StrEnum):
    """Where somebody stands who asks: each queue has its own rate."""

    PERSON = "person"
    SERVICE = "service"
    FAILED = "failed"
    """Nobody known: no token, or none that can be believed."""


class TooManyRequests(TooMany):
    """One caller makes only so many requests a minute."""

    def __init__(self, detail: str, turn: Turn) -> None:
        super().__init__(detail, turn.wait)
        self.on_record = turn.again


class TooManyPupils(TooMany):
    """One person is told of only so many pupils within an hour; those they have been told of may
    be asked for again."""


class TooManyExports(TooMany):
    """One person takes only so many records out within a day."""


class Watch:
    """Refuses what is too much."""

    words: ClassVar[dict[Counted, str]] = {
        Counted.OPENED: "You have opened as many records as may be within an hour.",
        Counted.LISTED: "You have been shown as many pupils in lists as may be within an hour.",
        Counted.EXPORTED: "You have taken out as many records as may be within a day.",
    }

    def __init__(
        self,
        log: Watching,
        rules: WatchRules,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self.log = log
        self._turns = {queue: Turns(now) for queue in Queue}
        self._quotas = Quotas(log, now)

    def require_turn(self, person: UUID, queue: Queue) -> None:
        """Raise TooManyRequests if a caller who is known must wait."""
        self._take(person, queue)

    def require_turn_to_fail(self, address: str | None) -> None:
        """Raise TooManyRequests if too many came from an address who were not signed in."""
        self._take(neighbourhood(address), Queue.FAILED)

    def _take(self, who: UUID | str, queue: Queue) -> None:
        turn = self._turns[queue].take(who, self.rules.rate(queue, today()))
        if turn.wait:
            raise TooManyRequests("Wait, then go on more slowly.", turn)

    def require_quota(
        self, actor: Actor, pupils: Sequence[UUID], act: Act, request_id: UUID
    ) -> None:
        """Count the pupils, each named once, whom somebody is about to be told of; raise
        TooManyPupils or TooManyExports if that were too many."""
        if not pupils:
            return
        quota = self.rules.quota(actor.role, today())
        alone = len(pupils) == 1
        kind, most = (Counted.OPENED, quota.opened) if alone else (Counted.LISTED, quota.listed)
        wanted = [Wanted(kind, pupils, most)]
        if act is Act.EXPORT:
            wanted.append(Wanted(Counted.EXPORTED, [request_id], quota.exports))
        over = self._quotas.take(actor.id, wanted)
        if over is not None:
            refusal = TooManyExports if over[0] is Counted.EXPORTED else TooManyPupils
            raise refusal(self.words[over[0]], over[1])


def neighbourhood(address: str | None) -> str:
    """Return what one caller has one of: an IPv4 address, or the half of an IPv6 address that names
    a network, for the other half is free to choose; without either, all are one."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped or ip_network((known, 64), strict=False))
    return str(known)


def today() -> date:
    """Return the day by which rules are looked up."""
    return day_in_london(datetime.now(UTC))
