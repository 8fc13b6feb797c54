"""The door over real HTTP: life of a resource, conditions, lists, refusals, hostile requests."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.web.scim.conftest import BASE, STRANGER, TOKEN, client, door, serving
from tests.web.scim.memory import ACME, NOW, Memory
from tests.web.scim.samples import group, patch, rich, user
from watchword.errors import DatabaseDamaged, DatabaseLocked
from watchword.model.people import DirectoryId
from watchword.model.scim import ScimKind, Stored
from watchword.web.scim.bodies import DEEPEST, LARGEST
from watchword.web.scim.catalogue import ENTERPRISE_URN, USER_URN
from watchword.web.scim.listing import LIST_URN, MOST, SEARCH_URN
from watchword.web.scim.routes import ERROR_URN, MEDIA


def send(http: httpx.Client, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    content = None if body is None else json.dumps(body)
    told = {"Content-Type": MEDIA, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return http.request(
        method, path, content=content, headers=told if body is not None else headers_of(headers)
    )


def headers_of(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def refused(answer: httpx.Response, status: int, scim_type: str = "") -> str:
    """See that an answer is an error of RFC 7644 §3.12, and give its detail."""
    body = answer.json()
    assert answer.headers["content-type"] == MEDIA
    assert (answer.status_code, body["schemas"], body["status"]) == (status, [ERROR_URN], str(status))
    assert body.get("scimType", "") == scim_type
    return str(body["detail"])


def made(http: httpx.Client, body: dict[str, Any], where: str = "/Users") -> dict[str, Any]:
    answer = send(http, "POST", where, body)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_a_user_is_made_read_replaced_patched_and_deleted(http: httpx.Client) -> None:
    answer = send(http, "POST", "/Users", rich())
    one = answer.json()
    assert answer.status_code == 201
    assert answer.headers["content-type"] == MEDIA
    assert answer.headers["location"] == one["meta"]["location"] == f"{BASE}/Users/{one['id']}"
    assert answer.headers["etag"] == one["meta"]["version"] == 'W/"1"'
    assert answer.headers["cache-control"] == "no-store"
    assert one["schemas"] == [USER_URN, ENTERPRISE_URN]
    assert one[ENTERPRISE_URN]["manager"] == {"value": "26118915", "$ref": f"{BASE}/Users/26118915"}
    assert send(http, "GET", f"/Users/{one['id']}").json() == one

    replaced = send(http, "PUT", f"/Users/{one['id']}", user(displayName="Babs")).json()
    assert replaced["meta"]["version"] == 'W/"2"'
    assert (replaced["displayName"], replaced["active"]) == ("Babs", True)
    assert "emails" not in replaced

    change = patch({"op": "replace", "path": "active", "value": False})
    patched = send(http, "PATCH", f"/Users/{one['id']}", change)
    assert (patched.status_code, patched.json()["active"]) == (200, False)

    gone = send(http, "DELETE", f"/Users/{one['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    refused(send(http, "GET", f"/Users/{one['id']}"), 404)
    refused(send(http, "DELETE", f"/Users/{one['id']}"), 404)
    refused(send(http, "PUT", f"/Users/{one['id']}", user()), 404)
    refused(send(http, "PATCH", f"/Users/{one['id']}", change), 404)


def test_a_put_that_does_not_say_whether_a_user_is_active_leaves_it_disabled(http: httpx.Client) -> None:
    one = made(http, rich(active=False))
    assert send(http, "PUT", f"/Users/{one['id']}", user()).json()["active"] is False


def test_a_group_shows_its_members_and_a_user_its_groups(http: httpx.Client) -> None:
    one = made(http, rich())
    tours = made(http, group("Tour Guides", one["id"]), "/Groups")
    assert tours["members"] == [
        {"value": one["id"], "type": "User", "display": "Babs Jensen", "$ref": f"{BASE}/Users/{one['id']}"}
    ]
    shown = send(http, "GET", f"/Users/{one['id']}").json()["groups"]
    assert shown == [
        {
            "value": tours["id"],
            "display": "Tour Guides",
            "type": "direct",
            "$ref": f"{BASE}/Groups/{tours['id']}",
        }
    ]
    removal = patch({"op": "remove", "path": f'members[value eq "{one["id"]}"]'})
    assert "members" not in send(http, "PATCH", f"/Groups/{tours['id']}", removal).json()
    assert "groups" not in send(http, "GET", f"/Users/{one['id']}").json()


def test_a_change_that_changes_nothing_keeps_the_version(http: httpx.Client) -> None:
    one = made(http, rich())
    same = send(
        http, "PATCH", f"/Users/{one['id']}", patch({"op": "replace", "path": "title", "value": "Tour Guide"})
    )
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"1"')
    assert send(http, "PUT", f"/Users/{one['id']}", one).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ('W/"1"', 200), ('"1"', 200), ("*", 200), ('W/"9", W/"1"', 200),
        ('W/"2"', 412), ('W/"01"', 412), ("1", 400), ('W/"1', 400), ('"1" "2"', 400),
    ],
)  # fmt: skip
def test_if_match_lets_only_the_version_through_that_was_seen(
    http: httpx.Client, tags: str, status: int
) -> None:
    one = made(http, rich())
    answer = send(http, "PUT", f"/Users/{one['id']}", user(), If_Match=tags)
    assert answer.status_code == status


def test_a_deletion_and_a_patch_with_an_old_tag_are_refused(http: httpx.Client) -> None:
    one = made(http, rich())
    change = patch({"op": "add", "path": "title", "value": "x"})
    assert send(http, "PATCH", f"/Users/{one['id']}", change, If_Match='W/"1"').status_code == 200
    refused(send(http, "PATCH", f"/Users/{one['id']}", change, If_Match='W/"1"'), 412)
    refused(send(http, "DELETE", f"/Users/{one['id']}", If_Match='W/"1"'), 412)
    assert send(http, "DELETE", f"/Users/{one['id']}", If_Match='W/"2"').status_code == 204


def test_if_none_match_saves_sending_what_the_client_has(http: httpx.Client) -> None:
    one = made(http, rich())
    known = send(http, "GET", f"/Users/{one['id']}", If_None_Match='W/"1"')
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", 'W/"1"')
    assert send(http, "GET", f"/Users/{one['id']}", If_None_Match='W/"2"').status_code == 200


def test_of_two_patches_with_the_same_tag_one_wins(http: httpx.Client) -> None:
    one = made(http, rich())
    together = threading.Barrier(8)

    def change(number: int) -> int:
        body = patch({"op": "replace", "path": "title", "value": f"number {number}"})
        together.wait()
        return send(http, "PATCH", f"/Users/{one['id']}", body, If_Match='W/"1"').status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(change, range(8)))
    assert answers == [200] + [412] * 7
    assert send(http, "GET", f"/Users/{one['id']}").headers["etag"] == 'W/"2"'


def test_patches_without_a_tag_are_all_done(http: httpx.Client) -> None:
    people = [made(http, user(f"u{number}"))["id"] for number in range(4)]
    tours = made(http, group("Tours"), "/Groups")
    together = threading.Barrier(4)

    def join(person: str) -> int:
        together.wait()
        body = patch({"op": "add", "path": "members", "value": [{"value": person}]})
        return send(http, "PATCH", f"/Groups/{tours['id']}", body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(join, people)) == {200}
    members = send(http, "GET", f"/Groups/{tours['id']}").json()["members"]
    assert {one["value"] for one in members} == set(people)


def test_a_user_name_is_taken_once_in_whatever_case(http: httpx.Client, address: str) -> None:
    one = made(http, user("Straße@acme.example"))
    refused(send(http, "POST", "/Users", user("STRASSE@acme.example")), 409, "uniqueness")
    two = made(http, user("other"))
    refused(send(http, "PUT", f"/Users/{two['id']}", user("straße@ACME.example")), 409, "uniqueness")
    assert send(http, "PUT", f"/Users/{one['id']}", user("STRASSE@acme.example")).status_code == 200
    with client(address, STRANGER) as stranger:
        assert send(stranger, "POST", "/Users", user("Straße@acme.example")).status_code == 201


def test_another_directorys_resources_are_as_if_they_were_not_there(http: httpx.Client, address: str) -> None:
    one = made(http, rich())
    with client(address, STRANGER) as stranger:
        where = f"/Users/{one['id']}"
        change = patch({"op": "replace", "path": "active", "value": False})
        for answer in (
            send(stranger, "GET", where),
            send(stranger, "PUT", where, user()),
            send(stranger, "PATCH", where, change),
            send(stranger, "DELETE", where),
        ):
            assert refused(answer, 404) == "there is no such resource"
        assert send(stranger, "GET", "/Users").json()["totalResults"] == 0
        refused(send(stranger, "POST", "/Groups", group("x", one["id"])), 400, "invalidValue")
    assert send(http, "GET", where).json() == one


def test_a_list_is_filtered_sorted_and_paged(http: httpx.Client) -> None:
    for number in range(7):
        made(http, user(f"u{number}", title="even" if number % 2 == 0 else "odd"))
    asked = {
        "filter": 'title eq "EVEN"',
        "sortBy": "userName",
        "sortOrder": "descending",
        "startIndex": "2",
        "count": "2",
    }
    found = http.get("/Users", params=asked).json()
    assert [one["userName"] for one in found["Resources"]] == ["u4", "u2"]
    assert (found["schemas"], found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (
        [LIST_URN],
        4,
        2,
        2,
    )
    body = {
        "schemas": [SEARCH_URN],
        "filter": asked["filter"],
        "sortBy": "userName",
        "sortOrder": "descending",
        "startIndex": 2,
        "count": 2,
    }
    assert send(http, "POST", "/Users/.search", body).json() == found


def test_a_list_of_none_tells_how_many_there_are(http: httpx.Client) -> None:
    made(http, user())
    assert http.get("/Users", params={"count": "0"}).json() == {
        "schemas": [LIST_URN],
        "totalResults": 1,
        "startIndex": 1,
        "itemsPerPage": 0,
    }


def test_a_page_is_bounded_and_numbers_below_one_mean_the_first(http: httpx.Client, store: Memory) -> None:
    for number in range(MOST + 5):
        one = Stored(ScimKind.USER, f"u{number:03}", 1, NOW, NOW, {"userName": f"u{number}"})
        store.kept[ACME, ScimKind.USER, one.id] = one
    assert http.get("/Users", params={"count": "100000", "startIndex": "-5"}).json()["itemsPerPage"] == MOST
    assert http.get("/Users", params={"count": "-1"}).json()["itemsPerPage"] == 0
    assert http.get("/Users", params={"startIndex": "999999"}).json()["Resources"] == []


def test_a_search_at_the_root_finds_users_and_groups(http: httpx.Client) -> None:
    for number in range(3):
        made(http, user(f"u{number}", displayName="Tour"))
    made(http, group("Tour"), "/Groups")
    made(http, group("Other"), "/Groups")
    body: dict[str, Any] = {
        "schemas": [SEARCH_URN],
        "filter": 'displayName eq "tour"',
        "startIndex": 3,
        "count": 5,
    }
    found = send(http, "POST", "/.search", body).json()
    assert [one["meta"]["resourceType"] for one in found["Resources"]] == ["User", "Group"]
    assert found["totalResults"] == 4
    only_users = {"schemas": [SEARCH_URN], "filter": "userName pr"}
    assert send(http, "POST", "/.search", only_users).json()["totalResults"] == 3
    refused(send(http, "POST", "/.search", {**body, "sortBy": "id"}), 400, "invalidValue")


def test_only_what_is_asked_for_is_sent(http: httpx.Client) -> None:
    one = made(http, rich())
    some = http.get(
        f"/Users/{one['id']}", params={"attributes": "userName,name.familyName,emails.value"}
    ).json()
    assert some == {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": one["id"],
        "userName": "bjensen@acme.example",
        "name": {"familyName": "Jensen"},
        "emails": [{"value": "bjensen@acme.example"}, {"value": "babs@jensen.example"}],
    }
    less = http.get(
        f"/Users/{one['id']}",
        params={"excludedAttributes": f"emails,name.formatted,{ENTERPRISE_URN}:manager,id"},
    ).json()
    assert less["name"] == {"familyName": "Jensen", "givenName": "Barbara"}
    assert less["id"] == one["id"]
    assert set(less[ENTERPRISE_URN]) == {"employeeNumber", "department"}
    assert "emails" not in less


def test_members_can_be_left_out_and_still_be_filtered_by(http: httpx.Client) -> None:
    one = made(http, user())
    made(http, group("Tours", one["id"]), "/Groups")
    asked = {"excludedAttributes": "members", "filter": f'members.value eq "{one["id"]}"'}
    found = http.get("/Groups", params=asked).json()["Resources"]
    assert [("members" in each, each["displayName"]) for each in found] == [(False, "Tours")]


@pytest.mark.parametrize(
    ("where", "asked", "scim_type"),
    [
        ("/Users", {"filter": "userName foo"}, "invalidFilter"),
        ("/Users", {"filter": 'nickname2 eq "x"'}, "invalidFilter"),
        ("/Users", {"filter": "active gt true"}, "invalidFilter"),
        ("/Users", {"sortBy": "nothing"}, "invalidPath"),
        ("/Users", {"sortBy": "name"}, "invalidPath"),
        ("/Users", {"sortOrder": "sideways"}, "invalidValue"),
        ("/Users", {"count": "many"}, "invalidValue"),
        ("/Users", {"count": "9" * 11}, "invalidValue"),
        ("/Users", {"startIndex": "١"}, "invalidValue"),
        ("/Users", {"attributes": "id", "excludedAttributes": "id"}, "invalidValue"),
        ("/Users", {"attributes": ",".join(["id"] * 101)}, "invalidValue"),
        ("/Users?count=1&count=2", None, "invalidValue"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(http: httpx.Client, where: str, asked: Any, scim_type: str) -> None:
    refused(http.get(where, params=asked), 400, scim_type)


@pytest.mark.parametrize(
    "path", ["/Users", "/Users/x", "/Schemas", "/ServiceProviderConfig", "/nothing", "/Bulk", "/"]
)
@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Bearer", "Bearer wrong-token-0123456789", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}", f"Bearer {TOKEN} {TOKEN}", "Bearer " + "a" * 5_000,
    ],
)  # fmt: skip
def test_nothing_is_answered_without_a_valid_token(
    address: str, store: Memory, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with httpx.Client(trust_env=False) as plain:
        answer = plain.get(f"{address}{path}", headers=headers)
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_tokens_are_none(address: str, store: Memory) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    with httpx.Client(trust_env=False) as plain:
        refused(plain.get(f"{address}/Users", headers=headers), 401)


def test_the_body_of_a_stranger_is_not_read(address: str, store: Memory) -> None:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as raw:
        raw.sendall(
            b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\n"
            b"Content-Length: 1000000\r\n\r\n{"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/Bulk", 501), ("GET", "/Me", 501), ("PATCH", "/Me", 501), ("PUT", "/Users", 405), ("DELETE", "/Groups", 405),
        ("POST", "/Schemas", 405), ("GET", "/nothing", 404), ("POST", "/nothing", 404), ("GET", "/Users/", 404),
        ("GET", "/Users/a/b", 404), ("GET", "/Users/%00", 404), ("GET", "/Users/" + "a" * 300, 404), ("GET", "/Users/..%2fGroups", 404),
        ("GET", "/users", 404), ("GET", "/Schemas/urn:nothing", 404), ("GET", "/ResourceTypes/Device", 404),
        ("GET", "/Schemas?filter=id%20pr", 403),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_so(http: httpx.Client, method: str, path: str, status: int) -> None:
    refused(send(http, method, path, {} if method in ("POST", "PUT", "PATCH") else None), status)


def test_it_tells_what_it_can(http: httpx.Client) -> None:
    config = http.get("/ServiceProviderConfig").json()
    assert {name: config[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")} == {
        "patch": True, "bulk": False, "filter": True, "changePassword": False, "sort": True, "etag": True,
    }  # fmt: skip
    types = http.get("/ResourceTypes").json()
    assert {one["id"]: one["endpoint"] for one in types["Resources"]} == {
        "User": "/Users",
        "Group": "/Groups",
    }
    assert http.get("/ResourceTypes/User").json() == types["Resources"][0]
    schemas = http.get("/Schemas").json()
    assert schemas["totalResults"] == 3
    for one in schemas["Resources"]:
        assert http.get(f"/Schemas/{one['id']}").json() == one
        assert one["meta"]["location"] == f"{BASE}/Schemas/{one['id']}"


def deep(levels: int) -> bytes:
    return b'{"schemas":["%s"],"userName":"u","x":' % USER_URN.encode() + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("raw", "scim_type", "word"),
    [
        (b"", "invalidSyntax", "no JSON"),
        (b"{", "invalidSyntax", "no JSON"),
        (b"[]", "invalidSyntax", "no JSON object"),
        (b"null", "invalidSyntax", "no JSON object"),
        (b'"x"', "invalidSyntax", "no JSON object"),
        (b"{}", "invalidValue", "schemas"),
        (b'{"schemas":[7]}', "invalidValue", "schemas"),
        (deep(DEEPEST + 1), "invalidSyntax", "within one another"),
        (deep(100_000), "invalidSyntax", "too deep"),
        (b'{"a":' * 50_000, "invalidSyntax", "cannot be read"),
        (b'{"userName":"a","USERNAME":"b"}', "invalidSyntax", "twice"),
        (b'{"x":NaN}', "invalidSyntax", "NaN"),
        (b'{"x":' + b"9" * 5_000 + b"}", "invalidSyntax", "no JSON"),
        (b'\xff\xfe{"x":1}', "invalidSyntax", "UTF-8"),
        ("{}".encode("utf-16"), "invalidSyntax", "UTF-8"),
        (json.dumps(user("\0")).encode(), "invalidValue", "userName"),
        (json.dumps(user("\ud800")).encode(), "invalidValue", "userName"),
        (json.dumps(user("u", displayName="\x1b[2J")).encode(), "invalidValue", "displayName"),
        (json.dumps(user(7)).encode(), "invalidValue", "userName"),  # type: ignore[arg-type]
        (json.dumps(user("u", active="maybe")).encode(), "invalidValue", "active"),
        (json.dumps(user("u", active=1)).encode(), "invalidValue", "active"),
        (json.dumps(user("u", emails={"value": ["x"]})).encode(), "invalidValue", "emails.value"),
        (json.dumps(user("u", emails=[7])).encode(), "invalidValue", "emails"),
        (json.dumps(user("u", name="x")).encode(), "invalidValue", "name"),
        (json.dumps(user("u" * 201)).encode(), "invalidValue", "userName"),
        (json.dumps(user("u", title="t" * 1_001)).encode(), "invalidValue", "title"),
        (json.dumps(user("")).encode(), "invalidValue", "userName"),
        (json.dumps(user("u", emails=[{"value": str(n)} for n in range(101)])).encode(), "invalidValue", "emails"),
        (json.dumps(user("u", x509Certificates=[{"value": "§"}])).encode(), "invalidValue", "x509Certificates"),
        (json.dumps(user("u", emails=[{"value": "a", "primary": True}, {"value": "b", "primary": True}])).encode(), "invalidValue", "primary"),
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_and_keeps_nothing(
    http: httpx.Client, store: Memory, raw: bytes, scim_type: str, word: str
) -> None:
    answer = http.post("/Users", content=raw, headers={"Content-Type": MEDIA})
    assert word in refused(answer, 400, scim_type)
    assert store.kept == {}


def test_a_body_is_bounded_whether_it_says_its_length_or_not(http: httpx.Client, store: Memory) -> None:
    large = json.dumps(user("u", title="x" * LARGEST)).encode()
    refused(http.post("/Users", content=large, headers={"Content-Type": MEDIA}), 413)

    def parts() -> Any:
        for _ in range(LARGEST // 65_536 + 2):
            yield b" " * 65_536

    try:
        answer = http.post("/Users", content=parts(), headers={"Content-Type": MEDIA})
    except httpx.WriteError:
        # The server has answered and gone before all was sent.
        return
    refused(answer, 413)


def test_a_resource_is_bounded(http: httpx.Client) -> None:
    many = [{"value": str(number), "display": "d" * 1_000, "type": "t" * 900} for number in range(80)]
    refused(send(http, "POST", "/Users", user("u", emails=many)), 413)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": MEDIA, "Content-Encoding": "gzip"}],
)  # fmt: skip
def test_another_type_of_body_is_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    refused(http.post("/Users", content=json.dumps(user()).encode(), headers=headers), 415)


def test_plain_json_is_taken_as_well(http: httpx.Client) -> None:
    assert http.post("/Users", json=user()).status_code == 201


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with serving(door(Memory(), patience=0.2)) as address:
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as raw:
            raw.sendall(
                b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\n"
                b"Authorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
            )
            assert raw.recv(4096).startswith(b"HTTP/1.1 408")


class Broken:
    """A store whose database is in trouble."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [(DatabaseLocked("held", where="/secret/path"), 503), (DatabaseDamaged("broken", where="/secret/path"), 500)],
)  # fmt: skip
def test_trouble_with_the_database_is_told_without_what_is_inside(error: Exception, status: int) -> None:
    with serving(door(Broken(error))) as address, client(address) as http:  # type: ignore[arg-type]
        answer = http.get("/Users")
    assert "secret" not in refused(answer, status)
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)


def test_a_token_that_is_taken_back_ends_at_once() -> None:
    tokens = {TOKEN: DirectoryId("d")}
    with serving(door(Memory(), authenticate=tokens.get)) as address, client(address) as http:
        assert http.get("/Users").status_code == 200
        tokens.clear()
        refused(http.get("/Users"), 401)


def test_the_host_that_a_client_names_is_not_believed(http: httpx.Client) -> None:
    answer = send(http, "POST", "/Users", user(), Host="evil.example", X_Forwarded_Host="evil.example")
    assert "evil" not in answer.text + str(answer.headers)
