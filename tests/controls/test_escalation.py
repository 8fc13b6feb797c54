"""Paths told by controls: in words, as severe as the conditions on them."""

from __future__ import annotations

from tests.controls.builder import ACCOUNT
from tests.controls.examples_paths import TAKES, UP, admin, of_account, outside, those
from tests.controls.iam import FRESH_MFA, OWN, STRANGER, allow, may, role, trust, user
from watchword.controls.catalogue import find
from watchword.controls.escalation import escalation_of, limits
from watchword.controls.judge import judge_one
from watchword.model.finding import Finding
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Confidence, Severity


def only(control: str, view: AccountView) -> Finding:
    (found,) = judge_one(view, find(control))
    return found


def test_the_graph_of_an_account_is_built_once_for_all_controls() -> None:
    view = those(user("alice", UP))
    first = escalation_of(view)
    judge_one(view, find("ID-26"))
    assert escalation_of(view) is first
    assert escalation_of(those(user("bob"))) is not first


def test_a_path_is_told_step_by_step_with_the_statements_that_make_it() -> None:
    hop = role("hop", trust(allow(OWN)), TAKES)
    alice = user("alice", may("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/hop"))
    found = [
        one
        for one in judge_one(those(alice, roles=(hop, admin("admin", allow(OWN)))), find("ID-26"))
        if one.subject.name == "alice"
    ]
    assert found[0].because == (
        f"can reach the administration of member ({ACCOUNT}): 1. Take the role (sts:AssumeRole): role hop, by statement 1 of"
        f" arn:aws:iam::{ACCOUNT}:role/hop and statement 1 of inline policy p1 of arn:aws:iam::{ACCOUNT}:user/alice, 2. Take"
        f" the role (sts:AssumeRole): role admin, by statement 1 of arn:aws:iam::{ACCOUNT}:role/admin and statement 1 of"
        f" inline policy p1 of arn:aws:iam::{ACCOUNT}:role/hop"
    )
    assert len(found[0].evidence) == 5


def test_mfa_makes_a_path_no_less_severe_and_a_network_does() -> None:
    mfa = only("ID-26", those(user("a", TAKES), roles=(admin("admin", allow(OWN, **FRESH_MFA)),)))
    assert (mfa.severity, mfa.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    assert "if aws:MultiFactorAuthPresent Bool true" in mfa.because
    network = {**UP, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    limited = only("ID-26", those(user("a", network)))
    assert (limited.severity, limited.confidence) == (Severity.HIGH, Confidence.MEDIUM)


def test_an_external_id_stops_no_stranger_and_a_network_may() -> None:
    knows = {"StringEquals": {"sts:ExternalId": "8841"}}
    open_way = only("ID-51", outside(admin("admin", allow(of_account(STRANGER), **knows))))
    assert (open_way.severity, open_way.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    place = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    limited = only("ID-51", outside(admin("admin", allow(of_account(STRANGER), **place))))
    assert (limited.severity, limited.confidence) == (Severity.HIGH, Confidence.MEDIUM)


def test_conditions_that_hold_for_good_limit_nobody() -> None:
    assert limits(True) == frozenset()


def test_what_is_unknown_names_the_hole_and_the_path_that_there_may_be() -> None:
    hidden = [{"PolicyName": "hidden", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/hidden"}]
    found = only("ID-26", those(user("alice", UP, AttachedManagedPolicies=hidden)))
    assert "policy/hidden" in found.because
