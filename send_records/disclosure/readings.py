"""Who has read a record, in words: what was done with what kind of thing, and why.

Names of staff are told if the trust has decided so (``rules/watch.toml``).  What was refused was
not read, and is not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from send_records.aggregates.values import day_in_london
from send_records.store.access import GIVEN, AccessPurpose, AccessRow, Act, Tier

THINGS = {
    Tier.AGGREGATES: "how many there are",
    Tier.DIRECTORY: "name, class and whether on the SEND register",
    Tier.PROVISION: "support: plans, targets, provision and reviews",
    Tier.ASSESSMENT: "concerns, assessments, observations and the story of the record",
    Tier.RESTRICTED: "the whole record, with health, family and professionals' reports",
    Tier.ACCESS: "who has read the record",
    Tier.CONFIGURATION: "how the system is set up",
}
"""What kind of thing an answer of each tier can hold, in words."""

DONE = {
    Act.READ: "read",
    Act.SEARCH: "found in a search",
    Act.EXPORT: "taken out as a copy",
    Act.UPLOAD: "added a document to",
    Act.PROOF: "checked that nothing was changed in",
}
"""What was done, in words that go before the thing."""

WHY = {
    AccessPurpose.SUPPORT: "to support the pupil",
    AccessPurpose.REVIEW: "to prepare or hold a review",
    AccessPurpose.SAFEGUARDING: "to keep the pupil safe",
    AccessPurpose.TRANSFER: "because the pupil changes school",
    AccessPurpose.SUBJECT_ACCESS: "to answer a request for a copy of the record",
    AccessPurpose.TRIBUNAL: "for an appeal to the tribunal",
    AccessPurpose.COMPLAINT: "to answer a complaint",
    AccessPurpose.AUDIT: "to check that records are kept as they should be",
    AccessPurpose.ADMINISTRATION: "to run the school or the system",
}
"""Why somebody said they looked, in words."""


ABBREVIATED = {
    "senco": "SENCo",
    "send": "SEND",
    "dpo": "data protection officer",
    "ceo": "chief executive",
}


def role_in_words(role: str) -> str:
    """Return a role as people write it: trust_senco is "trust SENCo"."""
    return " ".join(ABBREVIATED.get(word, word) for word in role.split("_"))


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings of one kind by one person or, unnamed, by one role at one academy."""

    name: str | None
    role: str
    academy: str | None
    what: str
    why: str
    times: int
    first_on: date
    last_on: date


def readings(accesses: Iterable[AccessRow], *, named: bool) -> list[Readings]:
    """Return who has read, grouped, in the order in which they first did."""
    groups: dict[tuple[str | None, str, str | None, str, str], list[date]] = {}
    for row in accesses:
        if row.outcome == GIVEN and row.act in DONE:
            by = (row.name if named else None, role_in_words(row.role), row.academy)
            what = f"{DONE[Act(row.act)]}: {THINGS[Tier(row.tier)]}"
            key = (*by, what, WHY[AccessPurpose(row.purpose)])
            groups.setdefault(key, []).append(day_in_london(row.recorded_at))
    return [Readings(*key, len(days), min(days), max(days)) for key, days in groups.items()]
