"""The papers of the cases: set as PDFs, uploaded and filed, as a school does with its post."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any
from uuid import uuid4

from send_records.aggregates.values import day_in_words
from send_records.demo.client import Api
from send_records.demo.people import SENCO
from send_records.demo.roles import done
from send_records.demo.run import LAST_DAY
from send_records.demo.said import Post
from send_records.disclosure.typesetting import typeset

Paper = dict[str, Any]

PDF = "application/pdf"


def papers(of: str) -> list[Paper]:
    """Return the papers of a pupil, by name."""
    text = files(__package__).joinpath("papers.toml").read_text()
    return [paper for paper in tomllib.loads(text)["paper"] if paper["pupil"] == of]


def file_papers(api: Api, pupil_id: str, of: str) -> dict[str, str]:
    """File all papers of a pupil; return the id of each document, by its title."""
    return {paper["title"]: _file(api, pupil_id, paper) for paper in papers(of)}


def _file(api: Api, pupil_id: str, paper: Paper) -> str:
    path, key = f"/v1/pupils/{pupil_id}/documents", uuid4()
    done(api.upload(f"{path}/content", key, PDF, as_pdf(paper), SENCO))
    said = {name: paper[name] for name in ("title", "kind", "author")}
    body = {
        "occurred_on": LAST_DAY.isoformat(),
        "dated": paper["dated"].isoformat(),
        "data_class": paper.get("data_class", "education"),
        **said,
    }
    done(api.record(Post(f"{path}/file", body, key), SENCO))
    return str(key)


def as_pdf(paper: Paper) -> bytes:
    """Return a paper as its author's office would send it."""
    dated: date = paper["dated"]
    return typeset(
        "paper.typ",
        {
            "title": paper["title"],
            "author": paper["author"],
            "dated": day_in_words(dated),
            "about": f"About {paper['pupil']}",
            "numbered": paper.get("numbered", False),
            "paragraphs": paper["paragraphs"],
        },
        dated=datetime(dated.year, dated.month, dated.day, 12, tzinfo=UTC),
    )
