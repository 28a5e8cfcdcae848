"""Whose words an entry is made of, where who records it tells: a parent's are the parent's."""

from __future__ import annotations

from send_records.aggregates.values import Origin, Role
from send_records.errors import NotPermitted

OWN = {
    Role.PARENT: Origin.PARENT,
    Role.PUPIL: Origin.PUPIL,
    Role.PROFESSIONAL: Origin.PROFESSIONAL,
}
"""Who speaks for nobody but themself (``security.md``, "Who may do what")."""


class OriginNotTheirs(NotPermitted):
    """What parents, pupils and professionals record comes from them: it decides who may be told of
    it, and nobody says it in somebody else's name."""

    basis = "Data Protection Act 2018 Sch 3 para 13; UK GDPR Art 5(1)(d)"


def origin_for(role: Role, said: Origin | None, otherwise: Origin) -> Origin:
    """Return whom an entry comes from: what is said, if anything is, or what else follows; raise
    OriginNotTheirs if whoever records it cannot say so."""
    own = OWN.get(role)
    if own is None:
        return otherwise if said is None else said
    if said not in (None, own):
        raise OriginNotTheirs("Leave out the origin: what you record comes from you.")
    return own
