"""A session is a secret that is kept nowhere, and is over at once when it is ended."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import EVERYWHERE, ScopeKind
from send_records.aggregates.grants import BootstrapRole
from send_records.aggregates.role_endings import RecordPersonLeft
from send_records.aggregates.values import Role, Source
from send_records.api.app import create_app
from send_records.api.callers import Calling, OwnRoute, ShowsTooMuch
from send_records.api.dependencies import ReadSide
from send_records.application import Request
from send_records.store.connections import one
from tests.api.client import own_routes, problem_of
from tests.api.grants import give
from tests.conftest import Cluster
from tests.identity.conftest import FROM_HERE, Site, replace_browser, site_of
from tests.identity.provider import STRONG

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the mock's own

SECURE = "https://records.example"


def secret_of(site: Site) -> str:
    return str(site.http.cookies["session"])


def known_by(site: Site, secret: str) -> Response:
    """Ask who somebody is who brings nothing but a secret."""
    return site.another_browser.me(Cookie=f"session={secret}")


def rows_of(site: Site, person_id: UUID) -> str:
    """Return whatever the database holds of somebody's sessions, and of their sign-ins."""
    with one(site.database.as_owner()) as owner:
        rows = owner.execute("SELECT s::text FROM sessions s WHERE person_id = %s", [person_id])
        return "\n".join(text for (text,) in rows)


def change(site: Site, person_id: UUID, what: str) -> None:
    """Have the session's row say something else, as if time had passed."""
    with one(site.database.as_owner()) as owner:
        owner.execute(f"UPDATE sessions SET {what} WHERE person_id = %s", [person_id])


def test_the_database_holds_no_secret_and_no_name(site: Site) -> None:
    person_id = site.sign_in(name="Zqxcanary")
    secret, rows = secret_of(site), rows_of(site, person_id)

    assert sha256(secret.encode()).hexdigest() in rows
    for never in (secret[:12], secret[-12:], "Zqxcanary"):
        assert never not in rows
        assert never.encode().hex() not in rows


def test_what_is_kept_opens_nothing(site: Site) -> None:
    person_id = site.sign_in()
    with one(site.database.as_owner()) as owner:
        [(session_id, kept)] = owner.execute(
            "SELECT session_id, secret_hash FROM sessions WHERE person_id = %s", [person_id]
        ).fetchall()

    for stolen in (kept.hex(), str(session_id), session_id.hex, str(person_id), "", "s" * 200):
        assert known_by(site, stolen).status_code == 401
    assert known_by(site, secret_of(site)).status_code == 200


def test_a_secret_that_was_planted_is_replaced(site: Site) -> None:
    """Fixation: whoever planted a secret, or a whole session, has nothing of the next."""
    planter = site.another_browser
    planter.sign_in()
    planted = secret_of(planter)
    site.http.cookies.set("session", planted, domain="127.0.0.1", path="/")
    person_id = site.sign_in()

    assert {cookie.value for cookie in site.http.cookies.jar} != {planted}
    assert known_by(site, planted).status_code == 401
    assert site.me().json()["person_id"] == str(person_id)


def test_signing_out_ends_the_session_for_whoever_has_its_secret(site: Site) -> None:
    site.sign_in()
    secret = secret_of(site)
    elsewhere = site.another_browser
    elsewhere.sign_in(site.me().json()["person_id"])

    assert site.http.post("/v1/sign-out", headers=FROM_HERE).status_code == 204
    assert "session" not in site.http.cookies
    assert known_by(site, secret).status_code == 401
    assert elsewhere.me().status_code == 200  # one browser was left, not the other


def test_somebody_can_sign_out_of_every_browser(site: Site) -> None:
    person_id = site.sign_in()
    lost, others = site.another_browser, site.another_browser
    lost.sign_in(str(person_id))
    others.sign_in()

    answer = site.http.post("/v1/sign-out?everywhere=true", headers=FROM_HERE)
    assert answer.status_code == 204
    assert site.me().status_code == lost.me().status_code == 401
    assert others.me().status_code == 200


