"""Under which rules a view was made: it is outdated until rebuilt, and nobody else says so."""

from __future__ import annotations

from send_records.aggregates.clocks import Clocks
from send_records.bootstrap import Database
from send_records.projections.duties import Duties
from send_records.projections.rulings import go_on_under, is_outdated, outdated_under, renew
from send_records.rules.clocks import clocks_of
from send_records.store.connections import one

SHIPPED = [Duties()]
OTHERS = [Duties(Clocks(clocks_of().rows[1:], clocks_of().calendars))]


def test_rules_that_were_others_for_a_while_leave_the_view_outdated(database: Database) -> None:
    """Some of its rows may follow from those in between."""
    with one(database.as_projector()) as connection:
        assert go_on_under(connection, SHIPPED) == []
        assert go_on_under(connection, OTHERS) == ["duties"]
        assert go_on_under(connection, SHIPPED) == ["duties"]
        assert outdated_under(connection, SHIPPED) == ["duties"]

        renew(connection, SHIPPED)

        assert go_on_under(connection, SHIPPED) == []
        assert not is_outdated(connection, "duties")


def test_whoever_asks_which_views_are_outdated_changes_nothing(database: Database) -> None:
    with one(database.as_projector()) as connection:
        assert outdated_under(connection, OTHERS) == []
        go_on_under(connection, SHIPPED)

        assert outdated_under(connection, OTHERS) == ["duties"]
        assert not is_outdated(connection, "duties")
        assert outdated_under(connection, SHIPPED) == []
