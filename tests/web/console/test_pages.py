"""The console's routes in the whole application: what they show, whom they let in, what they answer to bad input."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from tests.report.fakes import NASTY
from tests.web.console.conftest import NOW, SAME, Asking
from tests.web.console.test_rendering import Reader
from watchword.model.accounts import Account, AccountKey, LinkProposal, ProposalId
from watchword.model.directory import DirectoryAccount
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.model.people import (
    Directory,
    DirectoryId,
    Group,
    GroupId,
    Identity,
    Membership,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.model.roles import Assignment, AssignmentId, Role
from watchword.model.sessions import Session, SessionId, SessionState
from watchword.store.audit import journal
from watchword.store.audit.records import Entry
from watchword.store.state import accounts as account_tables
from watchword.store.state import factors, people, roles, sessions
from watchword.web.control_plane import ControlPlane

ADA = Principal(PrincipalId("p-ada"), PrincipalKind.USER, f"Ada {NASTY}", PrincipalStatus.ACTIVE, NOW)
PLACES = [
    "/", "/findings", "/controls", "/controls/ID-05", "/paths", "/estate", "/identities", "/people", "/people/p-ada",
    "/directories", "/directories/corp", "/audit", "/audit/1", "/recovery", "/settings",
]  # fmt: skip


@pytest.fixture
def filled(plane: ControlPlane) -> ControlPlane:
    """A database with somebody in a directory, who has signed in."""
    corp = DirectoryId("corp")
    read = DirectoryAccount(corp, "s-1", "ada", display_name=NASTY, mail="ada@abc.example", enabled=True)
    unowned = replace(read, subject="s-2", user_name="old.admin", last_sign_in=NOW - timedelta(days=400))
    session = Session(
        *(SessionId("a" * 64), ADA.id, 2, (FactorId("f-1"),), NOW, NOW, NOW + timedelta(hours=1)), agent=NASTY
    )
    directory = Directory(corp, "ldap", f"Corp {NASTY}", {"url": "ldaps://x"}, NOW, NOW)
    proposal = LinkProposal(ProposalId("l-1"), corp, "s-2", ADA.id, "same mail", NOW)
    given = Assignment(AssignmentId("a-1"), ADA.id, Role.AUDITOR, "p-ada", NASTY, NOW)
    factor = Factor(FactorId("f-1"), ADA.id, FactorKind.PASSKEY, FactorStatus.ACTIVE, NOW, {"name": NASTY})
    rows = (
        (people.principals, people.principal_row(ADA)),
        (people.directories, people.directory_row(directory)),
        (people.identities, people.identity_row(Identity(corp, "s-1", ADA.id, NOW))),
        (people.groups, people.group_row(Group(GroupId("g-1"), corp, "g", f"Admins {NASTY}"))),
        (people.memberships, people.membership_row(Membership(GroupId("g-1"), ADA.id))),
        (account_tables.accounts, account_tables.account_row(Account(AccountKey("k-1"), read, NOW, NOW))),
        (account_tables.accounts, account_tables.account_row(Account(AccountKey("k-2"), unowned, NOW, NOW))),
        (account_tables.link_proposals, account_tables.proposal_row(proposal)),
        (roles.assignments, roles.assignment_row(given)),
        (factors.factors, factors.factor_row(factor)),
        (sessions.sessions, sessions.session_row(session)),
    )
    with plane.database.writing() as connection:
        for table, row in rows:
            connection.execute(table.insert().values(row))
        journal.append(
            connection, Entry("principal.created", "p-ada", "p-ada", NOW, None, {"status": "active"}, NASTY)
        )
    return plane


@pytest.mark.parametrize("place", PLACES)
def test_a_place_shows_itself_whole_and_escaped(client: TestClient, filled: ControlPlane, place: str) -> None:
    answer = client.get(place)
    assert answer.status_code == 200, answer.text[:500]
    reader = Reader(answer.text)
    assert (reader.wrong, reader.open) == ([], [])
    assert len(reader.of("h1")) == 1
    assert NASTY not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("place", PLACES)
def test_before_anything_is_there_a_place_says_so(
    client: TestClient, plane: ControlPlane, place: str
) -> None:
    empty = plane.folder.parent / "nothing-there"
    client.app.state.plane = replace(plane, folder=empty)  # type: ignore[attr-defined]
    answer = client.get(place)
    gone = place in {"/people/p-ada", "/directories/corp", "/audit/1"}
    assert answer.status_code == (404 if gone else 200)
    assert "<h1" in answer.text


@pytest.mark.parametrize("part", ["who", "factors", "groups", "access", "sessions", "history", "nonsense"])
def test_each_part_of_a_person_shows_what_the_store_knows(
    client: TestClient, filled: ControlPlane, part: str
) -> None:
    text = client.get(f"/people/p-ada?part={part}").text
    shown = {
        "who": "ada@abc.example",
        "factors": "cannot be phished",
        "groups": "Admins &lt;script",
        "access": "auditor",
        "sessions": "End all",
        "history": "principal created",
        "nonsense": "ada@abc.example",
    }
    assert shown[part] in text
    assert NASTY not in text


def test_the_navigation_has_only_what_ones_roles_may_see(client: TestClient, asking: Asking) -> None:
    asking.roles = frozenset({Role.APPROVER})
    text = client.get("/").text
    assert 'href="/findings"' in text
    assert 'href="/audit"' not in text
    assert 'href="/settings"' not in text


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
def test_who_may_not_see_the_overview_is_sent_to_their_own_account(
    client: TestClient, asking: Asking, role: Role
) -> None:
    asking.roles = frozenset({role})
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    for place in PLACES[1:]:
        assert client.get(place).status_code == 403, place


def test_who_has_not_signed_in_is_sent_to_the_sign_in_and_back(client: TestClient, asking: Asking) -> None:
    asking.nobody = True
    for place in PLACES:
        answer = client.get(place)
        assert answer.status_code == 303
        assert unquote(answer.headers["location"]) in {"/sign-in", f"/sign-in?next={place}"}


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=99999999999", "page=x", "verdict=nonsense", "sort=nonsense", "q=%00", "q=" + "x" * 5000,
     "requirement=R99", "account=%3Cscript%3E", "severity=high&severity=low", "q=%25_%27%22", "control=XX-00"],
)  # fmt: skip
def test_strange_filters_find_nothing_and_break_nothing(client: TestClient, query: str) -> None:
    answer = client.get(f"/findings?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace("<script src", "")


def test_a_finding_leads_to_its_control_and_back(client: TestClient) -> None:
    text = client.get("/findings?verdict=gap").text
    found = re.search(r'href="(/findings/[0-9a-f]{20})"', text)
    assert found
    one = client.get(found[1]).text
    assert "Evidence" in one
    assert "How to fix" in one
    control = re.search(r'href="(/controls/[A-Z]+-\d+)"', one)
    assert control
    assert client.get(control[1]).status_code == 200


def test_a_filter_by_requirement_and_text_gives_what_the_chips_say(client: TestClient) -> None:
    text = client.get("/findings?requirement=R10&q=trail").text
    assert "Requirement: R10" in text
    assert "“trail”" in text
    assert "no trail records this account" in text


@pytest.mark.parametrize(
    "path",
    ["/findings/00000000000000000000", "/controls/XX-99", "/people/nobody", "/directories/none", "/audit/999",
     "/estate/000000000000", "/estate/000000000000/iam", "/static/none.js"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404


def test_static_files_are_kept_for_ever_and_packed_where_the_browser_takes_it(client: TestClient) -> None:
    from watchword.web.console.look.assets import assets

    for asset in assets().values():
        plain = client.get(asset.url, headers={"accept-encoding": "identity"})
        packed = client.get(asset.url, headers={"accept-encoding": "gzip"})
        assert plain.content == packed.content == asset.body
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert "immutable" in plain.headers["cache-control"]


@pytest.mark.parametrize(
    ("theme", "kept"), [("dark", "dark"), ("light", "light"), ("auto", '""'), ("<script>", '""')]
)
def test_colours_are_kept_in_a_cookie_and_no_other_word_is(client: TestClient, theme: str, kept: str) -> None:
    answer = client.post("/theme", data={"theme": theme, "back": "/findings?q=a"}, headers=SAME)
    assert answer.headers["location"] == "/findings?q=a"
    assert answer.headers["set-cookie"].startswith(f"ww_theme={kept}")


def test_a_chosen_theme_is_on_the_page(client: TestClient) -> None:
    client.cookies.set("ww_theme", "dark")
    assert 'data-theme="dark"' in client.get("/").text
    client.cookies.set("ww_theme", '"><script>')
    assert "data-theme" not in client.get("/").text


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "\t//x"]
)
def test_choosing_colours_leads_nowhere_else(client: TestClient, target: str) -> None:
    answer = client.post("/theme", data={"theme": "dark", "back": target}, headers=SAME)
    assert answer.headers["location"] == "/"


def test_sessions_of_somebody_are_ended_by_who_may(
    client: TestClient, filled: ControlPlane, asking: Asking
) -> None:
    path = f"/people/p-ada/sessions/{'a' * 64}/end"
    asking.roles = frozenset({Role.AUDITOR})
    assert client.post(path, headers=SAME).status_code == 403
    asking.roles, asking.methods = frozenset({Role.ADMINISTRATOR}), ("otp",)
    answer = client.post(path, headers=SAME)
    assert answer.headers["location"].startswith("/prove-again")
    asking.methods = ("hwk",)
    assert client.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    answer = client.post(path, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/people/p-ada?part=sessions&done=session-ended",
    )
    assert "The session is over." in client.get(answer.headers["location"]).text
    with filled.database.reading() as connection:
        row = connection.execute(sessions.sessions.select()).mappings().one()
        assert row["state"] == SessionState.REVOKED.value
    assert client.post(path, headers=SAME).status_code == 404


@pytest.mark.parametrize("why", ["", "x", "y" * 401])
def test_ending_all_sessions_asks_for_a_reason(client: TestClient, filled: ControlPlane, why: str) -> None:
    answer = client.post("/people/p-ada/sessions/end-all", data={"why": why}, headers=SAME)
    assert answer.status_code == 400


def test_the_log_is_verified_when_somebody_asks(client: TestClient, filled: ControlPlane) -> None:
    assert "not verified yet" in client.get("/audit").text
    assert client.post("/audit/verify", headers=SAME).status_code == 303
    text = client.get("/audit").text
    assert "verified" in text
    assert "not verified yet" not in text


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01"])
def test_a_day_that_is_none_is_told(client: TestClient, query: str) -> None:
    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 400
    assert "is no day" in answer.text


def test_records_are_filtered_and_come_newest_first(client: TestClient, filled: ControlPlane) -> None:
    with filled.database.writing() as connection:
        for number in range(60):
            at = NOW + timedelta(seconds=number)
            journal.append(connection, Entry("session.created", "p-ada", f"s-{number}", at))
    text = client.get("/audit?kind=session.*").text
    numbers = [int(one) for one in re.findall(r'href="/audit/(\d+)"', text)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 50
    older = re.search(r'rel="next" href="([^"]+)"', text)
    assert older
    rest = client.get(older[1].replace("&amp;", "&")).text
    assert len(re.findall(r'href="/audit/(\d+)"', rest)) == 10
    assert "No record fits" in client.get("/audit?kind=grant.*").text


def test_settings_show_no_secret(client: TestClient) -> None:
    text = client.get("/settings").text
    assert "web.heads_webhook" in text
    assert "secret-path" not in text


def test_words_of_done_are_ours_alone(client: TestClient) -> None:
    assert "Changed." in client.get("/people?done=changed").text
    assert "evil words" not in client.get("/people?done=evil+words").text


def test_somebody_is_invited_and_the_address_is_shown_once(client: TestClient, filled: ControlPlane) -> None:
    given = {"display_name": "Grace  Hopper", "user_name": "grace", "mail": "grace@abc.example"}
    answer = client.post("/people/invite", data=given, headers=SAME)
    assert answer.status_code == 200
    assert "http://localhost:8440/enrol?token=" in answer.text
    assert "Grace Hopper" in client.get("/people?q=grace+hopper").text
    assert "token=" not in client.get("/people?q=grace").text
    assert client.post("/people/invite", data=given, headers=SAME).status_code == 409


@pytest.mark.parametrize(
    "given",
    [{}, {"display_name": "A"}, {"display_name": "A", "user_name": "a", "mail": "nonsense"},
     {"display_name": "G", "user_name": "g", "kind": "guest"},
     {"display_name": "G", "user_name": "g", "kind": "guest", "sponsor": "p-ada", "end_date": "soon"},
     {"display_name": "G", "user_name": "g", "kind": "guest", "sponsor": "p-ada", "end_date": "2020-01-01"}],
)  # fmt: skip
def test_an_invitation_that_cannot_be_is_refused(
    client: TestClient, filled: ControlPlane, given: dict[str, str]
) -> None:
    assert client.post("/people/invite", data=given, headers=SAME).status_code == 400


def test_somebody_is_suspended_resumed_and_ended(client: TestClient, filled: ControlPlane) -> None:
    path = "/people/p-ada"
    for deed, word in (("suspend", "suspended"), ("activate", "active"), ("end", "ended")):
        assert client.post(f"{path}/{deed}", headers=SAME).status_code == 400, "without a reason"
        answer = client.post(f"{path}/{deed}", data={"why": "a test of it"}, headers=SAME)
        assert answer.status_code == 303, answer.text
        assert word in client.get(path).text
    assert client.post(f"{path}/activate", data={"why": "a test of it"}, headers=SAME).status_code == 409


def test_a_role_is_given_and_taken(client: TestClient, filled: ControlPlane) -> None:
    given = {"role": "approver", "why": "looks after recoveries", "until": "2026-12-24"}
    assert client.post("/people/p-ada/roles", data=given, headers=SAME).status_code == 303
    text = client.get("/people/p-ada?part=access").text
    assert "looks after recoveries" in text
    ends = re.findall(r'action="(/people/p-ada/roles/[^"]+/end)"', text)
    assert len(ends) == 2
    for one in ends:
        assert client.post(one, data={"why": "no longer needed"}, headers=SAME).status_code == 303
    assert client.post("/people/p-ada/roles", data={**given, "role": "king"}, headers=SAME).status_code == 400


@pytest.mark.parametrize(("decision", "status"), [("accept", 303), ("reject", 303), ("maybe", 400)])
def test_whose_an_account_is_somebody_decides(
    client: TestClient, filled: ControlPlane, decision: str, status: int
) -> None:
    assert "Is it the same person?" in client.get("/directories").text
    answer = client.post("/directories/proposals/l-1", data={"decision": decision}, headers=SAME)
    assert answer.status_code == status, answer.text
    assert ("Is it the same person?" in client.get("/directories").text) == (status == 400)


DEEDS = [
    "/people/invite", "/people/p-ada/suspend", "/people/p-ada/activate", "/people/p-ada/end", "/people/p-ada/roles",
    "/people/p-ada/roles/a-1/end", "/people/p-ada/sessions/end-all", "/people/p-ada/recovery",
    "/directories/proposals/l-1", "/directories/corp/read",
]  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_by_who_may_only_read_nor_without_a_fresh_proof_nor_from_elsewhere(
    client: TestClient, filled: ControlPlane, asking: Asking, deed: str
) -> None:
    given = {"why": "a test of it", "decision": "accept", "role": "auditor"}
    for roles_of in ({Role.AUDITOR}, {Role.USER}, {Role.GUEST}):
        asking.roles = frozenset(roles_of)
        assert client.post(deed, data=given, headers=SAME).status_code == 403
    asking.roles, asking.methods = frozenset({Role.ADMINISTRATOR}), ("pwd", "otp")
    assert client.post(deed, data=given, headers=SAME).headers["location"].startswith("/prove-again")
    asking.methods = ("hwk",)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}):
        assert client.post(deed, data=given, headers=headers).status_code == 403
