"""A child is started for each file of a pack, so it loads what it needs and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

WORK = (
    "redaction.leaking",
    "redaction.working",
    "bundle.joining",
    "bundle.pages",
    "bundle.sound",
    "bundle.uploads",
    "compiling",
    "landing",
    "document_texts",
)
"""The modules whose functions are done in children."""

HEAVY = ("send_records.aggregates", "send_records.application", "psycopg")


def loaded(module: str) -> set[str]:
    """Return what of the heavy is loaded with a module, in an interpreter of its own."""
    said = f"import sys, {module}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("work", WORK)
def test_work_in_a_child_does_not_load_the_whole_record(work: str) -> None:
    assert loaded(f"send_records.disclosure.{work}") == set()


def test_it_would_be_seen() -> None:
    assert loaded("send_records.disclosure.answer") == set(HEAVY)
