"""A token is believed if it is ours, in time and says who acts; everything else is refused."""

from __future__ import annotations

import base64
import hmac
import json
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from send_records.errors import NotSignedIn
from send_records.identity import LocalIssuer, Verifier, keys_from, person_id_of, tokens
from tests.scenario import SENCO

ISSUER, AUDIENCE = "urn:send-records:local", "send-records"


@pytest.fixture
def local(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer(tmp_path, issuer=ISSUER, audience=AUDIENCE)


@pytest.fixture
def verifier(local: LocalIssuer) -> Verifier:
    return Verifier(local.public_keys(), issuer=ISSUER, audience=AUDIENCE)


def claims(**changes: Any) -> dict[str, Any]:
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(SENCO.id),
        "name": SENCO.name,
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def signed(local: LocalIssuer, **changes: Any) -> str:
    """Return a token signed with the issuer's own key."""
    key = local.key
    header = {"alg": "Ed25519", "kid": key.kid}
    return jwt.encode(header, claims(**changes), key, algorithms=["Ed25519"])


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def forged(header: object, payload: object = None, signature: bytes = b"x" * 64) -> str:
    return ".".join([part(header), part(claims() if payload is None else payload), part(signature)])


def refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(NotSignedIn) as caught:
        verifier.caller(token)
    assert str(caught.value) == "Sign in again: the token is missing, expired or not ours."


def test_a_token_says_who_acts(local: LocalIssuer, verifier: Verifier) -> None:
    assert verifier.caller(local.token(SENCO)).name == SENCO.name


def test_a_role_that_a_token_claims_is_not_believed(local: LocalIssuer, verifier: Verifier) -> None:
    """Roles come from grants: a provider cannot give one, and nor can whoever has its key."""
    claimed = {"role": "dpo", "roles": ["dpo"], "academy": "Alder Park Academy"}

    assert verifier.caller(signed(local, **claimed)) == verifier.caller(signed(local))


def test_a_token_ends_half_a_minute_after_it_says(local: LocalIssuer, verifier: Verifier) -> None:
    def ended(seconds_ago: float) -> str:
        return local.token(SENCO, seconds=60, now=lambda: time.time() - 60 - seconds_ago)

    assert verifier.caller(ended(5)).person_id == SENCO.id
    refused(verifier, ended(40))


def test_a_token_that_was_believed_ends_as_well(
    local: LocalIssuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, began = local.token(SENCO, seconds=60), time.time()
    assert verifier.caller(token) is verifier.caller(token)

    monkeypatch.setattr(time, "time", lambda: began + 100)
    refused(verifier, token)


def test_many_tokens_are_no_burden(
    local: LocalIssuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "BELIEVED", 3)
    for number in range(10):
        verifier.caller(local.token(SENCO.model_copy(update={"id": UUID(int=number)})))

    assert len(verifier._believed) <= 3


def test_another_keys_token_is_refused(verifier: Verifier, tmp_path: Path) -> None:
    stranger = LocalIssuer(tmp_path / "other", issuer=ISSUER, audience=AUDIENCE)

    refused(verifier, stranger.token(SENCO))


def test_another_keys_token_under_our_keys_name_is_refused(
    local: LocalIssuer, verifier: Verifier
) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "kid": local.key.kid}

    refused(verifier, jwt.encode(header, claims(), stranger, algorithms=["Ed25519"]))


def test_a_key_sent_with_the_token_is_not_believed(verifier: Verifier) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "jwk": stranger.as_dict(private=False)}

    refused(verifier, jwt.encode(header, claims(), stranger, algorithms=["Ed25519"]))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "urn:send-records:elsewhere"},
        {"aud": "another-service"},
        {"aud": []},
        {"iss": None},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"nbf": 9_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
        {"name": None},
        {"name": ""},
        {"name": 5},
        {"name": "Sam\x00Okoro"},
        {"name": "Sam \u202eOkoro"},
        {"name": "S" * 201},
    ],
    ids=str,
)
def test_a_token_of_ours_must_say_all_that_is_asked(
    local: LocalIssuer, verifier: Verifier, changes: dict[str, Any]
) -> None:
    refused(verifier, signed(local, **changes))


def test_a_token_for_several_services_is_for_us_too(local: LocalIssuer, verifier: Verifier) -> None:
    assert verifier.caller(signed(local, aud=["another-service", AUDIENCE])).person_id == SENCO.id


def test_a_token_without_a_signature_is_refused(verifier: Verifier) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        refused(verifier, forged({"alg": algorithm}, signature=b""))


def test_a_public_key_is_no_secret_to_sign_with(local: LocalIssuer, verifier: Verifier) -> None:
    public = OKPKey.import_key(local.key.as_dict(private=False))
    raw = base64.urlsafe_b64decode(f"{public.as_dict()['x']}=")
    for secret in (public.as_pem(), public.as_der(), json.dumps(public.as_dict()).encode(), raw):
        for algorithm, digest in (("HS256", "sha256"), ("HS512", "sha512")):
            unsigned = f"{part({'alg': algorithm, 'kid': local.key.kid})}.{part(claims())}"
            signature = hmac.digest(secret, unsigned.encode(), digest)
            refused(verifier, f"{unsigned}.{part(signature)}")


