"""The resources: what they answer with, that they act as the rooms do, and how errors are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.web.house import APP, NOW, House
from watchword.controls.catalogue import catalogue
from watchword.store.audit.packs import Pack
from watchword.web.heads import signer

REASON = {"reason": "a test"}


def test_me_says_who_and_what_one_may(home: House) -> None:
    found = home.browser("auditor").get("/api/v1/me").json()
    assert (found["id"], found["roles"], found["assurance"]) == ("auditor", ["auditor", "user"], 2)
    assert "people.change" not in found["permissions"]
    assert "audit.read" in found["permissions"]
    program = home.program("auditor", "write").get("/api/v1/me").json()
    assert (program["scopes"], program["assurance"]) == (["write"], None)


def test_where_nothing_was_assessed_lists_are_empty_and_no_error(home: House) -> None:
    auditor = home.browser("auditor")
    assert auditor.get("/api/v1/overview").json()["assessment"] is None
    for path in ("findings", "accounts", "assessments", "directories", "sign-ins", "jobs", "recoveries"):
        who = home.browser("administrator") if path == "recoveries" else auditor
        assert who.get(f"/api/v1/{path}").json() == {"items": [], "next": None}, path
    assert auditor.get("/api/v1/findings/none").status_code == 404
    assert auditor.get("/api/v1/resources?account=111122223333").status_code == 404
    assert len(auditor.get("/api/v1/controls?limit=500").json()["items"]) == len(catalogue())


def test_a_session_of_ones_own_is_ended_at_once(home: House) -> None:
    mine, other = home.browser("user"), home.browser("user")
    listed = mine.get("/api/v1/sessions?state=active").json()["items"]
    strange = next(one for one in listed if not one["is_this"])
    assert mine.ask("DELETE", f"/api/v1/sessions/{strange['id']}").status_code == 204
    assert other.get("/api/v1/me").status_code == 401
    assert mine.get("/api/v1/me").status_code == 200
    assert mine.ask("DELETE", f"/api/v1/sessions/{strange['id']}").status_code == 404


def test_nobody_reaches_for_anothers_things_without_the_right_to(home: House) -> None:
    _, theirs = home.session("auditor")
    token = home.browser("auditor").post("/api/v1/tokens", json={"display": "x", "scopes": ["read"]}).json()
    user = home.browser("user")
    # Whether there is such a thing is not told either.
    for path in (f"sessions/{theirs.id}", "sessions/none", f"tokens/{token['id']}", "tokens/none"):
        answer = user.ask("DELETE", f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["permission"]) == (403, "sessions.revoke"), path
    for path in ("sessions", "tokens"):
        assert user.get(f"/api/v1/{path}?principal=auditor").status_code == 403
    administrator = home.browser("administrator")
    assert administrator.ask("DELETE", f"/api/v1/sessions/{theirs.id}").status_code == 204
    assert administrator.ask("DELETE", f"/api/v1/tokens/{token['id']}").status_code == 204


def test_a_token_is_made_only_after_a_fresh_proof_and_by_a_person(home: House) -> None:
    wish = {"display": "x", "scopes": ["write"]}
    assert home.browser("user").post("/api/v1/tokens", json=wish).status_code == 201
    with_app = home.browser("user", APP)
    assert with_app.post("/api/v1/tokens", json=wish).json()["code"] == "prove_again"
    assert with_app.post("/api/v1/tokens", json=wish | {"scopes": ["read"]}).status_code == 201
    assert home.program("user", "write").post("/api/v1/tokens", json=wish).status_code == 403
    stale = home.browser("user")
    home.clock.wait(minutes=16)
    assert stale.post("/api/v1/tokens", json=wish | {"scopes": ["read"]}).json()["code"] == "prove_again"


def test_a_token_is_shown_once_works_and_ends(home: House) -> None:
    user = home.browser("user")
    made = user.post("/api/v1/tokens", json={"display": "x", "scopes": ["write"], "days": 1}).json()
    assert "token" not in user.get("/api/v1/tokens").json()["items"][0]
    program = {"authorization": f"Bearer {made['token']}"}
    stranger = home.stranger()
    assert stranger.get("/api/v1/me", headers=program).json()["id"] == "user"
    home.clock.wait(days=1)
    assert stranger.get("/api/v1/me", headers=program).status_code == 401


def test_a_token_and_a_cookie_together_count_as_the_token_alone(home: House) -> None:
    administrator = home.browser("administrator")
    weak = home.program("user", "write").headers
    assert administrator.get("/api/v1/me", headers=weak).json()["id"] == "user"
    assert administrator.get("/api/v1/me", headers={"authorization": "Bearer nonsense"}).status_code == 401
    assert administrator.get("/api/v1/me", headers={"authorization": "Basic eA=="}).status_code == 401


def test_two_cookies_are_nobodys(home: House) -> None:
    one, other = home.session("user")[0], home.session("auditor")[0]
    found = home.stranger().get("/api/v1/me", headers={"cookie": f"__Host-ww={one}; __Host-ww={other}"})
    assert found.status_code == 401


def test_people_are_invited_suspended_resumed_and_ended(home: House) -> None:
    administrator = home.browser("administrator")
    made = administrator.post("/api/v1/people", json={"name": "Anna", "user_name": "anna"})
    assert made.status_code == 201
    assert len(made.json()["invitation"]) == 43
    assert made.json()["person"]["status"] == "invited"
    assert administrator.post("/api/v1/people", json={"name": "Anna", "user_name": "anna"}).status_code == 409
    user = home.browser("user")
    assert administrator.post("/api/v1/people/user/suspend", json=REASON).json()["status"] == "suspended"
    assert user.get("/api/v1/me").status_code == 401
    assert administrator.post("/api/v1/people/user/resume", json=REASON).json()["status"] == "active"
    assert administrator.post("/api/v1/people/user/end", json=REASON).json()["status"] == "ended"
    assert administrator.post("/api/v1/people/user/resume", json=REASON).status_code == 409
    assert administrator.post("/api/v1/people/nobody/end", json=REASON).status_code == 404
    assert administrator.post("/api/v1/people/user/end", json={}).status_code == 422


def test_a_guest_needs_sponsor_and_end(home: House) -> None:
    administrator = home.browser("administrator")
    guest = {"name": "Gus", "user_name": "gus", "sponsor": "user"}
    assert administrator.post("/api/v1/people", json=guest).status_code == 400
    guest["end_date"] = NOW.replace(month=6).isoformat()
    made = administrator.post("/api/v1/people", json=guest).json()
    assert (made["person"]["kind"], made["person"]["sponsor"]) == ("guest", "user")
    guest |= {"user_name": "gus2", "end_date": "2026-06-01T00:00:00"}
    assert administrator.post("/api/v1/people", json=guest).status_code == 422


def test_nobody_gives_themselves_a_role(home: House) -> None:
    administrator = home.browser("administrator")
    mine = {"principal": "administrator", "role": "approver", **REASON}
    assert administrator.post("/api/v1/roles", json=mine).status_code == 403
    given = administrator.post("/api/v1/roles", json=mine | {"principal": "user"})
    assert given.status_code == 201
    assert home.browser("user").get("/api/v1/people").status_code == 200
    assert administrator.post(f"/api/v1/roles/{given.json()['id']}/end", json=REASON).status_code == 204
    assert home.browser("user").get("/api/v1/people").status_code == 403


def test_fields_that_are_not_known_are_refused_rather_than_ignored(home: House) -> None:
    administrator = home.browser("administrator")
    body = {"name": "Anna", "user_name": "anna", "status": "active", "roles": ["administrator"]}
    answer = administrator.post("/api/v1/people", json=body)
    assert answer.status_code == 422
    assert {one["where"] for one in answer.json()["errors"]} == {"body/status", "body/roles"}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 20_000, b'{"a": NaN}', b""])
def test_a_body_that_is_none_is_told_so_and_never_repeated(home: House, body: bytes) -> None:
    answer = home.browser("administrator").post(
        "/api/v1/people", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_bad_input_is_told_by_its_place_and_not_repeated(home: House) -> None:
    answer = home.browser("administrator").post(
        "/api/v1/people", json={"name": "s3cret\x00", "user_name": "anna"}
    )
    assert answer.json()["errors"][0]["where"] == "body/name", answer.text
    assert "s3cret" not in answer.text


def test_recovery_takes_two_people(home: House) -> None:
    administrator, approver = home.browser("administrator"), home.browser("approver")
    asked = administrator.post("/api/v1/recoveries", json={"principal": "user", **REASON})
    assert asked.status_code == 201, asked.text
    where = f"/api/v1/recoveries/{asked.json()['id']}/approve"
    assert home.program("administrator", "write").post(where).status_code == 403
    assert administrator.post(where).json()["invitation"] is None
    assert administrator.post(where).status_code == 403
    assert len(approver.post(where).json()["invitation"]) == 43


def test_the_head_and_a_proof_of_the_audit_log(home: House) -> None:
    auditor = home.browser("auditor")
    assert auditor.get("/api/v1/audit/head").status_code == 409
    signer(home.plane)
    assert auditor.get("/api/v1/audit/head").json()["head"]["size"] > 5
    proof = auditor.get("/api/v1/audit/proof/2").json()["proof"]
    Pack.of(proof).check()
    assert proof["opened"] == []
    assert auditor.get("/api/v1/audit/proof/99999").status_code == 404
    assert auditor.get("/api/v1/audit/proof/0").status_code == 422


def test_reading_a_directory_anew_is_put_into_the_queue_once(home: House) -> None:
    administrator = home.browser("administrator")
    assert administrator.post("/api/v1/directories/corp/sync").status_code == 404
    assert home.plane.directories == {}


def test_orphans_are_listed_with_their_codes(home: House) -> None:
    auditor = home.browser("auditor")
    found = auditor.get("/api/v1/orphans?limit=2").json()
    assert len(found["items"]) == 2
    assert found["next"]
    every = auditor.get("/api/v1/orphans?limit=500").json()["items"]
    assert {"O7-role-without-passkey"} <= {one["what"] for one in every}
    assert auditor.get("/api/v1/orphans?what=O7-role-without-passkey").json()["items"]


def test_every_path_stands_in_the_guide(home: House) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    for path, operations in home.stranger().get("/api/v1/openapi.json").json()["paths"].items():
        short = path.removeprefix("/api/v1")
        start, _, last = short.rpartition("/")
        for method in operations:
            whole = f"`{method.upper()} {short}`" in guide
            assert whole or (f"`POST {start}/" in guide and f"`/{last}`" in guide), (method, path)


def test_the_description_names_every_route_and_every_status(home: House) -> None:
    found = home.stranger().get("/api/v1/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert set(found["components"]["securitySchemes"]) == {"session", "token"}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "429", "500", "503"} <= set(operation["responses"]), (path, method)
            assert operation["description"], (path, method)
    assert "HTTPValidationError" not in json.dumps(found)
