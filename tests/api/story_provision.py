"""Support as it is given, and the medical register: steps of the story, under a plan with T1."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from send_records.aggregates.adjustments import AdjustmentKind, AgreeAdjustment, EndAdjustment
from send_records.aggregates.delivery import Deliverer, Delivery, Tier
from send_records.aggregates.healthcare import Medication, RecordHealthcarePlan
from send_records.aggregates.medical import PlaceOnMedicalRegister, RemoveFromMedicalRegister
from send_records.aggregates.profiles import WriteOnePageProfile
from send_records.aggregates.provision import ChangeProvision, StartProvision
from send_records.aggregates.sessions import EndProvision, LogProvisionSessions
from send_records.aggregates.values import Area
from tests.api.steps import Step, step
from tests.scenario import MOTHER

PROVISION, ADJUSTMENT, PLACE, SECOND_PLACE = (UUID(int=n) for n in range(350, 354))

TAUGHT = Delivery(
    deliverer=Deliverer(role="teaching_assistant", name="Bo Quist"),
    group_size=2,
    sessions_per_week=Decimal(5),
    minutes=10,
    hourly_rate=Decimal("16.40"),
)

STEPS: list[Step] = [
    step(
        StartProvision(
            occurred_on=date(2024, 3, 11),
            intervention="Precision teaching",
            tier=Tier.TARGETED,
            area=Area.COGNITION,
            target="T1",
            delivery=TAUGHT,
            weeks=10,
            entry_data="41 words a minute",
        ),
        PROVISION,
    ),
    step(
        LogProvisionSessions(
            occurred_on=date(2024, 3, 15),
            provision_id=PROVISION,
            first_day=date(2024, 3, 11),
            last_day=date(2024, 3, 15),
            planned=5,
            delivered=4,
            attended=3,
            note="A trip on Friday",
        )
    ),
    step(
        ChangeProvision(
            occurred_on=date(2024, 4, 15),
            provision_id=PROVISION,
            delivery=TAUGHT.model_copy(update={"group_size": 1}),
            why="Alone she asks for help",
        )
    ),
    step(
        EndProvision(
            occurred_on=date(2024, 5, 24),
            provision_id=PROVISION,
            exit_data="58 words a minute",
            impact_rating=1,
        )
    ),
    step(
        AgreeAdjustment(
            occurred_on=date(2024, 3, 12),
            kind=AdjustmentKind.AUXILIARY_AID,
            adjustment="Texts in large print",
            barrier="Loses the line",
            where=("Every lesson",),
            contact_ids=(MOTHER,),
            pupil_agreed=True,
        ),
        ADJUSTMENT,
    ),
    step(
        EndAdjustment(occurred_on=date(2024, 5, 24), adjustment_id=ADJUSTMENT, why="Reads any size")
    ),
    step(
        WriteOnePageProfile(
            occurred_on=date(2024, 3, 13),
            like_and_admire=("Kind to new children",),
            important_to=("Knowing what comes next",),
            how_to_support=("One instruction at a time",),
            authors=("Her mother",),
        )
    ),
    step(
        PlaceOnMedicalRegister(
            occurred_on=date(2024, 3, 14), condition="Asthma", detail="Worse in cold air"
        ),
        PLACE,
    ),
    step(
        RecordHealthcarePlan(
            occurred_on=date(2024, 3, 14),
            condition="Asthma",
            emergency="No relief after ten puffs: call 999",
            medication=(Medication(name="Salbutamol", dose="2 puffs", self_administered=True),),
            trained_staff=2,
            contact_ids=(MOTHER,),
            review_on=date(2025, 3, 14),
        )
    ),
    step(
        PlaceOnMedicalRegister(occurred_on=date(2024, 3, 15), condition="Hay fever"), SECOND_PLACE
    ),
    step(
        RemoveFromMedicalRegister(
            occurred_on=date(2024, 6, 14), condition="Hay fever", why="Grown out of it"
        )
    ),
]
