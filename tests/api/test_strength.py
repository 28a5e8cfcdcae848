"""How strongly, and how lately, somebody must have proved who they are: for records, and for what
takes records out."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from send_records.aggregates.values import Role
from tests.api.client import Client, problem_of
from tests.api.story import PUPIL
from tests.scenario import SENCO

AGAIN = 'Bearer error="insufficient_user_authentication", max_age="300"'
"""As RFC 9470 s.3 has it, written down by hand."""


def asked(client: Client, path: str, **signed: Any) -> Response:
    """Ask with a token of somebody who has their role, and signed in as told."""
    client.known(path)
    token = client.issuer.token(client.actor, **signed)
    return client.http.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("path", ["/v1/register", f"/v1/pupils/{PUPIL}", "/v1/caseload"])
def test_one_factor_opens_no_record(client: Client, path: str) -> None:
    response = asked(client, path, mfa=False)

    assert problem_of(response, 401)["type"].endswith(":second-factor-missing")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_copy_asks_for_a_sign_in_of_the_last_minutes(client: Client, pupil_id: str) -> None:
    path = f"/v1/pupils/{pupil_id}/extract?seen=9999"
    long_ago = int(time.time()) - 310

    again = asked(client, path, auth_time=long_ago)

    assert problem_of(again, 401)["type"].endswith(":sign-in-again")
    assert again.headers["WWW-Authenticate"] == AGAIN
    assert asked(client, path, auth_time=long_ago + 60).status_code != 401


def test_a_sign_in_of_this_morning_is_enough_to_read(client: Client, pupil_id: str) -> None:
    this_morning = int(time.time()) - 6 * 3600

    assert asked(client, f"/v1/pupils/{pupil_id}/history", auth_time=this_morning).is_success


def test_roles_are_handed_out_by_those_who_signed_in_just_now(client: Client) -> None:
    admin = client.signed_as(SENCO.model_copy(update={"id": uuid4(), "role": Role.ADMINISTRATOR}))
    path = f"/v1/people/{uuid4()}/roles/grant"
    admin.known(path)
    token = admin.issuer.token(admin.actor, auth_time=int(time.time()) - 310)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}

    answer = client.http.post(path, json={"proposal_id": str(uuid4())}, headers=headers)

    assert problem_of(answer, 401)["type"].endswith(":sign-in-again")
    assert answer.headers["WWW-Authenticate"] == AGAIN
