"""What was opened is kept no longer than the keys that opened it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from send_records.store.inhand import InHand
from send_records.store.keks import KekFiles
from send_records.store.keyring import Keyring, open_keyring
from send_records.store.keystore import SqliteKeyStore

PUPIL = UUID(int=7)


class Clock:
    """A clock that goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.sqlite"


@pytest.fixture
def keyring(tmp_path: Path, file: Path, clock: Clock) -> Iterator[Keyring]:
    with closing(SqliteKeyStore(file)) as store:
        keks = KekFiles(tmp_path / "kek")
        open_keyring(store, keks)
        yield Keyring(store, keks, clock=clock)


@pytest.fixture
def in_hand(keyring: Keyring, clock: Clock) -> InHand[str, str]:
    return InHand(keyring, most=3, clock=clock)


def test_what_is_kept_is_got_until_it_is_dropped(in_hand: InHand[str, str]) -> None:
    in_hand.keep("a", "Aisha", in_hand.now())

    assert (in_hand.get("a"), in_hand.get("b")) == ("Aisha", None)
    in_hand.drop("a")
    in_hand.drop("b")
    assert in_hand.get("a") is None


def test_what_is_kept_is_exchanged_for_what_was_made_of_it(in_hand: InHand[str, str]) -> None:
    old = "Aisha".upper()
    in_hand.keep("a", old, in_hand.now())
    in_hand.exchange("a", "AISHA".lower(), "another's")
    assert in_hand.get("a") is old

    in_hand.exchange("a", old, "Ayesha")
    assert in_hand.get("a") == "Ayesha"

    in_hand.drop("a")
    in_hand.exchange("a", "Ayesha", "Aisha")
    assert in_hand.get("a") is None


def test_the_least_lately_used_makes_room(in_hand: InHand[str, str]) -> None:
    for name in "abc":
        in_hand.keep(name, name, in_hand.now())
    in_hand.get("a")
    in_hand.keep("d", "d", in_hand.now())

    assert [in_hand.get(name) for name in "abcd"] == ["a", None, "c", "d"]


def test_many_are_kept_and_got_at_once(in_hand: InHand[str, str], clock: Clock) -> None:
    in_hand.keep("a", "Aisha", in_hand.now())
    clock.now += 200
    in_hand.keep_all({"b": "Bea", "c": "Cem"}, in_hand.now())

    assert in_hand.among("acd") == {"a": "Aisha", "c": "Cem"}
    in_hand.keep("d", "Dee", in_hand.now())
    assert in_hand.among("abcd") == {"a": "Aisha", "c": "Cem", "d": "Dee"}
    clock.now += 100
    assert in_hand.among("abcd") == {"c": "Cem", "d": "Dee"}


def test_many_go_with_a_key_that_is_destroyed(in_hand: InHand[str, str], keyring: Keyring) -> None:
    keyring.make(PUPIL)
    since = in_hand.now()
    in_hand.keep_all({"a": "Aisha"}, since)
    keyring.destroy(PUPIL)

    assert in_hand.among("ab") == {}
    in_hand.keep_all({"b": "Bea"}, since)
    assert in_hand.among("ab") == {}


def test_it_goes_after_as_long_as_a_key_would(in_hand: InHand[str, str], clock: Clock) -> None:
    in_hand.keep("a", "Aisha", in_hand.now())
    clock.now += 299
    assert in_hand.get("a") == "Aisha"
    clock.now += 1
    assert in_hand.get("a") is None


def test_what_nobody_asks_for_goes_all_the_same(in_hand: InHand[str, str], clock: Clock) -> None:
    in_hand.keep("a", "Aisha", in_hand.now())
    clock.now += 301
    in_hand.get("b")

    assert not in_hand._kept


def test_it_goes_with_a_key_that_is_destroyed_here(
    in_hand: InHand[str, str], keyring: Keyring
) -> None:
    keyring.make(PUPIL)
    in_hand.keep("a", "Aisha", in_hand.now())
    keyring.destroy(PUPIL)

    assert in_hand.get("a") is None


def kept_after_an_erasure_elsewhere(
    in_hand: InHand[str, str], keyring: Keyring, file: Path, tmp_path: Path, clock: Clock
) -> str | None:
    keyring.make(PUPIL)
    in_hand.keep("a", "Aisha", in_hand.now())
    with closing(SqliteKeyStore(file)) as elsewhere:
        Keyring(elsewhere, KekFiles(tmp_path / "kek")).destroy(PUPIL)
    clock.now += 1
    return in_hand.get("a")


def test_it_goes_with_a_key_that_another_process_destroys(
    in_hand: InHand[str, str], keyring: Keyring, file: Path, tmp_path: Path, clock: Clock
) -> None:
    assert kept_after_an_erasure_elsewhere(in_hand, keyring, file, tmp_path, clock) is None


def test_one_that_is_never_emptied_would_be_found(
    in_hand: InHand[str, str],
    keyring: Keyring,
    file: Path,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_hand, "_tidy", lambda emptyings: None)

    assert kept_after_an_erasure_elsewhere(in_hand, keyring, file, tmp_path, clock) == "Aisha"


def test_what_was_read_before_a_destruction_is_not_kept_after_it(
    in_hand: InHand[str, str], keyring: Keyring
) -> None:
    keyring.make(PUPIL)
    since = in_hand.now()
    keyring.destroy(PUPIL)
    in_hand.keep("a", "Aisha", since)

    assert in_hand.get("a") is None
