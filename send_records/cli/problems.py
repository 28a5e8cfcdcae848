"""Problems, as the API answers them (RFC 9457), in plain words: what each is, on what
it rests, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from send_records.cli.console import err
from send_records.disclosure.verify_extract import scrub
from send_records.errors import SendRecordsError

SIGN_IN = "Sign in and get a new token: set SEND_RECORDS_TOKEN, or use --token-file."

TO_DO = {
    "sign-in-again": "Sign in again with your second factor, and do this within five minutes.",
    "second-factor-missing": "Sign in with your second factor, and use that token.",
    "items-not-decided": "See what is left: send-records disclose items PUPIL REQUEST.",
    "approver-prepared": "Have somebody else approve it, who is DPO or principal.",
    "pack-differs": "Fetch it again, look at it, and approve by the hash printed then.",
    "pack-expired": "Prepare it again: send-records disclose prepare, or bundle.",
    "pack-outdated": "Prepare it again: send-records disclose prepare, or bundle.",
    "preparation-void": "Prepare it again: send-records disclose prepare, or bundle.",
    "disclosure-not-approved": "Have it approved first: send-records disclose approve.",
    "bundle-breaches": "Put right what breaks the rules for pages, or give a reason for each in "
    "the specification, under reasons: [{code, why}].",
    "malformed-request": "Correct what is listed below, and send it again.",
}
"""What to do about a refusal, by the end of its type."""

BY_STATUS = {
    401: SIGN_IN,
    403: "Ask somebody whose role it is.",
    404: "Check the ids.  A pupil who is not in your scope is answered in the same way.",
    409: "The record, as it stands, does not allow it: see the reason above.",
    410: "That is gone, and cannot be brought back from here.",
    412: "The record has moved on: look at it, then ask again.",
    422: "Correct what was asked for.",
    429: "Wait a while, then ask again.",
    503: "Ask again in a moment.",
}
"""What to do about all other refusals, by their status."""

TELL_US = "Tell whoever runs the system, with this number: {}."


def as_problem(error: SendRecordsError) -> dict[str, Any]:
    """Return a refusal that was made here as the API would tell it."""
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
    return {"title": title, "detail": str(error), "basis": error.basis}


def tell(problem: Mapping[str, Any]) -> None:
    """Say on standard error what a problem is, on what it rests, and what to do."""
    lines = [f"Error: {problem['title']}.  {problem.get('detail', '')}".strip()]
    if problem.get("basis"):
        lines.append(f"  Basis: {problem['basis']}")
    slug, status = str(problem.get("type", "")).rpartition(":")[2], problem.get("status", 0)
    slug = slug or re.sub(r"\W+", "-", problem["title"]).lower()
    to_do = TO_DO.get(slug) or BY_STATUS.get(status)
    if status >= 500 and status not in BY_STATUS:
        to_do = TELL_US.format(problem.get("request_id", "none was given"))
    if to_do:
        lines.append(f"  To do: {to_do}")
    lines += [f"  - {each['pointer']}: {each['detail']}" for each in problem.get("errors", [])]
    for line in lines:
        err.print(scrub(line), markup=False, highlight=False)