def test_whoever_leaves_is_out_at_once_everywhere(site: Site) -> None:
    person_id = site.sign_in()
    other, stays = site.another_browser, site.another_browser
    other.sign_in(str(person_id))
    stays.sign_in()

    assert site.system.door.sessions.end_all(person_id) == 2
    assert site.me().status_code == other.me().status_code == 401
    assert stays.me().status_code == 200
    assert site.system.door.sessions.end_all(person_id) == 0


def leave(site: Site, person_id: UUID) -> None:
    """Give somebody a role, and record that they left."""
    granting = site.system.granting
    today = granting.today()
    role = BootstrapRole(
        name="Sam Okoro", role=Role.AUDITOR, kind=ScopeKind.TRUST, from_on=today, why="Of the test"
    )
    by = Actor(id=uuid4(), name="Ada Nowak", role=Role.ADMINISTRATOR)
    granting.bootstrap(
        person_id, role, Request(by, uuid4(), uuid4(), source=Source.SYSTEM), local=True
    )
    left = RecordPersonLeft(left_on=today)
    granting.execute(person_id, left, Request(by, uuid4(), uuid4()), reach=EVERYWHERE)


def test_that_somebody_left_ends_their_sessions_and_keys_in_the_same_transaction(
    site: Site,
) -> None:
    """With the UPDATEs taken out of ``follow`` (0014) both would go on."""
    person_id = site.sign_in()
    other, stays = site.another_browser, site.another_browser
    other.sign_in(str(person_id))
    stays.sign_in()
    _, key = site.system.door.api_keys.make(
        person_id, "Staff feed", ["get_roles"], made_by=person_id, lasts=timedelta(days=1)
    )
    with_key = {"Authorization": f"Bearer {key}"}
    assert site.another_browser.me(**with_key).status_code == 200

    leave(site, person_id)

    assert site.me().status_code == other.me().status_code == 401
    assert site.another_browser.me(**with_key).status_code == 401
    assert stays.me().status_code == 200


LIMITS = (
    "".join(
        f"""
[[rate]]
caller = "{caller}"
per_minute = 60
burst = {burst}
effective_from = 2015-01-01
citation = "test"
"""
        for caller, burst in {"person": 1000, "service": 1000, "failed": 3}.items()
    )
    + """
[[quota]]
role = "*"
opened = 1000
listed = 1000
exports = 1000
effective_from = 2015-01-01
citation = "test"
"""
)

WAYS_TO_FAIL = {
    "a token": lambda site: site.me(Authorization="Bearer of.bad.news"),
    "a key": lambda site: site.me(Authorization=f"Bearer srk_{uuid4().hex}_{'x' * 43}"),
    "a session": lambda site: site.me(Cookie="session=guessed"),
    "nothing": lambda site: site.me(),
    "an answer": lambda site: site.http.get("/v1/sign-in/callback?state=guessed&code=guessed"),
    "a step-up": lambda site: site.http.post("/v1/session/step-up", headers=FROM_HERE),
}


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
def test_whoever_fails_to_be_let_in_takes_turns(cluster: Cluster, tmp_path: Path, way: str) -> None:
    """Without ``failing_in_turn`` at that way in, all would be told 401 as fast as they ask."""
    limits = tmp_path / "watch.toml"
    limits.write_text(LIMITS)
    with site_of(cluster, tmp_path, watch=limits) as site:
        answers = [WAYS_TO_FAIL[way](site.another_browser).status_code for _ in range(6)]
        known = site.another_browser
        known.sign_in()

        assert answers[:3] == [401, 401, 401]
        assert answers[-1] == 429
        assert known.me().status_code == 200


LONG_AGO = "made_at = now() - interval '11 hours'"


@pytest.mark.parametrize(
    ("passed", "known"),
    [
        ("seen_at = now() - interval '59 minutes'", True),
        ("seen_at = now() - interval '60 minutes 1 second'", False),
        (f"{LONG_AGO}, expires_at = now() + interval '1 minute'", True),
        (f"{LONG_AGO}, expires_at = now() - interval '1 second'", False),
    ],
)
def test_a_session_is_over_unused_for_an_hour_or_after_ten(
    site: Site, passed: str, known: bool
) -> None:
    person_id = site.sign_in()
    change(site, person_id, passed)

    assert (site.me().status_code == 200) is known