@pytest.mark.parametrize(
    "header",
    [
        [],
        None,
        5,
        "Ed25519",
        {},
        {"alg": 5},
        {"alg": ["Ed25519"]},
        {"alg": "Ed25519", "kid": []},
        {"alg": "Ed25519", "kid": "../../etc/passwd"},
        {"alg": "Ed25519", "crit": ["b64"], "b64": False},
        {"alg": "Ed25519", "crit": 5},
        {"alg": "dir", "enc": "A128GCM"},
        {"alg": "RS256"},
        {"alg": "ES256"},
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 60_000,
    ],
    ids=lambda header: str(header)[:30],
)
def test_a_header_that_is_not_ours_is_refused(verifier: Verifier, header: object) -> None:
    refused(verifier, forged(header))
    refused(verifier, forged(header) + ".x.x")


@pytest.mark.parametrize("payload", [b"", b"[]", b"5", b'"x"', b"null", b"\xff", b"[" * 50_000])
def test_a_signed_payload_that_is_no_object_is_refused(
    local: LocalIssuer, verifier: Verifier, payload: bytes
) -> None:
    header = {"alg": "Ed25519", "kid": local.key.kid}
    token = jws.serialize_compact(header, payload, local.key, algorithms=["Ed25519"])

    refused(verifier, token)


@pytest.mark.parametrize("garbage", ["", ".", "..", "...", "a.b.c", "é.é.é", "\x00", "Bearer x"])
def test_garbage_is_refused(verifier: Verifier, garbage: str) -> None:
    refused(verifier, garbage)


def test_something_huge_is_refused_at_once(verifier: Verifier) -> None:
    started = time.monotonic()
    for huge in ("a" * 1_000_000, "a." * 500_000, f"{'a' * 500_000}.{'b' * 500_000}.c"):
        refused(verifier, huge)
    assert time.monotonic() - started < 2


def test_one_character_changed_is_refused(local: LocalIssuer, verifier: Verifier) -> None:
    token = local.token(SENCO)
    header, payload, signature = token.split(".")
    raised = part(claims(sub=str(UUID(int=5))))

    refused(verifier, f"{header}.{raised}.{signature}")
    refused(verifier, f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")
    assert verifier.caller(token).person_id == SENCO.id


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS256", RSAKey.generate_key(2048)), ("ES256", ECKey.generate_key("P-256"))],
    ids=["RS256", "ES256"],
)
def test_an_identity_providers_keys_are_read_from_a_file(
    tmp_path: Path, algorithm: str, key: RSAKey | ECKey
) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    verifier = Verifier(keys_from(file), issuer=ISSUER, audience=AUDIENCE)
    token = jwt.encode({"alg": algorithm}, claims(), key, algorithms=[algorithm])

    assert verifier.caller(token).person_id == SENCO.id
    assert key.is_private
    assert "d" not in json.loads(file.read_text())["keys"][0]


def test_a_subject_that_is_a_uuid_is_the_actors_id() -> None:
    assert person_id_of(ISSUER, str(SENCO.id)) == SENCO.id


def test_another_subject_has_an_id_that_stays_the_same() -> None:
    assert person_id_of(ISSUER, "auth0|sam") == UUID("92046059-df4a-5413-86c9-220180cfdfaa")
    assert person_id_of(ISSUER, "auth0|sam") != person_id_of(ISSUER, "auth0|kim")
    assert person_id_of(ISSUER, "auth0|sam") != person_id_of("https://login.example", "auth0|sam")


def test_the_key_is_readable_by_its_owner_alone(local: LocalIssuer, tmp_path: Path) -> None:
    local.token(SENCO)

    assert stat.S_IMODE((tmp_path / "issuer.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


def test_the_key_is_made_once(local: LocalIssuer, verifier: Verifier, tmp_path: Path) -> None:
    later = LocalIssuer(tmp_path, issuer=ISSUER, audience=AUDIENCE)

    assert later.key.as_dict() == local.key.as_dict()
    assert verifier.caller(later.token(SENCO)).person_id == SENCO.id


def test_what_is_published_of_the_key_is_not_the_secret(local: LocalIssuer) -> None:
    [published] = local.public_keys().as_dict()["keys"]

    assert "d" not in published
    assert not local.public_keys().keys[0].is_private


KEY_OF = """
import sys
from pathlib import Path
from send_records.identity import LocalIssuer

sys.stdin.readline()
print(LocalIssuer(Path(sys.argv[1]), issuer="i", audience="a").key.as_dict(private=True)["d"])
"""


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEY_OF, str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in processes}

    assert len(keys) == 1
    assert keys != {""}
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


def test_a_start_that_was_cut_short_does_not_stop_the_next(tmp_path: Path) -> None:
    for leftover in ("issuer.1.tmp", "issuer.tmp", "issuer.abc"):
        (tmp_path / leftover).write_bytes(b"half a k")

    assert LocalIssuer(tmp_path, issuer=ISSUER, audience=AUDIENCE).key.is_private
