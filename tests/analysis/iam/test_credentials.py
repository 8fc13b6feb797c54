"""The words of the credential report, and who counts as an emergency identity."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.controls.builder import ACCOUNT, resource, view
from tests.controls.iam import ROOT, report, user
from watchword.analysis.iam.credentials import (
    AccessKey,
    active_keys,
    is_break_glass,
    moment,
    root_row,
    virtual_device_owners,
)
from watchword.model.estate import Estate
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document


@pytest.mark.parametrize("word", ["N/A", "no_information", "not_supported", ""])
def test_words_for_nothing_are_no_moment(word: str) -> None:
    assert moment(Document("row", {"password_last_used": word}), "password_last_used") is None


def test_a_moment_is_in_utc() -> None:
    row = Document("row", {"c": "2026-01-31T10:00:00+02:00"})
    assert moment(row, "c") == datetime(2026, 1, 31, 8, tzinfo=UTC)


def test_a_missing_column_is_missing_evidence_and_not_nothing() -> None:
    with pytest.raises(EvidenceMissing, match="password_last_used"):
        moment(Document("row", {}), "password_last_used")


def test_only_active_keys_count_whatever_their_number() -> None:
    row = resource(
        "iam.credential_report",
        report(
            access_key_2_active="true",
            access_key_2_last_rotated="2026-01-01T00:00:00+00:00",
            access_key_1_last_rotated="2020-01-01T00:00:00+00:00",
        ),
    )
    assert active_keys(row) == (AccessKey(2, datetime(2026, 1, 1, tzinfo=UTC)),)


def test_an_unassigned_virtual_device_has_no_owner() -> None:
    devices = [{"_arn": "a", "User": {"Arn": ROOT}}, {"_arn": "b"}, {"_arn": "c", "User": {}}]
    assert virtual_device_owners(view({"iam.virtual_mfa_devices": devices})) == {ROOT}


def test_the_root_users_row_is_found_and_its_absence_told() -> None:
    assert root_row(view({"iam.credential_report": [report(), report("<root_account>")]})).arn == ROOT
    with pytest.raises(EvidenceMissing, match="no row of the root user"):
        root_row(view({"iam.credential_report": [report()]}))


@pytest.mark.parametrize(
    ("tags", "declared", "expected"),
    [
        ({"break-glass": "true"}, (), True),
        ({"BreakGlass": "Yes "}, (), True),
        ({"break_glass": "1"}, (), True),
        ({"break-glass": "no"}, (), False),
        ({"glass": "true"}, (), False),
        ({}, (f"arn:aws:iam::{ACCOUNT}:user/al*",), True),
        ({}, (f"{ACCOUNT}/alice",), True),
        ({}, ("alice",), False),
    ],
)
def test_emergency_identities_are_declared_or_tagged(
    tags: dict[str, str], declared: tuple[str, ...], expected: bool
) -> None:
    row = resource("iam.users", user("alice", _tags=tags))
    assert is_break_glass(row, view(estate=Estate(break_glass=declared))) is expected