def test_use_keeps_a_session_but_not_beyond_its_end(site: Site) -> None:
    person_id = site.sign_in()
    with one(site.database.as_owner()) as owner:
        [(lasts,)] = owner.execute(
            "SELECT expires_at - made_at FROM sessions WHERE person_id = %s", [person_id]
        ).fetchall()
    for _ in range(3):
        change(site, person_id, "seen_at = seen_at - interval '50 minutes'")
        assert site.me().status_code == 200

    assert lasts.total_seconds() == 10 * 3600
    change(site, person_id, f"{LONG_AGO}, expires_at = now()")
    assert site.me().status_code == 401


def test_sessions_long_over_are_forgotten(site: Site) -> None:
    person_id = site.sign_in()
    change(
        site,
        person_id,
        "made_at = now() - interval '31 days', expires_at = now() - interval '30 days 1 hour'",
    )
    site.another_browser.sign_in()

    assert rows_of(site, person_id) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000.elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
        {"Referer": "http://127.0.0.1:8000/"},
    ],
    ids=str,
)
def test_a_page_of_another_site_changes_nothing(site: Site, headers: dict[str, str]) -> None:
    site.sign_in()
    for path in ("/v1/sign-out", "/v1/session/step-up", "/v1/planted"):
        answer = site.http.post(path, headers=headers)
        assert answer.status_code in (403, 404)
    problem_of(site.http.post("/v1/sign-out", headers=headers), 403)

    assert site.me().status_code == 200


