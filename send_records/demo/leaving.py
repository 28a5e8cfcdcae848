"""What leaves: Aisha's subject access and Leo's bundle, each prepared by the SENCo, approved by the
officer, and left as files in a folder."""

from __future__ import annotations

from pathlib import Path

from send_records.demo.client import Api
from send_records.demo.handing_out import Json
from send_records.demo.leaving_access import subject_access
from send_records.demo.leaving_bundle import bundle


def leaves(api: Api, aisha: str, leo: str, mother: str, to: Path, vkeys: list[str]) -> Json:
    """Prepare both, and leave their files in a folder; return what is to be told of them.

    ``mother`` is the contact who asked; ``vkeys`` are the trust's keys, as an outsider has them.
    """
    return {
        "access": subject_access(api, aisha, mother, to / "aisha-subject-access", vkeys),
        "bundle": bundle(api, leo, to / "leo-tribunal-bundle", vkeys),
    }
