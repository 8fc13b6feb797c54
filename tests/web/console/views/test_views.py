"""View-models: what pages say of values, above all where something is missing, over, or not theirs to decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.console.people_samples import ADA, DAY, GUEST, NAMES, directory, session
from tests.web.console.samples import NOW, pasts, tally
from watchword.controls.catalogue import catalogue
from watchword.controls.standing import Counts, standing
from watchword.model.directory import DirectoryAccount
from watchword.model.ids import ControlId
from watchword.model.login import Recovery, RecoveryId, RecoveryState
from watchword.model.people import DirectoryId, DirectoryState, PrincipalId, PrincipalStatus
from watchword.model.roles import Role
from watchword.model.sessions import SessionState
from watchword.model.verdict import Pillar, Requirement, Verdict
from watchword.store.findings_index import Facets, FindingPage
from watchword.web.console.views import directories, findings, holdings, lists, overview, people, recovery
from watchword.web.console.views.shell import PLACES, navigation


@given(st.integers(0, 500), st.integers(1, 60), st.integers(1, 30))
def test_a_pager_leads_through_every_thing_once_and_ends(total: int, page: int, size: int) -> None:
    one = lists.pager("/x", {"q": "a"}, total, page, size)
    assert one.pages == max((total + size - 1) // size, 1)
    assert bool(one.next) == (page < one.pages)
    assert bool(one.previous) == (page > 1)
    if one.first:
        assert (one.first, one.last) == ((page - 1) * size + 1, min(page * size, total))


def test_a_chosen_value_that_nothing_has_is_shown_all_the_same() -> None:
    one = lists.select("account", "Account", [("a", "A")], "gone", numbers={"a": 3})
    assert one.chosen == lists.Choice("gone", "gone", 0, chosen=True)


def test_taking_a_filter_away_leaves_the_others_and_goes_to_the_first_page() -> None:
    selects = (lists.select("a", "A", [("1", "one")], "1"), lists.select("b", "B", [("2", "two")], "2"))
    gone = lists.chips("/x", {"a": "1", "b": "2", "q": "w", "page": "7"}, selects, "w")
    assert [one.href for one in gone] == ["/x?b=2&q=w", "/x?a=1&q=w", "/x?a=1&b=2"]


@given(st.dictionaries(st.sampled_from([*findings.FIELDS, "page"]), st.text(max_size=40)))
def test_any_address_is_a_question_and_its_address_asks_the_same(query: dict[str, str]) -> None:
    ask = findings.ask_of(query)
    again = findings.ask_of(ask.as_query())
    assert replace(ask, page=1) == again
    assert 1 <= ask.page <= findings.FARTHEST_PAGE


@pytest.mark.parametrize("requirement", sorted(Requirement, key=lambda one: one.value))
def test_a_filter_by_requirement_and_pillar_names_exactly_its_controls(requirement: Requirement) -> None:
    for pillar in Pillar:
        query = findings.query_of(findings.FindingAsk(requirement, pillar), catalogue())
        wanted = {c.id for c in catalogue() if requirement in c.text.requirements and c.text.pillar is pillar}
        assert query.controls == wanted


def test_a_control_that_is_not_in_the_catalogue_is_found_and_listed_by_its_id() -> None:
    ask = findings.ask_of({"control": "ACME-01"})
    assert findings.query_of(ask, catalogue()).controls == {"ACME-01"}
    page = FindingPage((), 3, Facets(controls={ControlId("ACME-01"): 3}))
    view = findings.findings_view(ask, page, catalogue(), {})
    chosen = view.filters.selects[-1].chosen
    assert chosen is not None
    assert (chosen.value, chosen.label, chosen.number) == ("ACME-01", "ACME-01", 3)


def test_the_overviews_matrix_is_that_of_the_standing() -> None:
    found = standing(catalogue(), tally())
    view = overview.overview_view(found, pasts(), {}, {}, {})
    for row, requirement in zip(view.rows, Requirement, strict=True):
        for cell, pillar in zip(row.cells, Pillar, strict=True):
            assert cell.counts == found.matrix[(requirement, pillar)].verdicts


def test_a_tile_tells_the_change_since_the_assessment_before_and_none_at_the_first() -> None:
    found, several = standing(catalogue(), tally()), pasts()
    gap = overview.overview_view(found, several, {}, {}, {}).tiles[0]
    assert gap.change == found.subjects.gap - several[-2].counts[Verdict.GAP]
    assert all(one.change is None for one in overview.overview_view(found, several[-1:], {}, {}, {}).tiles)


def test_a_summary_that_lacks_everything_is_an_assessment_with_nothing() -> None:
    told = overview.past_of({})
    assert (told.started, set(told.counts.values()), told.controls) == (None, {0}, {})


def test_accounts_of_the_overview_are_the_worst_and_the_others_are_counted() -> None:
    counts = {f"{number:012d}": Counts(1, number, 0, 0) for number in range(30)}
    view = overview.overview_view(standing(catalogue(), tally()), [], counts, {}, {})  # type: ignore[arg-type]
    assert [one.counts.gap for one in view.accounts] == list(range(29, 19, -1))
    assert view.more_accounts == 20


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "read"),
        ({"last_error": "refused", "last_sync": NOW}, "failing"),
        ({"last_sync": None}, "not read yet"),
        ({"last_sync": NOW - 2 * DAY}, "out of date"),
        ({"faults": ({"what": "x"},)}, "read, with faults"),
        ({"state": DirectoryState.DISABLED, "last_error": "x"}, "disabled"),
    ],
)
def test_a_directorys_state_is_the_worst_that_is_true(more: dict[str, object], word: str) -> None:
    assert directories.directory_line(directory(**more), NOW).state == word


@pytest.mark.parametrize(
    ("enabled", "locked", "word"),
    [(True, None, "enabled"), (True, True, "locked"), (False, True, "disabled"), (None, None, "not told")],
)
def test_what_a_directory_did_not_tell_is_never_fine(
    enabled: bool | None, locked: bool | None, word: str
) -> None:
    told = DirectoryAccount(DirectoryId("d"), "s", "u", enabled=enabled, locked=locked)
    assert holdings.account_state(told)[0] == word


def test_a_session_that_ran_out_is_not_active_whatever_its_row_says() -> None:
    over = replace(session(2), absolute_end=NOW)
    assert holdings.session_line(over, NOW).state == "expired"
    assert not holdings.session_line(over, NOW).is_active
    ended = replace(session(1), state=SessionState.REVOKED)
    assert holdings.session_line(ended, NOW).state == "revoked"


@pytest.mark.parametrize(
    ("known", "warning"),
    [
        (people.Known(ADA, factors="passkey"), ""),
        (people.Known(ADA), "has no factor of ours"),
        (people.Known(ADA, frozenset({Role.APPROVER}), "authenticator app"), "has a role and no passkey"),
        (people.Known(GUEST, factors="passkey"), "ends soon"),
        (people.Known(replace(ADA, status=PrincipalStatus.SUSPENDED)), ""),
    ],
)
def test_the_list_of_people_warns_of_what_somebody_should_look_at(known: people.Known, warning: str) -> None:
    assert people.people_view([known], 1, {}, NOW).people[0].warning == warning


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        (PrincipalStatus.ACTIVE, ["Suspend", "End for good"]),
        (PrincipalStatus.SUSPENDED, ["Activate", "End for good"]),
        (PrincipalStatus.INVITED, ["End for good"]),
        (PrincipalStatus.ENDED, []),
    ],
)
def test_deeds_are_those_that_the_status_lets(status: PrincipalStatus, buttons: list[str]) -> None:
    assert [one.button for one in people.deeds(replace(ADA, status=status))] == buttons


@pytest.mark.parametrize(
    ("caller", "state", "first", "may_not"),
    [
        ("p-3", RecoveryState.REQUESTED, None, ""),
        ("p-guest", RecoveryState.REQUESTED, None, "It is yours: others decide."),
        ("p-ada", RecoveryState.APPROVED_ONCE, "p-ada", "You have approved; somebody else must, too."),
        ("p-3", RecoveryState.APPROVED_ONCE, "p-ada", ""),
        ("p-3", RecoveryState.APPROVED, "p-ada", "It is approved."),
    ],
)
def test_a_recovery_says_why_one_cannot_decide(
    caller: str, state: RecoveryState, first: str | None, may_not: str
) -> None:
    one = Recovery(
        *(RecoveryId("r"), GUEST.id, "lost", "p-ada", NOW, NOW + DAY),
        first_approver=PrincipalId(first) if first else None,
        state=state,
    )
    assert recovery.recovery_line(one, NAMES, NOW, PrincipalId(caller)).may_not == may_not


def test_a_recovery_that_ran_out_is_over() -> None:
    one = Recovery(RecoveryId("r"), GUEST.id, "lost", "p-ada", NOW - 2 * DAY, NOW - timedelta(seconds=1))
    line = recovery.recovery_line(one, NAMES, NOW, None)
    assert (line.state, line.is_open) == ("expired", False)


def test_the_navigation_leaves_out_groups_without_a_place() -> None:
    assert navigation(lambda _: True) == PLACES
    assert [one.label for one in navigation(lambda place: place == "audit")] == ["Trust"]
    assert navigation(lambda _: False) == ()
