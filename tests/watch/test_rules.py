"""The rows of the watch: whole as shipped, and refused where a trust's own file is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from send_records.aggregates.values import Role
from send_records.rules.watch import WatchDamaged, watch_rules

TODAY = date(2026, 11, 24)


def test_every_role_has_a_quota_and_a_reason_for_it() -> None:
    rules = watch_rules()

    assert {row.role for row in rules.quotas} - {"*"} <= set(Role)
    for role in Role:
        assert rules.quota(role, TODAY).citation


def test_a_monday_of_a_sendco_fits() -> None:
    """Her academy's 400 pupils in any number of lists, and a third of them opened in one hour."""
    quota = watch_rules().quota(Role.SENCO, TODAY)

    assert quota.listed >= 400
    assert 400 // 4 <= quota.opened < 400


def test_a_later_row_takes_over_on_its_day(tmp_path: Path) -> None:
    rows = "".join(
        f'[[quota]]\nrole = "*"\nopened = {most}\nlisted = 9\nexports = 1\n'
        f'effective_from = {day}\ncitation = "test"\n'
        for most, day in ((10, "2015-01-01"), (20, "2027-01-01"))
    )
    file = tmp_path / "watch.toml"
    file.write_text(rows)
    rules = watch_rules(file)

    assert rules.quota(Role.SENCO, TODAY).opened == 10
    assert rules.quota(Role.SENCO, date(2027, 1, 1)).opened == 20
    assert rules.rates == watch_rules().rates


@pytest.mark.parametrize(
    "text",
    [
        "[[quota]",
        '[[quota]]\nrole = "*"\n',
        "[[rate]]\n",
        '[[quota]]\nrole = "senco"\nopened = 1\nlisted = 1\nexports = 1\n'
        'effective_from = 2015-01-01\ncitation = ""\n',
        "rate = []",
        "".join(
            f'[[rate]]\ncaller = "{caller}"\nper_minute = 0\nburst = 1\n'
            'effective_from = 2015-01-01\ncitation = ""\n'
            for caller in ("person", "service", "failed")
        ),
    ],
    ids=["no TOML", "half a row", "an empty row", "not for all", "none", "nobody comes in"],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(text)

    with pytest.raises(WatchDamaged):
        watch_rules(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WatchDamaged):
        watch_rules(tmp_path / "none.toml")
