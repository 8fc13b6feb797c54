"""SCIM as part of the whole application: its guards let providers in, and nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests.web.house import House
from tests.web.scim.samples import group, patch, rich
from watchword.model.people import PrincipalStatus
from watchword.store.audit import journal
from watchword.store.state.people import identities, principals
from watchword.web.scim.bearer import digest
from watchword.web.scim.routes import MEDIA

TOKEN = "a-token-of-the-directory-0123456789"
MINE = {"authorization": f"Bearer {TOKEN}", "content-type": MEDIA}


@pytest.fixture
def company(home: House) -> House:
    tables = {"okta": {"kind": "scim", "display": "Okta", "token_sha256": [digest(TOKEN)]}}
    return House(replace(home.plane, directories=tables), home.clock, home.told)


def ask(house: House, method: str, path: str, body: Any = None, **more: Any) -> Any:
    content = None if body is None else json.dumps(body)
    return house.http.request(method, f"/scim/v2{path}", content=content, headers=MINE | more)


def test_a_provider_comes_through_the_guards_without_a_cookie_or_a_form(company: House) -> None:
    made = ask(company, "POST", "/Users", rich())
    assert made.status_code == 201
    assert made.headers["content-type"] == MEDIA
    one = made.json()
    assert one["meta"]["location"] == f"https://watchword.example/scim/v2/Users/{one['id']}"
    assert ask(company, "POST", "/Groups", group("Tours", one["id"])).status_code == 201
    off = patch({"op": "replace", "path": "active", "value": False})
    assert ask(company, "PATCH", f"/Users/{one['id']}", off, **{"if-match": 'W/"1"'}).status_code == 200
    whose = select(principals.c.status).join(identities, identities.c.principal == principals.c.id)
    with company.plane.database.reading() as connection:
        assert connection.scalar(whose.where(identities.c.subject == one["id"])) == PrincipalStatus.SUSPENDED
        records = [json.loads(each.entry) for each in journal.read(connection)]
    ours = [each for each in records if each["actor"] == "directory:okta"]
    assert {each["kind"] for each in ours} >= {"account.created", "account.amended", "principal.suspended"}
    assert all(each["request"] for each in ours)


def test_an_api_token_of_a_person_and_a_session_are_no_token_of_a_directory(company: House) -> None:
    for client in (company.program("administrator"), company.browser("administrator"), company.stranger()):
        answer = client.get("/scim/v2/Users")
        assert (answer.status_code, answer.json()["status"]) == (401, "401")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_of_a_directory_opens_nothing_else(company: House) -> None:
    for path in ("/api/v1/people", "/api/v1/me"):
        assert company.http.get(path, headers=MINE).status_code in (401, 404)


def test_without_such_a_directory_no_token_is_taken(home: House) -> None:
    assert home.http.get("/scim/v2/Users", headers=MINE).status_code == 401


def test_the_token_is_in_no_line_of_the_log(company: House) -> None:
    ask(company, "GET", "/Users")
    ask(company, "GET", f"/Users/{TOKEN}")
    assert digest(TOKEN) not in repr(company.told)
    assert f"Bearer {TOKEN}" not in repr(company.told)
