"""Aisha's mother asked, at the gate, for all that is held of her: searched for, decided on item by
item, prepared, approved, and left as files."""

from __future__ import annotations

from pathlib import Path

from send_records.demo.client import Api
from send_records.demo.handing_out import Json, approved, check, left, prepared, say
from send_records.demo.papers import file_papers
from send_records.demo.people import DPO, MOTHER, SENCO

THIRD_PARTY = ("Jayden Cole", "Jayden")
PSYCHOLOGIST = "Report of the educational psychologist"
SAFEGUARDING = "Note of a conversation"


def subject_access(api: Api, pupil: str, mother: str, to: Path, vkeys: list[str]) -> Json:
    """Answer the request, leave the answer as files, and return what is to be told of it."""
    record = f"/v1/pupils/{pupil}"
    papers = file_papers(api, pupil, "Aisha Rahman")
    [request] = {
        entry["entry_id"]
        for entry in api.get(f"{record}/chronology", DPO, limit=200)["data"]
        if entry["event"] == "SubjectAccessRequested"
    }
    steps = f"{record}/access-requests"
    say(api, f"{steps}/identify", _who_asks(request, mother), DPO)
    say(api, f"{steps}/record-search", _search(request), SENCO)
    shown = api.get(f"{steps}/{request}/items", SENCO)["data"]
    _decide(api, steps, request, shown, papers)
    body = {"purpose": "subject_access", "request_id": request}
    made = prepared(api, f"{record}/disclosures/prepare", body)
    pack = approved(api, record, made)
    sent = {
        "request_id": request,
        "preparation_id": made["preparation_id"],
        "sent_to": MOTHER.name,
        "how": "Locked zip by e-mail; the passphrase by telephone",
    }
    say(api, f"{steps}/send", sent, DPO)
    given = {"items": len(shown), "suggested": sum(bool(item["suggestions"]) for item in shown)}
    return made | given | {"left": left(api, record, made, pack, to), "check": check(to, vkeys)}


def _who_asks(request: str, mother: str) -> Json:
    return {
        "request_id": request,
        "evidence": "Passport, seen at the office",
        "authority": "parental_responsibility",
        "contact_id": mother,
        "reasoning": "Aisha is ten and was asked: she wants her mother to have it. No court order "
        "stands in the way, and nothing in what is given would harm her.",
    }


def _search(request: str) -> Json:
    return {
        "request_id": request,
        "where": "The SEND record, the SENCo's mailbox and the class diary",
        "terms": ["Aisha", "Rahman"],
        "found": "The record, and four papers that were filed on it",
        "limited": True,
        "why_limited": "Mail of staff who left before 2024 is deleted by the mail system",
    }


def _decide(api: Api, steps: str, request: str, shown: list[Json], papers: dict[str, str]) -> None:
    """Decide on every item: one is withheld, one redacted, and all others are given."""
    special = {papers[SAFEGUARDING], papers[PSYCHOLOGIST]}
    filed = {
        str(item["item"]["entry"])
        for item in shown
        if any(title in str(item["says"]) for title in (SAFEGUARDING,))
        and item["item"]["entry"] is not None
    }
    abuse = {
        "ground": "child_abuse",
        "why": "She said what frightens her at home. The social worker asked that nobody there be "
        "told yet; to tell is not in her interests.",
        "on_schedule": False,
    }
    others = []
    for each in (item["item"] for item in shown):
        if each["document_id"] == papers[SAFEGUARDING] or str(each["entry"]) in filed:
            say(api, f"{steps}/withhold-item", {"request_id": request, "item": each, **abuse})
        elif each["document_id"] not in special:
            others.append(each)
    redaction = {
        "request_id": request,
        "item": {"document_id": papers[PSYCHOLOGIST]},
        "parts": {"phrases": list(THIRD_PARTY)},
        "ground": "third_party",
        "why": "Another child, whose needs the report tells; his parents were not asked, for to "
        "ask would tell them whose report it is.",
    }
    say(api, f"{steps}/redact-item", redaction)
    rest = {
        "request_id": request,
        "items": others,
        "seen_by_requester": True,
        "why": "Her mother was at the clinic, and had a copy of the letter",
    }
    say(api, f"{steps}/disclose-items", rest)
