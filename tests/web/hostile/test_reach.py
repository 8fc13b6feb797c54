"""What belongs to others, and what nobody may give themselves: every route, with ids, fields and tokens of other people."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.web.hostile.test_forms import UNSEEN
from tests.web.hostile.wire import SAME, Wire, signed_in, state_of, with_passkey
from watchword.model.people import PrincipalId
from watchword.web.authorise import declared
from watchword.web.login import api_tokens

SAFE = {"GET", "HEAD", "OPTIONS"}
SEEN = (*UNSEEN, "sessions", "api_tokens")
"""Also tables that change when somebody only comes: when a session or a token was last used."""


class Owner:
    """Somebody with a session, a token, a passkey and a role, and the ids of all of them."""

    def __init__(self, wire: Wire, who: str) -> None:
        self.headers = signed_in(wire.home, who)
        with_passkey(wire, who)
        wish = api_tokens.Wish("a program", ("read",), timedelta(days=30))
        issued = api_tokens.issue(wire.home.plane.database, PrincipalId(who), wish, wire.home.visit())
        rows = state_of(wire)
        self.ids = {
            "session": next(row[0] for row in rows["sessions"] if row[1] == who),
            "wanted": next(row[0] for row in rows["sessions"] if row[1] == who),
            "factor": next(row[0] for row in rows["factors"] if row[1] == who),
            "token": issued.token.id,
            "assignment": f"g-{who}",
        }


@pytest.fixture(scope="module")
def admin(wire: Wire) -> Owner:
    return Owner(wire, "administrator")


def filled(path: str, ids: dict[str, str], whose: str) -> str:
    """A path with the ids of somebody's things."""
    given = {
        **ids,
        "directory": "corp",
        "sequence": "1",
        "account": "1",
        "service": "iam",
        "name": "x",
        "id": "x",
    }
    if "/sessions/" in path or "/tokens/" in path or "/roles/{identifier}" in path:
        kind = "session" if "/sessions/" in path else "token" if "/tokens/" in path else "assignment"
        given["identifier"] = whose if path.startswith("/people/") else ids[kind]
    else:
        given["identifier"] = whose
    return re.sub(r"\{(\w+)\}", lambda one: given[one[1]], path)


HARMLESS = {"/theme", "/sign-out", "/audit/verify"}
"""What is no change: choosing colours, ending the session of the request's own cookie (a program has none), verifying the log."""

BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b'{"reason": "a good reason"}'),
    (
        "application/x-www-form-urlencoded",
        b"why=a+good+reason&name=mine&role=administrator&decision=accept&confirm=yes",
    ),
)


@pytest.mark.parametrize("who", ["guest", "user"])
def test_nobody_reaches_what_is_somebody_elses_by_its_id(wire: Wire, admin: Owner, who: str) -> None:
    mine, before = signed_in(wire.home, who), state_of(wire, *UNSEEN)
    seen = []
    for one in declared(wire.home.app.routes):
        path = filled(one.path, admin.ids, "administrator")
        if "{" not in one.path or path.startswith(("/static/", "/scim/", "/sign-in/")):
            continue
        for method in sorted(one.methods - {"HEAD"}):
            for media, body in BODIES if method != "GET" else BODIES[:1]:
                answer = wire.ask(
                    method, path, {**mine, "content-type": media}, b"" if method == "GET" else body
                )
                assert answer.status in {401, 403, 404, 422} or _to_proof(answer), (
                    method,
                    path,
                    answer.status,
                )
                assert "The administrator" not in answer.text
                seen.append(path)
    assert len(set(seen)) > 30
    assert state_of(wire, *UNSEEN) == before


def _to_proof(answer: Any) -> bool:
    """Whether the answer leads to a proof, or says the same of a session of others as of one that is over."""
    where = answer.get("location")
    return answer.status == 303 and (where.startswith("/prove-again") or where == "/me?done=session-ended")


@pytest.mark.parametrize(
    "query",
    [
        "principal=administrator",
        "principal=administrator&principal=user",
        "principal=user&principal=administrator",
    ],
)
def test_lists_of_ones_own_things_do_not_become_those_of_others(wire: Wire, admin: Owner, query: str) -> None:
    mine = signed_in(wire.home, "user")
    for path in ("/api/v1/sessions", "/api/v1/tokens"):
        answer = wire.get(f"{path}?{query}", mine)
        assert answer.status in {200, 403}
        assert all(one not in answer.text for one in admin.ids.values())


