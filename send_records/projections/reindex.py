"""The UPN index made anew, under a new key, so that tags in older backups say nothing to anybody.

With the key of an index all UPNs there can be are soon tried against it.  So the key is replaced
with every erasure, and those before it destroyed: the index after n erasures is under key n + 1.
Whether that is so is seen from the two stores themselves, so whoever was interrupted, or restored
an older key store, is put right by the projector's next start.
"""

from __future__ import annotations

from psycopg import Connection

from send_records.projections.send_register import SendRegister
from send_records.projections.tables import Table
from send_records.store.sealing import UPN_INDEX, Seals


def reindex_if_due(projector: Connection, seals: Seals) -> bool:
    """Replace the index key and every tag, and destroy the keys before it; False if nothing is due.

    May be interrupted and done again: until the old keys are gone, searches try them all.
    """
    row = projector.execute("SELECT count(*) FROM data_keys WHERE destroyed_at IS NOT NULL")
    [(erased,)] = row.fetchall()
    keys = seals.keyring.live(UPN_INDEX)
    if len(keys) == 1 and keys[0][0] > erased:
        return False
    newest, _ = keys[0] if keys and keys[0][0] > erased else seals.keyring.renew(UPN_INDEX)
    while newest <= erased:
        newest, _ = seals.keyring.renew(UPN_INDEX)
    register = Table(SendRegister(), seals)
    with projector.transaction():
        projector.execute(
            "SELECT FROM projection_positions WHERE name = %s FOR UPDATE", [register.name]
        )
        register.retag(projector)
    for key_no, _ in seals.keyring.live(UPN_INDEX):
        if key_no < newest:
            seals.keyring.destroy_key(UPN_INDEX, key_no)
    return True
