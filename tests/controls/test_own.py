"""The controls of our own records: each verdict of each, on records made by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.controls.builder import NOW, resource
from watchword.controls.catalogue import catalogue
from watchword.controls.judge import judge_one
from watchword.controls.own import own_controls
from watchword.model.ids import GLOBAL, ORGANIZATION
from watchword.model.snapshot import Account, AccountView, UnitKey

CONTROLS = {one.id: one for one in own_controls()}
TABLES = ("directories", "role_holders", "guests", "orphans", "summary")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


def records(**rows: list[dict[str, Any]]) -> AccountView:
    """A view in which the given tables have these rows and all others none."""
    made = {
        (f"watchword.{table}", GLOBAL): tuple(
            resource(
                f"watchword.{table}",
                {"_name": str(number), "_arn": f"arn:watchword:{table}:::{number}", "AsOf": at(0)} | row,
                ORGANIZATION,
                GLOBAL,
            )
            for number, row in enumerate(rows.get(table, []))
        )
        for table in TABLES
    }
    return AccountView(
        Account(ORGANIZATION), NOW, frozenset({UnitKey(ORGANIZATION, GLOBAL, "watchword")}), (), made
    )


def holder(roles: list[str], *factors: str) -> dict[str, Any]:
    return {"Roles": roles, "Factors": list(factors)}


def guest(**values: Any) -> dict[str, Any]:
    told = {"Status": "active", "Created": at(-200), "Sponsor": "p-1", "SponsorStatus": "active"}
    return told | {"EndDate": at(30), "LastUsed": at(-1)} | values


def directory(**values: Any) -> dict[str, Any]:
    told = {"Kind": "ldap", "State": "enabled", "LastError": ""}
    return told | {"LastSync": at(-0.5), "LastAttempt": at(-0.5)} | values


def summary(active: int, armed: int) -> dict[str, Any]:
    return {"Accounts": 9, "People": 9, "Active": active, "ActiveWithPasskey": armed}


ADMIN = ["administrator"]
CASES: list[tuple[str, str, dict[str, list[dict[str, Any]]]]] = [
    ("ID-06", "met", {"role_holders": [holder(ADMIN, "passkey")]}),
    ("ID-06", "met", {"role_holders": [holder(["auditor"], "passkey", "totp")]}),
    ("ID-06", "gap", {"role_holders": [holder(["auditor"], "totp")]}),
    ("ID-06", "gap", {"role_holders": [holder(["approver"])]}),
    ("ID-06", "gap", {"role_holders": [holder(ADMIN, "passkey", "totp")]}),
    ("ID-06", "gap", {"role_holders": [holder(ADMIN, "passkey", "password")]}),
    ("ID-06", "not_applicable", {}),
    ("ID-07", "met", {"summary": [summary(100, 95)]}),
    ("ID-07", "gap", {"summary": [summary(100, 94)]}),
    ("ID-07", "gap", {"summary": [summary(1, 0)]}),
    ("ID-07", "not_applicable", {"summary": [summary(0, 0)]}),
    ("ID-07", "unknown", {}),
    ("ID-10", "met", {"directories": [directory()]}),
    ("ID-10", "gap", {"directories": [directory(LastSync=at(-1))]}),
    ("ID-10", "gap", {"directories": [directory(LastError="it is down")]}),
    ("ID-10", "gap", {"directories": [directory(LastSync=None)]}),
    ("ID-10", "not_applicable", {"directories": [directory(Kind="scim", LastSync=None)]}),
    ("ID-10", "not_applicable", {"directories": [directory(State="disabled")]}),
    ("ID-10", "not_applicable", {}),
    ("ID-12", "met", {"summary": [summary(1, 1)]}),
    ("ID-12", "gap", {"orphans": [{"What": "O1-of-nobody", "Because": "x"}], "summary": [summary(1, 1)]}),
    ("ID-33", "met", {"guests": [guest()]}),
    ("ID-33", "gap", {"guests": [guest(SponsorStatus="ended")]}),
    ("ID-33", "gap", {"guests": [guest(SponsorStatus=None)]}),
    ("ID-33", "gap", {"guests": [guest(EndDate=at(0))]}),
    ("ID-33", "unknown", {"guests": [guest(EndDate=None)]}),
    ("ID-33", "not_applicable", {}),
    ("ID-36", "met", {"guests": [guest(LastUsed=at(-44))]}),
    ("ID-36", "gap", {"guests": [guest(LastUsed=at(-45))]}),
    ("ID-36", "met", {"guests": [guest(LastUsed=None, Created=at(-44))]}),
    ("ID-36", "unknown", {"guests": [guest(LastUsed=None)]}),
    ("ID-36", "not_applicable", {"guests": [guest(Status="suspended", LastUsed=at(-90))]}),
]


@pytest.mark.parametrize(
    ("name", "verdict", "rows"),
    CASES,
    ids=[f"{row[0]}-{row[1]}-{number}" for number, row in enumerate(CASES)],
)
def test_a_control_says_of_records_what_they_are(
    name: str, verdict: str, rows: dict[str, list[dict[str, Any]]]
) -> None:
    (found,) = judge_one(records(**rows), CONTROLS[name])  # type: ignore[index]
    assert found.verdict.value == verdict, found.because
    assert " failed: " not in found.because
    if verdict in {"met", "gap"}:
        assert found.evidence


@pytest.mark.parametrize("control", own_controls(), ids=lambda one: one.id)
def test_without_records_every_control_is_unknown_and_has_a_case_of_met_and_gap(control: Any) -> None:
    empty = AccountView(Account(ORGANIZATION), NOW, frozenset(), (), {})
    assert {one.verdict.value for one in judge_one(empty, control)} == {"unknown"}
    assert {"met", "gap"} <= {verdict for name, verdict, _ in CASES if name == control.id}


def test_no_id_or_slug_is_one_of_the_catalogues() -> None:
    for of in (lambda one: one.id, lambda one: one.text.slug):
        both = [of(one) for one in (*catalogue(), *own_controls())]
        assert len(both) == len(set(both))