def test_a_cursor_of_one_list_opens_no_other(wire: Wire) -> None:
    boss, mine = signed_in(wire.home, "administrator"), signed_in(wire.home, "user")
    linked = wire.get("/api/v1/people?limit=1", boss)
    cursor = re.search(
        r"[?&](after|cursor)=([^&>]+)", linked.get("link") + linked.text.replace("\\u0026", "&")
    )
    if cursor is None:
        pytest.fail(f"no cursor in {linked}")
    for path in ("/api/v1/sessions", "/api/v1/tokens", "/api/v1/roles"):
        assert wire.get(f"{path}?{cursor[1]}={cursor[2]}", mine).status in {400, 403, 422}, path
    assert wire.get(f"/api/v1/people?{cursor[1]}={cursor[2][:-2]}AA", boss).status in {400, 422}


def test_a_token_that_may_only_read_changes_nothing_on_any_face(wire: Wire, admin: Owner) -> None:
    program = wire.home.program("administrator", "read").headers
    before = state_of(wire, *SEEN)
    for one in declared(wire.home.app.routes):
        path = filled(one.path, admin.ids, "user")
        for method in sorted(one.methods - SAFE):
            if not path.startswith("/scim/"):
                for media, body in BODIES:
                    answer = wire.ask(method, path, {**program, "content-type": media}, body)
                    assert answer.status >= 400 or path in HARMLESS, (method, path, answer.status)
    after = state_of(wire, *SEEN)
    assert after == before


def test_a_program_makes_itself_no_token_and_no_factor_and_vouches_for_nobody(wire: Wire) -> None:
    program = wire.home.program("administrator", "read", "write").headers
    wish = json.dumps({"display": "another", "scopes": ["write"], "days": 365}).encode()
    before = {
        name: rows for name, rows in state_of(wire).items() if name in {"api_tokens", "factors", "recoveries"}
    }
    count = {name: len(rows) for name, rows in before.items()}
    assert wire.json("POST", "/api/v1/tokens", wish, program).status == 403
    for path in ("/me/passkey", "/me/totp", "/prove-again"):
        assert wire.get(path, {**program, "accept": "text/html"}).status == 403, path
    for path in ("/me/passkey", "/me/totp", "/me/tokens", "/prove-again/totp", "/prove-again/passkey"):
        assert wire.form(path, {"name": "x", "days": "7", "code": "123456"}, program).status == 403, path
    ask = json.dumps({"principal": "user", "reason": "a good reason"}).encode()
    assert wire.json("POST", "/api/v1/recoveries", ask, program).status == 403
    assert {name: len(state_of(wire)[name]) for name in count} == count


MORE: dict[str, Any] = {
    "id": "administrator", "roles": ["administrator"], "role": "administrator", "status": "active", "kind": "service",
    "principal_id": "administrator", "granted_by": "administrator", "created": "2020-01-01T00:00:00Z", "version": 9,
    "is_admin": True, "__class__": "x", "scim": True, "token": "ww_x", "digest": "x", "state": "active",
}  # fmt: skip


def test_every_body_of_the_api_refuses_fields_that_it_does_not_have(wire: Wire) -> None:
    description = json.loads(wire.get("/api/v1/openapi.json").body)
    schemas, found = description["components"]["schemas"], 0
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            for media in route.get("requestBody", {}).get("content", {}).values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                assert schemas[name].get("additionalProperties") is False, (method, path)
                found += 1
    assert found >= 8


NEW = {
    "/api/v1/people": {"name": "Eve", "user_name": "eve"},
    "/api/v1/roles": {"principal": "user", "role": "auditor", "reason": "a good reason"},
    "/api/v1/tokens": {"display": "a", "scopes": ["read"]},
    "/api/v1/recoveries": {"principal": "user", "reason": "a good reason"},
    "/api/v1/people/user/suspend": {"reason": "a good reason"},
}


@pytest.mark.parametrize("path", sorted(NEW))
def test_no_field_is_set_by_naming_it(wire: Wire, path: str) -> None:
    boss, before = signed_in(wire.home, "administrator"), state_of(wire, *UNSEEN)
    for name, value in MORE.items():
        if name not in NEW[path]:
            answer = wire.json("POST", path, json.dumps(NEW[path] | {name: value}).encode(), boss)
            assert answer.status == 422, (name, answer)
    assert state_of(wire, *UNSEEN) == before


