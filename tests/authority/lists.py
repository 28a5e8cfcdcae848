"""Lists and counts: page by page, by another academy's name, and from another's place in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi.dependencies.models import Dependant

from tests.authority.asking import Answer, Asked, answers
from tests.authority.expecting import Outcome, expected
from tests.authority.matrix import Matrix, Tally
from tests.authority.questions import Question, of_lists
from tests.authority.scanning import leaks
from tests.authority.world import BIRCH, CHILDREN, OWN, Reader

NOWHERE = "No Such Academy"
MOST_PAGES = 60


@dataclass(frozen=True)
class Lists:
    """The lists of a world's app, and what each may be asked with."""

    matrix: Matrix
    several: tuple[tuple[Question, frozenset[str]], ...]

    @classmethod
    def of(cls, matrix: Matrix) -> Lists:
        several = of_lists(matrix.questions)
        return cls(matrix, tuple((each, queries_of(each.route.dependant)) for each in several))

    def judged(self, reader: Reader) -> Tally:
        """Ask somebody's lists in every way, and judge the answers."""
        tally, headers = Tally(), self.matrix.token(reader)
        for question, names in self.several:
            if expected(reader, question, OWN) is not Outcome.ALLOWED:
                continue
            asked = question.asked(OWN).but(**headers)
            told = [*self._pages(asked, names), *self._elsewhere(asked, names)]
            tally.cells += len(told)
            where = f"{reader.called}: {question.called}"
            tally.wrong += [f"{where}: {x}" for answer in told for x in leaks(reader, answer)]
            tally.wrong += [f"{where}: {x}" for x in self._told_apart(reader, asked, names)]
        return tally

    def _ask(self, *asked: Asked) -> list[Answer]:
        return answers(self.matrix.app, asked)

    def _pages(self, asked: Asked, names: frozenset[str]) -> Iterator[Answer]:
        """Yield page after page, of one row each where pages can be that short."""
        if "limit" not in names:
            return
        cursor: str | None = ""
        for _ in range(MOST_PAGES):
            [answer] = self._ask(with_query(asked, limit=1, cursor=cursor))
            yield answer
            cursor = cursor_after(answer)
            if not cursor:
                return

    def _elsewhere(self, asked: Asked, names: frozenset[str]) -> list[Answer]:
        """Return what is answered to whoever names another academy, or another's pupil."""
        if "academy" not in names:
            return []
        return self._ask(with_query(asked, academy=BIRCH), with_query(asked, academy=NOWHERE))

    def _told_apart(self, reader: Reader, asked: Asked, names: frozenset[str]) -> list[str]:
        """Return what tells an academy where somebody reaches nobody from one that is none."""
        if "academy" not in names or reaches(reader, BIRCH):
            return []
        there, nowhere = self._elsewhere(asked, names)
        same = there.told == nowhere.told
        return [] if same else ["another academy is told apart from one that is none"]


def queries_of(dependant: Dependant) -> frozenset[str]:
    """Return what a route may be asked with."""
    own = frozenset(each.alias for each in dependant.query_params)
    return own.union(*map(queries_of, dependant.dependencies))


def reaches(reader: Reader, academy: str) -> bool:
    """Return whether any pupil of an academy is in somebody's scope."""
    reached = frozenset().union(*(each.reached for each in reader.held))
    return any(CHILDREN[each].academy == academy for each in reached)


def with_query(asked: Asked, **named: Any) -> Asked:
    query = "&".join(
        f"{name}={str(value).replace(' ', '%20')}" for name, value in named.items() if value
    )
    return Asked(asked.method, f"{asked.path}?{query}", asked.headers, asked.body)


def cursor_after(answer: Answer) -> str | None:
    """Return where the next page begins; None on the last, and of what has no pages."""
    if answer.status != 200:
        return None
    said = orjson.loads(answer.body)
    meta = said.get("meta") if isinstance(said, dict) else None
    found = meta.get("next") if isinstance(meta, dict) else None
    return str(found) if found else None
