"""Leo's claim goes before the Tribunal: a bundle, checked, put right or explained, approved,
served, and left as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from send_records.demo.client import Api
from send_records.demo.handing_out import Json, approval, asked, check, fetched, left, prepared, say
from send_records.demo.papers import file_papers
from send_records.demo.people import DPO
from send_records.demo.roles import open_case
from send_records.demo.run import LAST_DAY

REFERENCE = "EH999/25/00001"

DECIDED_ON = "2025-09-12"
"""The day on which Leo's mother was told that he could not go: what was known then is asked."""


def bundle(api: Api, pupil: str, to: Path, vkeys: list[str]) -> Json:
    """Make the bundle, leave it as files, and return what is to be told of it."""
    record = f"/v1/pupils/{pupil}"
    papers = file_papers(api, pupil, "Leo Bennett-Okafor")
    open_case(api, UUID(pupil), REFERENCE, LAST_DAY)
    body = {
        "kind": "discrimination_claim",
        "reference": REFERENCE,
        "hearing_on": "2026-09-28",
        "numbering": "continuous",
        "sections": _sections(papers),
    }
    refused = asked(api, f"{record}/bundles/prepare", body)
    codes = [] if refused["problem"] is None else _codes(refused["problem"]["detail"])
    reasons = [{"code": code, "why": "The document is as its author sent it"} for code in codes]
    made = prepared(api, f"{record}/bundles/prepare", body | {"reasons": reasons})
    say(api, f"/v1/pupils/{pupil}/disclosures/approve", approval(made), DPO)
    pack = fetched(api, record, made)
    served = {
        "preparation_id": made["preparation_id"],
        "to": "First-tier Tribunal (SEND), and Grace Okafor",
        "how": "Secure mail",
    }
    say(api, f"{record}/bundles/serve", served)
    told = {"problem": refused["problem"], "left": left(api, record, made, pack, to)}
    return made | told | {"check": check(to, vkeys)}


def _codes(detail: str) -> list[str]:
    """Return the rules that a bundle breaks, as the refusal names them."""
    _, _, named = detail.partition(": ")
    return [each.partition(":")[0] for each in named.split("; ")]


def _sections(papers: dict[str, str]) -> list[Json]:
    def paper(title: str, **more: Any) -> Json:
        return {"document_id": papers[title], **more}

    known = {"sheet": "chronology", "known_on": DECIDED_ON}
    return [
        {
            "title": "The claim and the response",
            "budget": "core",
            "items": [paper("Claim form"), paper("Response of the responsible body")],
        },
        {
            "title": "Evidence of the responsible body",
            "budget": "evidence",
            "items": [
                paper("Report of the teacher of the deaf", expert_report=True),
                paper("Letter of the diabetes nurse"),
                paper("Letter to parents about the residential visit"),
                paper("Note in Leo's hand"),
                paper("Witness statement of Sam Okoro", witness_statement=True),
            ],
        },
        {"title": "The school's record", "budget": "supplementary", "items": [known]},
    ]
