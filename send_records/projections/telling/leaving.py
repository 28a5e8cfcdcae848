"""What events say of what leaves the record: prepared, approved or returned, served."""

from __future__ import annotations

from send_records.aggregates import approvals, bundles, disclosures
from send_records.aggregates.preparations import PackMade
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import Phase, Sentence, coded, joined, of

PHASES: dict[str, Phase] = {
    approvals.__name__: Phase.RECORD,
    bundles.__name__: Phase.RECORD,
    disclosures.__name__: Phase.RECORD,
}


def _made(pack: PackMade) -> str:
    """How much it is, and by what anybody knows it again: the whole hash is in the history."""
    pages = "1 page" if pack.pages == 1 else f"{pack.pages} pages"
    return f"{pages}, SHA-256 {pack.sha256[:12]}"


def _left_out(pack: PackMade) -> str | None:
    if not (pack.withheld or pack.redacted):
        return None
    return f"{pack.withheld} withheld, {pack.redacted} redacted"


def _prepared(event: disclosures.DisclosurePrepared) -> str:
    return coded(event.purpose, _made(event.pack), _left_out(event.pack))


def _bundle(event: bundles.BundlePrepared) -> str:
    hearing = event.hearing_on
    return coded(
        event.kind,
        event.reference,
        f"hearing on {day_in_words(hearing)}" if hearing else None,
        _made(event.pack),
        *(f"{breach.detail}: {breach.why}" for breach in event.breaches),
    )


SENTENCES: list[Sentence] = [
    of(disclosures.DisclosurePrepared, _prepared),
    of(approvals.DisclosureApproved, lambda e: f"SHA-256 {e.sha256[:12]}"),
    of(bundles.BundlePrepared, _bundle),
    of(
        bundles.BundleServed,
        lambda e: joined(f"To {e.to}", e.how, f"SHA-256 {e.sha256[:12]}"),
    ),
]
