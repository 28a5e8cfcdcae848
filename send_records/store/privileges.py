"""Who may do what in the database, and which rows of pupils they see: one table, from which the
grants and the row-level security of every table are made.

A table that is not named here is out of everybody's reach but its owner's; a test compares the
names with the catalogue's.  Row-level security is forced, so it binds the owner too:

* app        sees rows of pupils in the scope of its unit of work (``scopes``), and no others
* projector  is above it (``roles``), for it makes the rows
* notary     sees positions and leaves, of all
* owner      sees the log, which its functions append to and read; what is projected, only in
             maintenance, so that a view which forgot ``security_invoker`` shows nothing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import LiteralString

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from send_records.store.roles import Roles

READ: LiteralString = "SELECT"
FILL: LiteralString = "SELECT, INSERT, UPDATE, DELETE"


class Rows(Enum):
    """Whose rows of a table the application sees: a condition on each."""

    STREAM = (
        "stream_id = ANY ((SELECT scope_pupils())::uuid[]) "
        "OR stream_id IN (SELECT pupil_id FROM whereabouts)"
    )
    PUPIL = (
        "pupil_id = ANY ((SELECT scope_pupils())::uuid[]) "
        "OR pupil_id IN (SELECT pupil_id FROM whereabouts)"
    )
    WHERE = (
        "pupil_id = ANY ((SELECT scope_pupils())::uuid[]) "
        "OR places && (SELECT scope_places())::text[]"
    )
    UPLOAD = "upload_id IN (SELECT upload_id FROM document_uploads)"
    NAMED = "pupils && (SELECT scope_pupils())::uuid[]"
    """Access rows of pupils named in the scope: nobody asks for all of anybody's."""


class Owner(Enum):
    """When the owner of a table sees its rows."""

    ALWAYS = "true"
    """Functions of ours that append to it or read it run as the owner."""
    IN_MAINTENANCE = "in_maintenance()"


@dataclass(frozen=True, slots=True)
class Privileges:
    """What each role may do with a table, and which rows it sees."""

    app: LiteralString = ""
    projector: LiteralString = ""
    notary: LiteralString = ""
    rows: Rows | None = None
    """None if no row is of a pupil."""
    owner: Owner = Owner.IN_MAINTENANCE
    grants: Mapping[str, LiteralString] = field(init=False)

    def __post_init__(self) -> None:
        named = {"app": self.app, "projector": self.projector, "notary": self.notary}
        object.__setattr__(self, "grants", {name: verbs for name, verbs in named.items() if verbs})


LEAVES: LiteralString = "SELECT (position, leaf)"
VIEW = Privileges(app=READ, projector=FILL, rows=Rows.PUPIL)
STATES = Privileges(projector=FILL, rows=Rows.PUPIL)
"""What the rows of a view follow from: the application shows none of it."""

TABLES: dict[str, Privileges] = {
    "schema_migrations": Privileges(app=READ),
    "privileges_applied": Privileges(),
    "trust": Privileges(app=READ, notary=READ),
    "log_head": Privileges(app=READ, projector=READ, notary=READ),
    "access_head": Privileges(app=READ, notary=READ),
    "tiles": Privileges(app=READ, notary="SELECT, INSERT, UPDATE"),
    "checkpoints": Privileges(app=READ, notary="SELECT, INSERT"),
    "commands": Privileges(),
    "events": Privileges(READ, READ, LEAVES, rows=Rows.STREAM, owner=Owner.ALWAYS),
    "data_keys": Privileges(READ, READ, rows=Rows.STREAM, owner=Owner.ALWAYS),
    "access_log": Privileges(READ, notary=LEAVES, rows=Rows.NAMED, owner=Owner.ALWAYS),
    "whereabouts": Privileges(
        app=READ,
        projector="SELECT, UPDATE (academy, nc_year, class_name, left_on, version)",
        rows=Rows.WHERE,
        owner=Owner.ALWAYS,
    ),
    "grants": Privileges(),
    "authority_head": Privileges(app=READ),
    "document_uploads": Privileges(
        app="SELECT, INSERT (upload_id, pupil_id)", rows=Rows.PUPIL, owner=Owner.ALWAYS
    ),
    "document_chunks": Privileges(
        app="SELECT, INSERT (upload_id, chunk, sealed)", rows=Rows.UPLOAD, owner=Owner.ALWAYS
    ),
    "document_contents": Privileges(
        app="SELECT, INSERT (content_id, upload_id, chunks, sealed)",
        rows=Rows.UPLOAD,
        owner=Owner.ALWAYS,
    ),
    "jobs": Privileges(
        app="SELECT, INSERT (job_id, pupil_id, kind, asked_by, expires_at, request_mac, sealed)",
        rows=Rows.PUPIL,
        owner=Owner.ALWAYS,
    ),
    "projection_positions": Privileges(app=READ, projector=FILL),
    "projection_rules": Privileges(app=READ, projector="SELECT, INSERT, UPDATE"),
    "send_register": VIEW,
    "chronology": VIEW,
    "retention_schedule": VIEW,
    "agreements": VIEW,
    "agreements_states": STATES,
    "provision_map": VIEW,
    "provision_map_states": STATES,
    "medical_register": VIEW,
    "medical_register_states": STATES,
    "duties": VIEW,
    "duties_states": STATES,
    "evidence_gaps": VIEW,
    "evidence_gaps_states": STATES,
    "targets": VIEW,
    "targets_states": STATES,
    "concerns_log": VIEW,
    "concerns_log_states": STATES,
    "calendar_feeds": Privileges(app="SELECT, INSERT, UPDATE (ended_at)"),
    "sessions": Privileges(app="SELECT, INSERT, DELETE, UPDATE (seen_at, ended_at)"),
    "sign_ins": Privileges(app="SELECT, INSERT, DELETE"),
    "api_keys": Privileges(app="SELECT, INSERT, UPDATE (last_used_on, ended_at)"),
}

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "append": ("app",),
    "append_access": ("app",),
    "abandon_upload": ("app",),
    "remove_unfiled": ("app",),
    "claim_job": ("app",),
    "beat_job": ("app",),
    "fence_job": ("app",),
    "end_job": ("app",),
    "release_job": ("app",),
    "remove_cancelled": ("app",),
    "cancel_job": ("app",),
    "remove_expired_jobs": ("app",),
    "remove_result": (),
    "find_commands": ("app",),
    "leaves": ("app", "notary"),
    "watch_told": ("app",),
    "watch_anomalies": ("app",),
    "position_at": ("app",),
    "recorded_at": ("app",),
    "standing": ("app",),
    "texts_of": (),
    "follow": (),
    "note_change": (),
    "grants_in_force": ("app",),
    "scope_pupils": ("app", "projector"),
    "scope_places": ("app", "projector"),
    "in_maintenance": ("app", "projector"),
}
"""Who may call what; whatever is not here, only its owner."""


