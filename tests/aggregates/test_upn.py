"""The vectors of facts.md 1.4 and 1.5, and what the weights can and cannot catch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates.upn import LETTERS, check_letter, is_uln, is_upn

digits = st.text("0123456789", min_size=11, max_size=11)
permanent = st.text("0123456789", min_size=12, max_size=12)
temporary = st.tuples(digits, st.sampled_from(LETTERS)).map("".join)
rests = permanent | temporary


def slip(upn: str, place: int, character: str) -> str:
    """Return the UPN with the character at a place, counted from 1, mistyped."""
    return upn[: place - 1] + character + upn[place:]


@pytest.mark.parametrize(
    "upn",
    ["B801200005001", "R674123101121", "D001000026001", "T001000026002", "G001000026003"],
)
def test_a_permanent_upn_is_valid(upn: str) -> None:
    assert is_upn(upn)


@pytest.mark.parametrize("upn", ["M80120000500A", "P00100002600A"])
def test_a_temporary_upn_ends_in_a_letter(upn: str) -> None:
    assert is_upn(upn)


@pytest.mark.parametrize(
    "text",
    [
        "A801200005001",  # the wrong check letter
        "X80120000A001",  # a letter in the middle
        "I801200005001",  # I, O and S are never used
        "M80120000500S",
        "b801200005001",
        "B80120000500",
        "B8012000050011",
        "B801200005001\n",
        "B80120000500１",  # a digit, but not one of ours  # noqa: RUF001
        "",
    ],
)
def test_what_is_not_a_upn_is_refused(text: str) -> None:
    assert not is_upn(text)


def test_the_example_two_vendors_publish_opens_with_p_and_not_with_q() -> None:
    assert check_letter("207000016049") == "P"
    assert is_upn("P207000016049")
    assert not is_upn("Q207000016049")


def test_every_single_slip_in_that_example_is_caught() -> None:
    slips = {
        slip("P207000016049", place, digit)
        for place in range(2, 14)
        for digit in "0123456789"
        if digit != "P207000016049"[place - 1]
    }

    assert len(slips) == 108
    assert not any(is_upn(upn) for upn in slips)


@given(rests)
def test_a_upn_made_with_its_check_letter_is_valid(rest: str) -> None:
    assert is_upn(check_letter(rest) + rest)


@given(rests, st.data())
def test_one_digit_mistyped_is_always_caught(rest: str, data: st.DataObject) -> None:
    """The sum moves by the weight (2 to 13) times the difference (1 to 9 either way), and 23 is
    prime and greater than both: never by a multiple of 23."""
    upn = check_letter(rest) + rest
    place = data.draw(st.integers(2, 13 if upn[-1].isdigit() else 12))
    digit = data.draw(st.sampled_from("0123456789"))

    assert is_upn(slip(upn, place, digit)) == (digit == upn[place - 1])


@given(temporary, st.sampled_from(LETTERS))
def test_the_last_letter_mistyped_is_always_caught(rest: str, letter: str) -> None:
    """Likewise: two letters differ by 22 at most."""
    upn = check_letter(rest) + rest

    assert is_upn(slip(upn, 13, letter)) == (letter == upn[-1])


@given(permanent)
def test_a_last_digit_taken_for_the_letter_of_equal_value_is_missed(rest: str) -> None:
    """0 weighs what A does, 1 what B, and 9 what K: the only slip of one character that passes."""
    upn = check_letter(rest) + rest

    passing = [letter for letter in LETTERS if is_upn(slip(upn, 13, letter))]
    assert passing == [LETTERS[int(upn[-1])]]


@given(rests, st.integers(2, 12))
def test_two_neighbours_swapped_are_always_caught(rest: str, place: int) -> None:
    """Neighbouring weights differ by 1, so the sum moves by the difference of two values."""
    upn = check_letter(rest) + rest
    swapped = slip(slip(upn, place, upn[place]), place + 1, upn[place - 1])

    assert is_upn(swapped) == (swapped == upn)


def test_a_unique_learner_number_has_a_check_digit() -> None:
    assert is_uln("1000000043")
    assert not is_uln("1000000044")


@pytest.mark.parametrize(
    "text",
    [
        "1000000063",  # remainder 0
        "9999999999",  # stands for one not yet known
        "0000000043",
        "100000004",
        "10000000433",
        "100000004٣",
    ],
)
def test_what_is_not_a_unique_learner_number_is_refused(text: str) -> None:
    assert not is_uln(text)
