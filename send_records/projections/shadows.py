"""Shadow tables: a projection's table made anew beside the old one, and then put in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

from send_records.store.connections import AMBIGUOUS


def shadow_of(table: str) -> str:
    """Return the name of a table's shadow; of an index's, too."""
    return f"{table}_rebuilt"


@contextmanager
def shadows(owner: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Make an empty shadow of each table, without its indexes, and at the end drop those that are
    still there.  What a rebuild left that was killed is dropped first; another one is waited for,
    and keeps this one waiting."""
    owner.execute("SELECT pg_advisory_lock(hashtextextended(current_schema() || '.rebuild', 0))")
    for table in tables:
        _drop(owner, table)
        _make(owner, table)
    try:
        yield
    finally:
        with suppress(*AMBIGUOUS):  # then the next rebuild drops them
            for table in tables:
                _drop(owner, table)


def _make(owner: Connection, table: str) -> None:
    live, shadow = Identifier(table), Identifier(shadow_of(table))
    owner.execute(
        SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)").format(shadow, live)
    )
    [(comment, options)] = owner.execute(  # which LIKE leaves out
        "SELECT obj_description(oid, 'pg_class'), array_to_string(reloptions, ', ') "
        "FROM pg_class WHERE oid = quote_ident(%s)::regclass",
        [table],
    ).fetchall()
    owner.execute(SQL("COMMENT ON TABLE {} IS {}").format(shadow, Literal(comment)))
    if options:
        owner.execute(SQL("ALTER TABLE {} SET ({})").format(shadow, SQL(options)))


def _drop(owner: Connection, table: str) -> None:
    owner.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(shadow_of(table))))


def index(owner: Connection, table: str) -> None:
    """Give the shadow of a table its indexes, now that it is full, and tell the planner of it."""
    shadow = Identifier(shadow_of(table))
    for name, primary, definition in _indexes(owner, table):
        before, using, after = definition.partition(" USING ")
        named = Identifier(shadow_of(name))
        kind = "UNIQUE INDEX" if before.startswith("CREATE UNIQUE") else "INDEX"
        owner.execute(
            SQL("CREATE {} {} ON {}{}").format(SQL(kind), named, shadow, SQL(using + after))
        )
        if primary:
            owner.execute(
                SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY USING INDEX {}").format(
                    shadow, named, named
                )
            )
    owner.execute(SQL("ANALYZE {}").format(shadow))


def _indexes(owner: Connection, table: str) -> list[tuple[str, bool, str]]:
    """Return the name of each index of a table, whether it is the primary key's, and its SQL."""
    return owner.execute(
        "SELECT relname, indisprimary, pg_get_indexdef(indexrelid) FROM pg_index "
        "JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = quote_ident(%s)::regclass",
        [table],
    ).fetchall()


def swap(owner: Connection, table: str) -> None:
    """Put the shadow in the place of a table, under its grants and its indexes' names, and drop
    the table; within a transaction that keeps the engine off it."""
    live, shadow = Identifier(table), Identifier(shadow_of(table))
    grants = owner.execute(
        "SELECT privilege_type, grantee::regrole::text FROM pg_class, aclexplode(relacl) "
        "WHERE oid = quote_ident(%s)::regclass AND grantee <> relowner",
        [table],
    ).fetchall()
    for privilege, grantee in grants:
        owner.execute(SQL("GRANT {} ON {} TO {}").format(SQL(privilege), shadow, SQL(grantee)))
    _secure(owner, table)
    names = [name for name, _, _ in _indexes(owner, table)]
    owner.execute(SQL("DROP TABLE {}").format(live))
    owner.execute(SQL("ALTER TABLE {} RENAME TO {}").format(shadow, live))
    for name in names:
        owner.execute(
            SQL("ALTER INDEX {} RENAME TO {}").format(Identifier(shadow_of(name)), Identifier(name))
        )


POLICIES = """
    SELECT polname, coalesce((SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles
                              WHERE oid = ANY (polroles)), 'PUBLIC'),
           pg_get_expr(polqual, polrelid)
    FROM pg_policy WHERE polrelid = quote_ident(%s)::regclass
"""
"""The policies of a table: all of ours are for every verb, and judge what is written as what is
read."""


def _secure(owner: Connection, table: str) -> None:
    """Put the shadow under the row-level security of the table: before anybody can reach it."""
    shadow = Identifier(shadow_of(table))
    policies = owner.execute(POLICIES, [table]).fetchall()
    owner.execute(SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(shadow))
    owner.execute(SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(shadow))
    for name, roles, condition in policies:
        owner.execute(
            SQL("CREATE POLICY {} ON {} TO {} USING ({})").format(
                Identifier(name), shadow, SQL(roles), SQL(condition)
            )
        )
