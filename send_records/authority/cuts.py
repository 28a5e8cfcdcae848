"""What of an operation's answer is shown to those who have it by name, whatever their tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from send_records.authority.rows import ALL, TOLD_AT_ONCE, UNRESTRICTED_CLOCKS, Rows, words


@dataclass(frozen=True, eq=False)
class Cut:
    """What of an answer is shown: instead of what the tiers would let through."""

    whole: bool = False
    """All of it."""
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each kind of row, these fields; of one that is not named, what the tiers let through."""
    rows: Rows = field(default_factory=lambda: ALL)
    """The rows that are shown, by what they have in a column."""
    once: frozenset[str] = frozenset()
    """The fields of a plan of which one must be filled in: only then was it shared."""


Also = dict[str, Cut]
"""Operations that a line allows by name, and what of each is shown."""


WHOLE = Cut(whole=True)


def whole(*operations: str) -> Also:
    """Return operations of which everything is shown."""
    return dict.fromkeys(operations, WHOLE)


STRATEGIES: Also = {
    "get_targets": Cut(
        only={
            "TargetRow": words("target_id pupil_id plan_id area due_on review_on ref text success")
        },
        rows={"targets": {"open": frozenset({True})}},
    ),
    "get_plan": Cut(
        only={
            "PlansNow": words("version in_force"),
            "PlanNow": words("plan_id kind version review_on review_due_on class_teacher targets"),
            "TargetNow": words("ref text area success due_on strategies"),
        }
    ),
}
"""What an assistant works with: targets, what to do about them, and when they are reviewed."""

AS_PARENTS_SEE = {
    "PlansNow": words("version in_force last_review_on"),
    "PlanNow": words(
        "plan_id kind version review_on review_due_on class_teacher targets agreed_on agreed_with "
        "pupil_agreed"
    ),
    "TargetNow": words(
        "ref text area success due_on expected_impact strategies outcome reviewed_on"
    ),
}

SHARED_PLAN: Also = {"get_plan": Cut(only=AS_PARENTS_SEE, once=words("shared"))}
"""What professionals are shown: a plan that was shared, and never a draft."""

AGREED_PLAN: Also = {"get_plan": Cut(only=AS_PARENTS_SEE, once=words("shared agreed_on"))}
"""What parents and pupils are shown: a plan that was shared, or agreed with them."""

FOR_A_PRINCIPAL: Also = {
    "get_emergency_accesses": WHOLE,
    "get_duties": Cut(rows={"duties": {"clock": UNRESTRICTED_CLOCKS | TOLD_AT_ONCE}}),
}
"""What a Principal is told of at once (``security.md``, break-glass)."""

FOR_THE_DPO: Also = {
    "get_duties": Cut(
        only={
            "DutyRow": words(
                "duty_id pupil_id academy clock state due_on started_on counted_from done_on late "
                "paused_since estimate window role acts rule_id what until citation"
            )
        },
        rows={"duties": {"role": frozenset({"dpo"})}},
    ),
    "get_retention_schedule": Cut(
        only={
            "RetentionRow": words(
                "pupil_id legal_name academy left_on record_class earliest_disposal_on "
                "earliest_disposal_year rule_id rule_years rule_leap_day rule_citation "
                "advised_until advice_years advice_leap_day advice_citation holds held"
            ),
            "HoldRow": words("hold_id kind reference placed_on review_on"),
        }
    ),
}
"""The duties that are the DPO's own, and until when records are kept: no word of a record."""