@pytest.mark.parametrize("headers", [FROM_HERE, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_a_page_of_this_site_may(site: Site, headers: dict[str, str]) -> None:
    site.sign_in()

    assert site.http.post("/v1/sign-out", headers=headers).status_code == 204


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_route_that_asks_who_calls_asks_where_from(site: Site, method: str) -> None:
    app = create_app(site.system)

    @app.api_route("/planted", methods=[method])
    async def plant(caller: Calling) -> str:
        return str(caller.session_id)

    site.sign_in()
    planted = replace_browser(site, TestClient(app, base_url="http://127.0.0.1:8000"))
    planted.http.cookies.update(site.http.cookies)

    assert planted.http.request(method, "/planted").status_code == 403
    assert planted.http.request(method, "/planted", headers=FROM_HERE).status_code == 200


def test_a_header_that_is_no_token_is_not_made_good_by_a_cookie(site: Site) -> None:
    site.sign_in()
    for said in ("Basic c2FtOnNlY3JldA==", "Bearer", "Bearer x", "x", ""):
        assert site.me(Authorization=said).status_code == 401


def test_proving_a_second_factor_again_makes_the_session_stronger(site: Site) -> None:
    person_id = site.sign_in(auth_time=1_700_000_000)
    before, secret = site.me().json(), secret_of(site)
    site.provider.knows(str(person_id), **STRONG)
    answer = site.step_up(person_id)

    assert answer.status_code == 303, answer.text
    after = site.me().json()
    assert before["strong_at"].startswith("2023-11-14")
    assert after["strong_at"] > before["strong_at"]
    assert after["person_id"] == before["person_id"]
    assert known_by(site, secret).status_code == 401  # the weaker secret is worth nothing


def test_a_step_up_asks_for_a_fresh_sign_in(site: Site) -> None:
    site.sign_in()
    there = site.http.post("/v1/session/step-up", headers=FROM_HERE).headers["location"]

    assert "prompt=login" in there
    assert "max_age=0" in there


def test_a_second_factor_of_before_does_not_count_again(site: Site) -> None:
    person_id = site.sign_in()
    strong = site.me().json()["strong_at"]
    site.provider.knows(str(person_id), **STRONG, auth_time=1_700_000_000)

    problem_of(site.step_up(person_id), 403)
    assert site.me().json()["strong_at"] == strong


def test_a_step_up_without_a_second_factor_is_refused(site: Site) -> None:
    person_id = site.sign_in()
    site.provider.knows(str(person_id), name="Sam Okoro", amr=["pwd"])

    problem_of(site.step_up(person_id), 403)


def test_somebody_else_does_not_step_up_for_them(site: Site) -> None:
    site.sign_in()
    other = str(uuid4())
    site.provider.knows(other, **STRONG)

    problem_of(site.step_up(other), 401)


def test_a_step_up_of_a_session_that_is_over_is_refused(site: Site) -> None:
    person_id = site.sign_in()
    there = site.http.post("/v1/session/step-up", headers=FROM_HERE).headers["location"]
    site.system.door.sessions.end_all(person_id)

    problem_of(site.http.get(site.provider.approve(there, str(person_id))), 401)
    problem_of(site.http.post("/v1/session/step-up", headers=FROM_HERE), 401)


def test_over_tls_no_other_host_can_set_the_cookies(cluster: Cluster, tmp_path: Path) -> None:
    there = f"{SECURE}/v1/sign-in/callback"
    with site_of(cluster, tmp_path, oidc_redirect_url=there) as found:
        http = TestClient(found.http.app, base_url=SECURE, follow_redirects=False)
        site = replace_browser(found, http)
        [cookie] = site.http.get("/v1/sign-in").headers.get_list("set-cookie")
        assert cookie.startswith("__Host-sign-in=")
        site.sign_in()
        [session] = [c for c in site.http.cookies.jar if c.name == "__Host-session"]
        assert session.secure
        assert (session.path, session.domain_specified) == ("/", False)
        assert site.me().status_code == 200
        plain = site.another_browser.me(Cookie=f"session={session.value}")
        assert plain.status_code == 401
        assert site.http.post("/v1/sign-out", headers=FROM_HERE).status_code == 403
        answer = site.http.post("/v1/sign-out", headers={"Origin": SECURE})
        assert answer.status_code == 204
        assert "__Host-session" not in site.http.cookies


def test_a_person_whose_provider_proves_nothing_can_sign_in_where_that_will_do(
    cluster: Cluster, tmp_path: Path
) -> None:
    """As DfE Sign-in is: they are known, and nothing that needs a second factor is theirs."""
    with site_of(cluster, tmp_path, oidc_provider="dfe", mfa_required=False) as site:
        sub = site.sign_in(amr=None)

        assert site.me().json()["strong_at"] is None
        problem_of(site.step_up(sub), 403)


def test_an_installation_without_a_provider_says_so(cluster: Cluster, tmp_path: Path) -> None:
    with site_of(cluster, tmp_path, oidc_issuer_url=None) as site:
        problem_of(site.http.get("/v1/sign-in"), 404)
        problem_of(site.http.get("/v1/sign-in/callback?state=x&code=y"), 404)


def test_routes_of_a_session_tell_of_nobody_else(site: Site) -> None:
    app = create_app(site.system)

    assert {str(route.path) for route in own_routes(app)} == {
        "/v1/sign-in",
        "/v1/sign-in/callback",
        "/v1/session/step-up",
        "/v1/sign-out",
        "/v1/me",
    }
    assert [route.path for route in own_routes(app) if "pupil" in str(route.path)] == []


def test_a_route_of_its_own_that_could_show_a_pupil_is_not_built() -> None:
    def show(views: ReadSide) -> None: ...

    with pytest.raises(ShowsTooMuch):
        OwnRoute("/planted", show)


def test_somebody_is_told_their_roles(site: Site) -> None:
    person = site.sign_in()
    assert site.me().json()["roles"] == []
    teacher = Actor(id=person, name="Kim Ade", role=Role.CLASS_TEACHER)
    with one(site.database.as_owner()) as owner:
        give(owner, teacher, ScopeKind.CLASSES, academies=["Alder Park Academy"], classes=["3B"])

    [role] = site.me().json()["roles"]

    assert (role["role"], role["kind"]) == ("class_teacher", "classes")
    assert (role["academies"], role["classes"]) == (["Alder Park Academy"], ["3B"])
    assert (role["years"], role["pupils"]) == ([], [])
