"""What events say of documents on file."""

from __future__ import annotations

from send_records.aggregates import documents
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import Phase, Sentence, coded, of

PHASES: dict[str, Phase] = {documents.__name__: Phase.RECORD}


def _filed(event: documents.DocumentFiled) -> str:
    return coded(event.kind, event.title, event.author, f"dated {day_in_words(event.dated)}")


SENTENCES: list[Sentence] = [of(documents.DocumentFiled, _filed)]
