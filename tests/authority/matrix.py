"""Everybody asks everything about everyone, and the answers are judged.

What is to come follows from ``authority.table`` and from where the pupils of the world are.  That
the table is right is not asked here: see ``test_never``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import FastAPI

from send_records.api.app import create_app
from send_records.reception import issuer
from tests.authority.asking import Answer, Asked, answers
from tests.authority.doors import Door, relations_at
from tests.authority.expecting import came_to, expected
from tests.authority.questions import Question, questions
from tests.authority.scanning import leaks
from tests.authority.world import READERS, UNKNOWN, Reader, World


@dataclass(frozen=True)
class Cell:
    """Somebody, a route, and about whom."""

    reader: Reader
    question: Question
    relation: str

    @property
    def called(self) -> str:
        return f"{self.reader.called}: {self.question.called} of {self.relation}"

    @property
    def of_nobody(self) -> Cell:
        """The same of a pupil whom nobody knows, where it is of a pupil."""
        about = UNKNOWN if UNKNOWN in self.question.relations else self.relation
        return replace(self, relation=about)

    def asked(self, headers: Mapping[str, str]) -> Asked:
        return self.question.asked(self.relation).but(**headers)


@dataclass
class Tally:
    """How many cells there were, and what was wrong in any."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.cells += other.cells
        self.wrong += other.wrong


@dataclass(frozen=True)
class Matrix:
    """The app of a world, and how it is asked."""

    world: World
    app: FastAPI

    @classmethod
    def of(cls, world: World) -> Matrix:
        return cls(world, create_app(world.system))

    @property
    def questions(self) -> list[Question]:
        return questions(self.app)

    def token(self, reader: Reader) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer(self.world.settings).token(reader.actor)}"}

    def cells(self, reader: Reader) -> Iterator[Cell]:
        """Yield one person's cells."""
        for question in self.questions:
            for relation in question.relations:
                yield Cell(reader, question, relation)

    def judged(self, cells: Iterable[Cell]) -> Tally:
        """Ask cells, and of each route of pupils of nobody too, and judge the answers."""
        several = list(cells)
        tokens = {each.reader: self.token(each.reader) for each in several}
        every = {each.called: each for one in several for each in (one, one.of_nobody)}
        told = answers(self.app, [each.asked(tokens[each.reader]) for each in every.values()])
        answered = dict(zip(every, told, strict=True))
        tally = Tally(len(several))
        for cell in several:
            about = UNKNOWN in cell.question.relations
            nobody = answered[cell.of_nobody.called] if about else None
            why = wrong(cell, answered[cell.called], nobody)
            tally.wrong += [f"{cell.called}: {each}" for each in why]
        return tally

    def knocked(self, several: Sequence[Door], asked: Iterable[Question]) -> Tally:
        """Knock at every route with credentials that are none, and judge the answers."""
        knocks = [
            (door, question, relation)
            for question in asked
            for door in several
            if door.shut_to(question)
            for relation in relations_at(question)
        ]
        told = answers(self.app, [q.asked(to).but(**d.headers) for d, q, to in knocks])
        first: dict[tuple[str, str], Answer] = {}
        tally = Tally(len(knocks))
        for (door, question, relation), answer in zip(knocks, told, strict=True):
            like = first.setdefault((door.called, question.called), answer)
            if answer.status not in door.refusals(question) or answer.told != like.told:
                found = f"{answer.status} {answer.problem}"
                tally.wrong.append(f"{door.called}: {question.called} of {relation}: {found}")
            tally.wrong += [f"{door.called}: {question.called}: {x}" for x in leaks(NOBODY, answer)]
        return tally


NOBODY = next(each for each in READERS if not each.held)


def wrong(cell: Cell, answer: Answer, unknown: Answer | None) -> list[str]:
    """Return what is wrong with an answer: it is not what was to come, or it says too much."""
    found = leaks(cell.reader, answer)
    wanted = expected(cell.reader, cell.question, cell.relation)
    if wanted not in came_to(answer, unknown):
        found.append(f"{answer.status} {answer.problem}, and not {wanted}")
    return found
