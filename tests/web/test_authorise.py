"""Each route × each role: who may call it is exactly what the table of permissions says, over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request

from tests.web.house import APP, NOW, ROLES, Client, House, person
from watchword.model.roles import PERMISSIONS, SENSITIVE, Permission
from watchword.pdp.console import Facts, decide
from watchword.web.app import create_app
from watchword.web.authorise import Declared, declared, require_declared

SENTRY = re.compile(r"\{[^}]+\}")


def protected(home: House) -> list[tuple[str, str, Permission]]:
    """Every method of every route that asks for a permission."""
    found = [
        (method, SENTRY.sub("1", one.path), permission)
        for one in declared(home.app.routes)
        for permission in one.permissions
        for method in sorted(one.methods - {"HEAD"})
    ]
    # What is one's own comes last, since it may end the session by which it is asked.
    return sorted(
        found, key=lambda one: (one[2] is Permission.OWN_ACCOUNT, one[1] == "/sign-out", one[1], one[0])
    )


def refusal(who: Client, method: str, path: str, permission: Permission) -> str:
    """With which word the sentry refuses a request; empty where it let it in, whatever came of it then."""
    json = {} if path.startswith("/api/") else None
    answer = who.ask(method, path, json=json, headers={"accept": "application/json"})
    if "problem" not in answer.headers.get("content-type", ""):
        return ""
    told = answer.json()
    code = told.get("code", "")
    mine = told.get("permission", permission) == permission
    return code if mine and code in {"sign_in", "prove_again", "not_allowed"} else ""


def expected(role: str, permission: Permission) -> bool:
    facts = Facts(person(role), ROLES[role], NOW, ("hwk",))
    return decide(facts, permission, NOW).is_allowed


@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_route_lets_in_whoever_the_table_says_and_nobody_else(home: House, role: str) -> None:
    browser = home.browser(role)
    wrong = [
        (method, path, permission.value)
        for method, path, permission in protected(home)
        if (refusal(browser, method, path, permission) != "not_allowed") is not expected(role, permission)
    ]
    assert wrong == []


def test_the_table_is_not_empty_and_has_every_face(home: House) -> None:
    paths = {path for _, path, _ in protected(home)}
    assert {"/", "/findings", "/api/v1/findings", "/api/v1/me"} <= paths


def test_a_stranger_is_let_in_nowhere(home: House) -> None:
    same_site = {"origin": home.plane.settings.public_url, "sec-fetch-site": "same-origin"}
    stranger = Client(home.http, same_site)
    for method, path, permission in protected(home):
        assert refusal(stranger, method, path, permission) == "sign_in", (method, path)


def test_a_token_that_may_only_read_changes_nothing(home: House) -> None:
    program = home.program("administrator", "read")
    for method, path, permission in protected(home):
        if method != "GET" and path.startswith("/api/"):
            assert refusal(program, method, path, permission) == "not_allowed", path


def test_what_is_sensitive_asks_for_a_fresh_passkey(home: House) -> None:
    stale = home.browser("administrator")
    home.clock.wait(minutes=16)
    with_app = home.browser("administrator", APP)
    for method, path, permission in protected(home):
        wanted = "prove_again" if permission in SENSITIVE else ""
        for who in (stale, with_app):
            # What is one's own asks for a proof where it must by itself, and ends these sessions at last.
            if permission is not Permission.OWN_ACCOUNT:
                assert refusal(who, method, path, permission) == wanted, (method, path)


def test_pages_send_to_the_sign_in_and_to_the_proof_and_programs_are_told_how(home: House) -> None:
    answer = home.stranger().get("/findings?severity=high")
    assert answer.headers["location"] == "/sign-in?next=%2Ffindings%3Fseverity%3Dhigh"
    browser = home.browser("administrator", APP)
    answer = browser.post("/api/v1/directories/corp/sync")
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]


def test_rights_end_at_the_next_request_after_a_role_a_session_or_a_person_ends(home: House) -> None:
    guest = home.browser("guest")
    assert guest.get("/api/v1/me").status_code == 200
    home.clock.at = NOW + timedelta(days=91)
    assert guest.get("/api/v1/me").status_code == 401


def test_a_route_that_names_no_permission_does_not_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten(request: Request) -> str:
        return ""

    app.include_router(router)
    with pytest.raises(ValueError, match="/forgotten must name one permission"):
        require_declared(app.routes)


def test_public_routes_say_why_and_are_these(home: House) -> None:
    found: list[Declared] = [one for one in declared(create_app(home.plane).routes) if one.public]
    assert all(len(one.public) > 20 for one in found)
    assert {"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/scim/v2/Users"} <= {
        one.path for one in found
    }


def test_every_role_has_its_own_account() -> None:
    assert all(Permission.OWN_ACCOUNT in held for held in PERMISSIONS.values())