def apply_privileges(owner: Connection, roles: Roles) -> bool:
    """See to it that grants and policies are those of the table above, as the schema's owner with
    the schema as search path; False if they were made from it before."""
    statements = list(_statements(roles))
    said = sha256("\n".join(each.as_string(owner) for each in statements).encode()).hexdigest()
    known = owner.execute("SELECT sha256 FROM privileges_applied").fetchone()
    if known == (said,):
        return False
    for statement in statements:
        owner.execute(statement)
    owner.execute(
        "INSERT INTO privileges_applied (sha256) VALUES (%s) ON CONFLICT (one) "
        "DO UPDATE SET sha256 = excluded.sha256, applied_at = clock_timestamp()",
        [said],
    )
    return True


def _statements(roles: Roles) -> Iterator[Composed]:
    others = [role for role in _others(roles).values()]
    for function, callers in FUNCTIONS.items():
        named = Identifier(function)
        yield SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(named)
        for role in others:
            yield SQL("REVOKE ALL ON FUNCTION {} FROM {}").format(named, Identifier(role))
        for caller in callers:
            if caller in _others(roles):
                yield SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(
                    named, Identifier(_others(roles)[caller])
                )
    for table in TABLES:
        yield from privileges_of(table, roles)
        yield from row_security_of(table, roles)


def _others(roles: Roles) -> dict[str, str]:
    """Return the roles that are not the owner, by what they are; all, unless a schema is used by
    its owner alone."""
    named = {"app": roles.app, "projector": roles.projector, "notary": roles.notary}
    return {name: role for name, role in named.items() if role and role != roles.owner}


def privileges_of(table: str, roles: Roles) -> Iterator[Composed]:
    """Yield what gives each role its part of a table, and no more."""
    named = Identifier(table)
    for kind, role in _others(roles).items():
        yield SQL("REVOKE ALL ON {} FROM {}").format(named, Identifier(role))
        if verbs := TABLES[table].grants.get(kind):
            yield SQL("GRANT {} ON {} TO {}").format(SQL(verbs), named, Identifier(role))


def row_security_of(table: str, roles: Roles) -> Iterator[Composed]:
    """Yield what puts a table with rows of pupils under row-level security."""
    rows, owner = TABLES[table].rows, TABLES[table].owner
    if rows is None:
        return
    named = Identifier(table)
    yield SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(named)
    yield SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(named)
    seen: dict[str, tuple[str, LiteralString]] = {"owner": (roles.owner, owner.value)}
    for kind, role in _others(roles).items():
        if kind in TABLES[table].grants and kind != "projector":
            seen[kind] = role, rows.value if kind == "app" else "true"
    for kind in ("owner", "app", "notary"):
        policy = Identifier(f"seen_by_{kind}")
        yield SQL("DROP POLICY IF EXISTS {} ON {}").format(policy, named)
        if kind in seen:
            role, condition = seen[kind]
            yield SQL("CREATE POLICY {} ON {} TO {} USING ({})").format(
                policy, named, Identifier(role), SQL(condition)
            )
