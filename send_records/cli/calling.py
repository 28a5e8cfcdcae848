"""The API as a command asks it: at which address, with whose token, and what is told of a refusal.

What a command may do, and what is on record of it, is the API's to say: here nothing is decided.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx2
import typer
from pydantic import SecretStr

from send_records.cli.console import print_json
from send_records.cli.problems import as_problem, tell
from send_records.errors import SendRecordsError
from send_records.settings import HTTPS

HERE = "http://127.0.0.1:8000"

Url = Annotated[
    str,
    typer.Option(
        envvar="SEND_RECORDS_URL",
        help="Where the API answers: https://..., or http:// on this machine.",
    ),
]
Token = Annotated[
    SecretStr | None,
    typer.Option(
        parser=SecretStr,
        metavar="TOKEN",
        envvar="SEND_RECORDS_TOKEN",
        show_default=False,
        help="Your token.  Others on this machine see what is typed here: "
        "set the variable, or use --token-file.",
    ),
]
TokenFile = Annotated[
    Path | None, typer.Option(help="A file with your token, which nobody else can read.")
]

PATIENCE, LONGEST = 30.0, 600.0
"""Seconds for an answer; and for one that is made, checked or locked before its first byte."""

ATTEMPTS = 3
"""How often a request is sent, under one and the same key, if its answer is lost."""


class Refused(Exception):
    """The API refused, and said why; or something else answered in its place."""

    def __init__(self, problem: Mapping[str, Any], again: float = 0) -> None:
        super().__init__(problem["title"])
        self.problem = dict(problem)
        self.again = again
        """Seconds after which the same request may be answered; 0 if it was not said."""


class Unanswered(Refused):
    """No answer came: whether anything was done is not known."""


def client(url: str, token: SecretStr) -> httpx2.Client:
    """Return a client that asks one address alone, in one person's name; raise BadParameter."""
    if not re.fullmatch(HTTPS, url):
        raise typer.BadParameter(
            "Enter an address over https://; http:// only to this machine: a token is a secret.",
            param_hint="--url",
        )
    return httpx2.Client(
        base_url=url.rstrip("/"),
        headers={"Authorization": f"Bearer {token.get_secret_value()}"},
        timeout=PATIENCE,
        follow_redirects=False,  # whoever is sent on would take the token along
        trust_env=url.startswith("https"),  # in the clear, it goes through nobody's proxy
    )


def token_from(token: SecretStr | None, file: Path | None) -> SecretStr:
    """Return the token to ask with, the file's if one is named; raise BadParameter, which does not
    repeat it."""
    if file is not None:
        try:
            mode = file.stat().st_mode
            token = SecretStr(file.read_text())
        except (OSError, UnicodeDecodeError):
            raise typer.BadParameter("It cannot be read.", param_hint="--token-file") from None
        if stat.S_ISREG(mode) and mode & 0o077:
            told = f"Others can read it: chmod 600 {file}"
            raise typer.BadParameter(told, param_hint="--token-file")
    if token is None:
        raise typer.BadParameter("Set SEND_RECORDS_TOKEN, or use --token-file.")
    text = token.get_secret_value().strip()
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise typer.BadParameter("That is no token: it is empty, or has spaces or line ends in it.")
    return SecretStr(text)


class Api:
    """The API, as one person asks it."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what is answered; raise Refused or Unanswered."""
        return _read(self._sent("GET", path, params=parameters))

    def listed(self, path: str) -> list[dict[str, Any]]:
        """Return all rows of a list, of however many pages; raise Refused or Unanswered."""
        rows: list[dict[str, Any]] = []
        parameters: dict[str, str] = {}
        while True:
            page = self.get(path, **parameters)
            rows += page["data"]
            following = page.get("meta", {}).get("next")
            if following is None:
                return rows
            parameters = {"cursor": following}

    def post(self, path: str, body: Any = None, key: UUID | None = None) -> Any:
        """Send what is to be recorded or made, whatever the record's version is; return the answer.
        Raise Refused or Unanswered.  Sent again under the same key, it is done once."""
        headers = {"Idempotency-Key": str(key or uuid4()), "If-Match": "*"}
        return _read(self._sent("POST", path, json=body, headers=headers))

    @contextmanager
    def pieces(self, method: str, path: str, body: Any = None) -> Iterator[Iterator[bytes]]:
        """Yield a file's bytes as they come; raise Refused, or Unanswered if they end early."""
        try:
            with self._http.stream(method, path, json=body, timeout=LONGEST) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise _refusal(answer)
                yield answer.iter_bytes()
        except httpx2.TransportError as error:
            raise self._unanswered(error) from None

    def _sent(self, method: str, path: str, **more: Any) -> httpx2.Response:
        sent = 0
        while True:
            sent += 1
            try:
                return self._http.request(method, path, **more)
            except httpx2.TransportError as error:
                if sent == ATTEMPTS or isinstance(error, httpx2.ConnectError):
                    raise self._unanswered(error) from None

    def _unanswered(self, error: httpx2.TransportError) -> Unanswered:
        where = str(self._http.base_url).rstrip("/")
        detail = f"Nothing answers at {where}, or it broke off: is the API running there?"
        if "CERTIFICATE" in str(error):
            detail = f"The certificate of {where} is not one that this machine trusts."
        return Unanswered({"title": "No answer", "detail": detail})


def _read(answer: httpx2.Response) -> Any:
    if not answer.is_success:
        raise _refusal(answer)
    try:
        return answer.json()
    except ValueError:
        raise _strange(answer) from None


def _refusal(answer: httpx2.Response) -> Refused:
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        return _strange(answer)
    again = answer.headers.get("Retry-After", "0")
    number = answer.headers.get("X-Request-Id")
    try:
        problem = answer.json() | ({"request_id": number} if number else {})
        return Refused({"title": "Refused", **problem}, int(again) if again.isdigit() else 0)
    except (ValueError, TypeError):
        return _strange(answer)


def _strange(answer: httpx2.Response) -> Refused:
    told = f"What answers there is not the API (status {answer.status_code}): check --url."
    return Refused({"title": "Another answer", "detail": told, "status": answer.status_code})


@contextmanager
def asking(url: str, token: SecretStr | None, file: Path | None, *, as_json: bool) -> Iterator[Api]:
    """Yield the API; tell a refusal in plain words, or as it is for machines, and exit 1."""
    with client(url, token_from(token, file)) as http:
        try:
            yield Api(http)
        except (Refused, SendRecordsError) as refused:
            problem = refused.problem if isinstance(refused, Refused) else as_problem(refused)
            if as_json:
                print_json(problem)
            else:
                tell(problem)
            raise typer.Exit(1) from None
