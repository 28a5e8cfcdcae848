"""Grounds: on which of them something may be kept from whoever asks for it (``facts.md`` 3.3)."""

from __future__ import annotations

from datetime import date

from send_records.aggregates.access_requests import AccessRequest
from send_records.aggregates.items import Ground
from send_records.aggregates.opinions import Opinion, require_opinion
from send_records.aggregates.rules import Rules
from send_records.errors import RuleBroken

AGAINST_PARENTS = frozenset({Ground.CHILD_ABUSE, Ground.HEALTH_EXPECTATION})
"""The grounds on which something is kept from somebody with parental responsibility, and from
nobody else."""


class GroundNotOpen(RuleBroken):
    """Child abuse, and what a pupil expected to stay between them and who treats them, are grounds
    against a request that somebody with parental responsibility makes."""

    basis = "Data Protection Act 2018 Sch 3 paras 4 and 21"


def require_ground(
    ground: Ground, request: AccessRequest, opinion: Opinion | None, on: date, rules: Rules
) -> None:
    """Refuse a ground that is not open against whoever asks, and serious harm to health without an
    opinion, on the day of the decision, that the test is met."""
    if ground in AGAINST_PARENTS and not request.by_responsibility:
        raise GroundNotOpen("Record first that somebody with parental responsibility asks.")
    if ground is Ground.HEALTH_SERIOUS_HARM:
        require_opinion(opinion, on, rules, met=True)
