"""Finding a pupil: by UPN through its tag, by name by opening and looking through names."""

from __future__ import annotations

from typing import Any

from send_records.projections.names import by_name, plain_name
from send_records.projections.pages import Page, Views, all_by
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import SendRegister


def find_pupils(
    views: Views,
    *,
    upn: str | None,
    name: str | None,
    academy: str | None,
    limit: int,
) -> Page[RegisterRow]:
    """Return the pupils with a UPN, or with a name that holds these words, by name.

    The UPN is looked up by its tag; names are opened and looked through here, for the database
    cannot read them.
    """
    where: dict[str, Any] = {} if academy is None else {"academy": academy}
    if upn is not None:
        where["upn_tag"] = views.seals.index().tags(upn)
    words = plain_name(name or "").split()
    if name is not None and not words:
        return Page([])

    def wanted(row: RegisterRow) -> bool:
        known = plain_name(f"{row.legal_name} {row.preferred_name or ''}")
        return all(word in known for word in words) and upn in (None, row.upn)

    found = all_by(views, SendRegister, by_name, where)
    return Page([each for each in found if wanted(each.row)][:limit])
