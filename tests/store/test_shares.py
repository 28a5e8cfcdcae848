"""Any two of three shares bring the secret back; one says nothing; a slip is never believed."""

from __future__ import annotations

import os
import re
import string
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.store import shares as scheme
from send_records.store.shares import ShareDamaged, SharesDoNotMatch, recover, split

SECRET = bytes(range(32))
SET = split(SECRET, 7)

secrets = st.binary(min_size=32, max_size=32)
epochs = st.integers(0, 2**31 - 1)


@given(secrets, epochs)
def test_any_two_of_three_bring_the_secret_back(secret: bytes, epoch: int) -> None:
    made = split(secret, epoch)

    for some in [*permutations(made, 2), *permutations(made, 3)]:
        assert recover(some) == (epoch, secret)


def randomness_behind(share: int, secret: bytes, candidate: bytes, drawn: bytes) -> bytes:
    """Return what would have had to be drawn, for a share of the secret to be what it is, had the
    candidate been split in its place."""
    set_id, slope = drawn[:4], drawn[4:]
    at_zero = secret + scheme._check_value(secret, 7, set_id)
    points = scheme._sum(at_zero, scheme._times(slope, share))
    instead = candidate + scheme._check_value(candidate, 7, set_id)
    return set_id + scheme._times(scheme._sum(points, instead), scheme._inverse(share))


class Drawn:
    """A source of randomness that gives what it is told to."""

    def __init__(self, values: bytes) -> None:
        self._values = values

    def __call__(self, length: int) -> bytes:
        given, self._values = self._values[:length], self._values[length:]
        return given


@given(secrets, secrets, st.binary(min_size=40, max_size=40), st.sampled_from([1, 2, 3]))
def test_for_a_given_share_every_secret_is_possible(
    secret: bytes, candidate: bytes, drawn: bytes, share: int
) -> None:
    seen = split(secret, 7, Drawn(drawn))[share - 1]

    instead = randomness_behind(share, secret, candidate, drawn)

    assert split(candidate, 7, Drawn(instead))[share - 1] == seen


@pytest.mark.parametrize("share", [1, 2, 3])
def test_and_each_is_as_likely_as_any_other(share: int) -> None:
    for byte in range(256):
        slopes = bytes(range(256))
        points = {scheme._product(slope, share) ^ byte for slope in slopes}
        assert points == set(slopes)


def test_a_line_that_does_not_climb_would_give_the_secret_away() -> None:
    """The planted defect: shares without randomness are the secret itself."""
    flat, other = split(SECRET, 7, bytes), split(SECRET[::-1], 7, bytes)

    letters = scheme._base32(bytes(4) + SECRET)[:48]
    assert re.sub("-", "", flat[0])[5:].startswith(letters)
    assert flat != other


@pytest.mark.parametrize("pair", list(combinations(range(3), 2)))
def test_a_share_can_be_typed_as_people_type(pair: tuple[int, int]) -> None:
    untidy = [f"  {SET[share].lower().replace('-', ' ')}\n" for share in pair]
    without = [SET[share].replace("-", "") for share in pair]
    mistaken = [
        re.sub("[OIB]", lambda letter: "018"["OIB".index(letter[0])], SET[share]) for share in pair
    ]

    assert recover(untidy) == recover(without) == recover(mistaken) == (7, SECRET)


positions = st.integers(0, len(SET[0]) - 1)
typed = st.sampled_from(string.printable) | st.characters()


def taken(text: str) -> bool:
    """Whether a share is believed; if so it must be the one that was meant."""
    try:
        assert recover([text, SET[1]]) == (7, SECRET)
    except ShareDamaged:
        return False
    return True


@given(positions, typed)
def test_a_letter_mistyped_is_found_or_makes_no_difference(at: int, letter: str) -> None:
    text = SET[0]

    believed = taken(text[:at] + letter + text[at + 1 :])

    same = scheme.LOOK_ALIKES
    if letter.isascii() and letter.isalnum() and at > 7:
        assert believed is (letter.upper().translate(same) == text[at])


@given(positions, typed)
def test_a_letter_too_many_or_too_few_is_found_or_makes_no_difference(at: int, new: str) -> None:
    text = SET[0]

    taken(text[:at] + new + text[at:])
    assert taken(text[:at] + text[at + 1 :]) is (text[at] == "-")


@given(positions)
def test_two_letters_swapped_are_found(at: int) -> None:
    text = SET[0]
    swapped = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]

    assert taken(swapped) is (swapped.replace("-", "") == text.replace("-", ""))


def test_a_damaged_share_is_named() -> None:
    damaged = SET[1][:-1] + ("A" if SET[1][-1] != "A" else "C")

    with pytest.raises(ShareDamaged, match="Share 2 of those given"):
        recover([SET[0], damaged])


def test_without_its_checksum_a_slip_would_be_read_as_another_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The planted defect: a checksum and a check value that are always the same."""
    monkeypatch.setattr(scheme._Share, "checksum", lambda share: bytes(5))
    monkeypatch.setattr(scheme, "_check_value", lambda secret, epoch, set_id: bytes(4))
    first, second, _ = split(SECRET, 7)
    slipped = first[:20] + ("A" if first[20] != "A" else "C") + first[21:]

    assert recover([slipped, second])[1] != SECRET


def test_shares_of_different_epochs_are_refused() -> None:
    with pytest.raises(SharesDoNotMatch, match=r"epoch 7 set .*epoch 8 set"):
        recover([SET[0], split(SECRET, 8)[1]])


def test_shares_of_different_splits_of_one_key_are_refused() -> None:
    again = split(SECRET, 7)

    with pytest.raises(SharesDoNotMatch, match="different keys"):
        recover([SET[0], again[1]])
    with pytest.raises(SharesDoNotMatch):
        recover([SET[0], SET[1], again[2]])


@pytest.mark.parametrize("given", [[], [0], [1, 1], [2, 2, 2]])
def test_less_than_two_shares_are_not_enough(given: list[int]) -> None:
    with pytest.raises(SharesDoNotMatch):
        recover([SET[share] for share in given])


def test_a_share_may_be_given_twice_beside_another() -> None:
    assert recover([SET[0], SET[0], SET[2]]) == (7, SECRET)


def forged(share: int, epoch: int = 7) -> str:
    """A share with a good checksum that nobody made."""
    real = scheme._read(SET[share - 1], 1)
    points = bytes([real.points[0] ^ 1]) + real.points[1:]
    return scheme._Share(epoch, share, real.set_id, points).text()


def test_a_forged_share_gives_no_secret() -> None:
    with pytest.raises(SharesDoNotMatch, match="do not fit together"):
        recover([forged(1), SET[1]])
    with pytest.raises(SharesDoNotMatch, match="do not fit together"):
        recover([SET[0], SET[1], forged(3)])
    with pytest.raises(SharesDoNotMatch, match="Two different shares"):
        recover([SET[0], forged(1), SET[1]])


def test_an_epoch_that_is_none_is_a_slip() -> None:
    with pytest.raises(ShareDamaged):
        recover([SET[0].replace("SR1-7-", "SR1-9999999999-"), SET[1]])


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        split(os.urandom(length), 1)


def test_the_field_is_the_one_of_aes() -> None:
    assert scheme._product(0x57, 0x83) == 0xC1  # FIPS 197, section 4.2
    assert all(scheme._product(a, scheme._inverse(a)) == 1 for a in range(1, 256))
