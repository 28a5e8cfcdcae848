"""What is told with a copy: shipped whole, and a trust's own file in its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from send_records.aggregates import EVENTS
from send_records.aggregates.items import BASIS, Ground
from send_records.aggregates.rules import RuleMissing
from send_records.rules.disclosure import DisclosureDamaged, disclosure_rules

TODAY = date(2026, 3, 3)

ASKED_BY_ARTICLE_15 = {
    *("purposes", "categories", "recipients", "retention", "rights", "complaint", "sources"),
    *("automated", "transfers"),
}


def test_everything_article_15_asks_is_told_with_its_citation() -> None:
    rows = disclosure_rules().told(TODAY)
    assert {row.key for row in rows} == ASKED_BY_ARTICLE_15
    assert all(row.citation.startswith("UK GDPR Art 15") for row in rows)


def test_complaints_to_the_trust_are_told_of_from_the_day_they_are_in_force() -> None:
    before, since = (
        [row.text for row in disclosure_rules().told(day) if row.key == "complaint"]
        for day in (date(2026, 6, 18), date(2026, 6, 19))
    )
    assert len(before) == len(since) == 1
    assert "within 30 days" not in before[0]
    assert "within 30 days" in since[0]


@pytest.mark.parametrize("ground", Ground)
def test_a_ground_cites_what_the_ground_cites(ground: Ground) -> None:
    assert disclosure_rules().ground(ground, TODAY).citation.startswith(BASIS[ground])


def test_evidence_is_of_entries_that_there_are() -> None:
    rows = disclosure_rules().evidence(TODAY)
    assert len(rows) == 7  # policy s.10.3 lists seven
    assert {event for row in rows for event in row.events} <= set(EVENTS)


def test_a_trust_says_it_in_its_own_words(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    row = 'key = "{}"\ntitle = "T"\ntext = "{}"\neffective_from = {}\ncitation = "C"\n'
    rows = [("transfers", "None.", "2018-05-25"), ("transfers", "To Norway.", "2026-01-01")]
    own.write_text("".join(f"[[told]]\n{row.format(*each)}" for each in rows))
    rules = disclosure_rules(own)
    assert [told.text for told in rules.told(TODAY)] == ["To Norway."]
    assert [told.text for told in rules.told(date(2025, 12, 31))] == ["None."]
    assert rules.ground(Ground.CRIME, TODAY) == disclosure_rules().ground(Ground.CRIME, TODAY)
    with pytest.raises(RuleMissing):
        rules.told(date(2018, 5, 24))


@pytest.mark.parametrize(
    "words", ["[[told]]", "ground = []", "not toml", "[[controller]]\nname = 1"]
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, words: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(words)
    with pytest.raises(DisclosureDamaged):
        disclosure_rules(own)
    with pytest.raises(DisclosureDamaged):
        disclosure_rules(tmp_path / "none.toml")