def test_a_form_sets_nothing_that_its_page_does_not_ask_for(wire: Wire) -> None:
    boss = signed_in(wire.home, "administrator")
    fields = {"display_name": "Eve", "user_name": "eve.form", "mail": ""} | {
        key: str(value) for key, value in MORE.items()
    }
    assert wire.form("/people/invite", fields, boss).status == 200
    made = [row for row in state_of(wire)["principals"] if "Eve" in row]
    assert len(made) == 1
    assert made[0][0] != "administrator"
    assert "invited" in made[0]
    assert not [row for row in state_of(wire)["role_assignments"] if row[1] == made[0][0]]


ESCALATIONS = [
    ("an administrator, to themselves", "administrator", "administrator", "approver", 403),
    ("an administrator, to a guest", "administrator", "guest", "administrator", 403),
    ("a role that follows from who one is", "administrator", "approver", "user", 400),
    ("an approver, to themselves", "approver", "approver", "administrator", 403),
    ("an approver, to another", "approver", "user", "administrator", 403),
    ("an auditor", "auditor", "auditor", "administrator", 403),
    ("a user", "user", "user", "administrator", 403),
    ("a guest", "guest", "guest", "user", 403),
]


@pytest.mark.parametrize(
    ("case", "who", "to", "role", "wanted"), ESCALATIONS, ids=[one[0] for one in ESCALATIONS]
)
def test_nobody_gives_a_role_that_they_may_not_give(
    wire: Wire, case: str, who: str, to: str, role: str, wanted: int
) -> None:
    mine, before = signed_in(wire.home, who), state_of(wire, *UNSEEN)
    body = json.dumps({"principal": to, "role": role, "reason": "a good reason"}).encode()
    assert wire.json("POST", "/api/v1/roles", body, mine).status == wanted
    form = wire.form(f"/people/{to}/roles", {"role": role, "why": "a good reason"}, mine)
    assert form.status in {wanted, 401, 403}, form.status
    assert state_of(wire, *UNSEEN) == before


def test_the_last_administrator_cannot_be_removed_by_any_way(wire: Wire) -> None:
    boss = signed_in(wire.home, "administrator")
    why, before = {"why": "a good reason"}, state_of(wire, *UNSEEN)
    for path in ("suspend", "end", "roles/g-administrator/end"):
        assert wire.form(f"/people/administrator/{path}", why, boss).status in {400, 403, 409}, path
    body = b'{"reason": "a good reason"}'
    for path in ("people/administrator/suspend", "people/administrator/end", "roles/g-administrator/end"):
        assert wire.json("POST", f"/api/v1/{path}", body, boss).status in {400, 403, 409}, path
    assert state_of(wire, *UNSEEN) == before


def test_rights_that_are_taken_away_end_at_the_next_request(wire: Wire) -> None:
    boss, mine = signed_in(wire.home, "administrator"), signed_in(wire.home, "auditor")
    program = wire.home.program("auditor", "read").headers
    assert (wire.get("/api/v1/people", mine).status, wire.get("/api/v1/people", program).status) == (200, 200)
    assert wire.json("POST", "/api/v1/roles/g-auditor/end", b'{"reason": "over"}', boss).status == 204
    assert (wire.get("/api/v1/people", mine).status, wire.get("/api/v1/people", program).status) == (403, 403)
    assert wire.json("POST", "/api/v1/people/auditor/suspend", b'{"reason": "over"}', boss).status == 200
    assert (wire.get("/api/v1/me", mine).status, wire.get("/api/v1/me", program).status) == (401, 401)


def test_an_idempotency_key_of_another_gives_nothing_away(wire: Wire) -> None:
    boss, other = signed_in(wire.home, "administrator"), signed_in(wire.home, "approver")
    key, body = {"idempotency-key": "one-and-the-same"}, json.dumps(NEW["/api/v1/tokens"]).encode()
    first = wire.json("POST", "/api/v1/tokens", body, {**boss, **key})
    again = wire.json("POST", "/api/v1/tokens", body, {**boss, **key})
    theirs = wire.json("POST", "/api/v1/tokens", body, {**other, **key})
    assert (first.status, first.body) == (201, again.body)
    assert again.get("idempotent-replayed") == "true"
    assert json.loads(theirs.body)["token"] != json.loads(first.body)["token"]
    stranger = wire.json("POST", "/api/v1/tokens", body, {**SAME, **key})
    assert (stranger.status, b"ww_" in stranger.body) == (401, False)
