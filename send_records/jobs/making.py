"""Which commands are recorded by jobs, and who makes what they record."""

from __future__ import annotations

from typing import cast

from send_records.aggregates.bundles import PrepareBundle
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.disclosure.bundling import Bundling
from send_records.disclosure.preparing import Asked, Preparing
from send_records.jobs import Made, Makers, Task, Working


def makers_of(preparing: Preparing, bundling: Bundling) -> Makers:
    """Return who makes what."""

    def disclosure(task: Task, working: Working) -> Made:
        command = cast(PrepareDisclosure, task.command)
        return Made(*preparing.disclosure(_asked(task), command, working))

    def bundle(task: Task, working: Working) -> Made:
        command = cast(PrepareBundle, task.command)
        return Made(*bundling.bundle(_asked(task), command, working))

    return {PrepareDisclosure: disclosure, PrepareBundle: bundle}


def _asked(task: Task) -> Asked:
    return Asked(task.job_id, task.pupil_id, task.position, task.accesses)
