"""Every technique, tried: it works with exactly what it needs, and with nothing less."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.paths.estate import OTHER, an_actor, tables, tried
from tests.controls.builder import ACCOUNT
from tests.controls.iam import deny, may
from watchword.analysis.iam.universe import default
from watchword.analysis.paths.edges import Edge
from watchword.analysis.paths.techniques import (
    Category,
    Gives,
    Target,
    Technique,
    TechniqueError,
    parsed,
    techniques,
)

ALL = techniques()
OWN = [one for one in ALL if one.gives in {Gives.UNBOUNDED, Gives.UNDENIED}]
PLAIN = [one for one in ALL if one not in OWN]
PASSING = [one for one in ALL if "iam:PassedToService" in one.sets and one.target is Target.ROLE]
TRUSTING = [one for one in ALL if one.trust or one.target is Target.ASSUMABLE_ROLE]
CATALOGUE = Path(__file__).resolve().parents[4] / "shared" / "data" / "privilege_escalation_paths.json"


def named(some: list[Technique] | tuple[Technique, ...]) -> Any:
    return pytest.mark.parametrize("technique", some, ids=lambda one: one.id)


def each_action(some: list[Technique] | tuple[Technique, ...] = ALL) -> Any:
    pairs = [(one, action) for one in some for action in one.needs]
    return pytest.mark.parametrize(("technique", "action"), pairs, ids=lambda one: getattr(one, "id", one))


def is_known(edges: tuple[Edge, ...], technique: Technique) -> bool:
    """Whether there is an edge, and it is unknown exactly where its inventory or history cannot be seen."""
    hidden = technique.target is Target.UNSEEN_ROLE or technique.requires == "other-versions"
    return bool(edges) and all(edge.is_unknown is hidden for edge in edges)


@named(ALL)
def test_it_works_with_what_it_needs(technique: Technique) -> None:
    edges = tried(technique)
    assert is_known(edges, technique)
    assert all(edge.condition is True for edge in edges)


@each_action()
def test_it_fails_without_one_of_its_actions(technique: Technique, action: str) -> None:
    assert not tried(technique, without=action)


@each_action()
def test_a_control_policy_stops_it(technique: Technique, action: str) -> None:
    assert not tried(technique, scps=[deny(action)])


@named([one for one in ALL if one.requires != "person"])
def test_a_control_policy_on_something_else_does_not(technique: Technique) -> None:
    assert is_known(tried(technique, scps=[deny("s3:DeleteBucket")]), technique)


@each_action(PLAIN)
def test_a_boundary_that_leaves_an_action_out_stops_it(technique: Technique, action: str) -> None:
    boundary = {"Effect": "Allow", "NotAction": [action], "Resource": "*"}
    assert not tried(technique, boundary=boundary)


@named(PLAIN)
def test_an_action_on_another_account_s_resources_is_not_enough(technique: Technique) -> None:
    on = {action: relations for action, relations in technique.needs.items() if relations != ("*",)}
    for action in on:
        statements = [may(one) for one in technique.needs if one != action]
        elsewhere = may(action, "arn:aws:x:eu-west-1:999999999999:thing/1")
        assert not tried(technique, *statements, elsewhere), action


@named(PASSING)
def test_passing_the_role_to_another_service_only_is_not_enough(technique: Technique) -> None:
    passing = may("iam:PassRole", StringEquals={"iam:PassedToService": OTHER})
    statements = [may(one) for one in technique.needs if one != "iam:PassRole"]
    assert not tried(technique, *statements, passing)


@named(PASSING)
def test_passing_the_role_to_its_service_only_is_enough(technique: Technique) -> None:
    services = [one.removeprefix("federated:") for one in technique.trust]
    passing = may("iam:PassRole", StringEquals={"iam:PassedToService": services})
    statements = [may(one) for one in technique.needs if one != "iam:PassRole"]
    edges = tried(technique, *statements, passing)
    assert edges
    assert all(edge.condition is True for edge in edges)


@named(TRUSTING)
def test_a_role_that_does_not_trust_the_service_is_not_reached(technique: Technique) -> None:
    assert not tried(technique, trusts=OTHER)


@named(
    [one for one in ALL if one.requires in {"free-key-slot", "no-free-key-slot", "password", "no-password"}]
)
def test_the_user_must_be_in_the_right_state(technique: Technique) -> None:
    is_free, has = technique.requires == "free-key-slot", technique.requires == "password"
    report = {
        "_arn": f"arn:aws:iam::{ACCOUNT}:user/victim",
        "password_enabled": "false" if has else "true",
        "access_key_1_last_rotated": "2026-01-01",
        "access_key_2_last_rotated": "2026-01-01" if is_free else "N/A",
    }
    assert not tried(technique, change={"global:iam.credential_report": [report]})


@named([one for one in ALL if one.requires in {"free-key-slot", "password", "no-password"}])
def test_an_unread_credential_report_makes_it_unknown_not_impossible(technique: Technique) -> None:
    edges = tried(technique, change={"global:iam.credential_report": []})
    assert edges
    assert all(edge.is_unknown for edge in edges)


@named([one for one in ALL if one.table == "ec2.instances"])
def test_a_terminated_instance_is_not_reached(technique: Technique) -> None:
    gone = {"_arn": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1", "State": {"Name": "terminated"}}
    gone |= {
        "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/target"},
        "InstanceId": "i-1",
    }
    assert not tried(technique, change={"ec2.instances": [gone]})


@named([one for one in ALL if one.requires == "ssm-managed"])
def test_an_instance_that_systems_manager_does_not_know_is_not_reached(technique: Technique) -> None:
    assert not tried(technique, change={"ssm.instance_information": []})


@named([one for one in ALL if one.requires in {"stack-sets-access", "account-access", "root-sessions"}])
def test_what_the_organisation_has_not_switched_on_cannot_be_used(technique: Technique) -> None:
    off: Any = {"organizations.service_access": [], "iam.organizations_features": []}
    assert tried(technique)
    assert not tried(technique, organized=off)


@named([one for one in ALL if one.table])
def test_without_its_inventory_there_is_nothing_to_take_over(technique: Technique) -> None:
    assert not tried(technique, change={technique.table: []})


@named([one for one in ALL if one.requires in {"instance-profile", "no-instance-profile"}])
def test_the_role_must_have_an_instance_profile_or_none(technique: Technique) -> None:
    other = "no-instance-profile" if technique.requires == "instance-profile" else "instance-profile"
    changed = replace(technique, requires=other)
    assert tried(changed)
    rows = _roles_of(changed)
    assert not tried(technique, change={"global:iam.roles": rows})


def _roles_of(technique: Technique) -> list[Any]:
    made = tables(technique, an_actor(technique, may("s3:List*"), boundary=None), boundary=None)
    rows: list[Any] = made["global:iam.roles"]
    return rows


# --- the data ------------------------------------------------------------------------------------------------------------


def test_there_are_techniques_of_every_category_and_kind_of_target() -> None:
    assert len(ALL) >= 75
    assert {one.category for one in ALL} == set(Category)
    assert {one.target for one in ALL} == set(Target)


@named(ALL)
def test_it_says_where_it_is_described_and_how_to_close_it(technique: Technique) -> None:
    assert all(one.startswith("https://") for one in technique.references)
    assert technique.fix.endswith(".")
    assert not technique.name.endswith(".")


@named([one for one in ALL if one.table])
def test_its_table_is_collected(technique: Technique) -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "tables.md"
    assert f"| `{technique.table}` |" in page.read_text(encoding="utf-8")


@named(ALL)
def test_resources_are_given_to_the_actions_that_have_types_of_them(technique: Technique) -> None:
    for action, relations in technique.needs.items():
        found = default().find(action)
        assert found is not None
        assert (relations == ("*",)) is (not found.resources), action


SOUND = """
[[technique]]
id = "one"
name = "One"
category = "new-passrole"
target = "role"
trust = ["lambda.amazonaws.com"]
fix = "Do not."
references = ["https://example.com"]
[technique.needs]
"iam:PassRole" = "target"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "one"', 'id = "one"\ncolour = "red"', "no field colour"),
        ('fix = "Do not."', "", "fix is missing"),
        ('"iam:PassRole"', '"iam:PassTheRole"', "no action iam:PassTheRole"),
        ('= "target"', '= "aim"', "no relation aim"),
        ('= "target"', '= "arn:aws:iam::{acount}:role/x"', "nothing called acount"),
        ('"new-passrole"', '"magic"', "'magic' is not a valid Category"),
        ('target = "role"', 'target = "self"', "trust goes with"),
        ('"iam:PassRole"', '"lambda:CreateFunction"', "by passing it"),
        ('target = "role"', 'target = "role"\ntable = "a.b"', "a table goes with"),
        ('target = "role"', 'target = "role"\nunseen = "Things"', "unseen goes with"),
        ('target = "role"', 'target = "role"\nrequires = "luck"', "no requirement luck"),
        ('target = "role"', 'target = "role"\nactor = "group"', "not group"),
        ('target = "role"', 'target = "role"\neffort = 4', "from 1 to 3"),
        ("[[technique]]", "[[technic]]", "tables called technique"),
        ("[[technique]]", "[[technique]", "a.toml: "),
    ],
)
def test_unsound_data_is_refused_with_the_place(old: str, new: str, told: str) -> None:
    assert old in SOUND
    with pytest.raises(TechniqueError, match=r"a\.toml") as caught:
        list(parsed(SOUND.replace(old, new), "a.toml", default()))
    assert told in str(caught.value)


def test_sound_data_is_read() -> None:
    (one,) = parsed(SOUND, "a.toml", default())
    assert one.needs == {"iam:PassRole": ("target",)}
    assert one.cost == 1


@pytest.mark.skipif(not CATALOGUE.is_file(), reason="the published catalogue is not beside the checkout")
def test_every_published_path_is_covered() -> None:
    """A technique covers a path if it needs no more than the path says, and is of a like kind."""
    like = {
        "self-escalation": {Category.SELF_ESCALATION},
        "principal-access": {Category.PRINCIPAL_ACCESS, Category.TRUST},
        "new-passrole": {Category.NEW_PASSROLE, Category.EXISTING_PASSROLE},
        "existing-passrole": {Category.EXISTING_PASSROLE},
    }
    left = []
    for path in json.loads(CATALOGUE.read_text(encoding="utf-8"))["paths"]:
        required = frozenset(one.lower() for one in path["required"])
        if required == {"sts:assumerole"}:
            continue  # taking a role is an edge of every graph (``trusts``)
        kept = [one for one in ALL if one.category in like[path["category"]] and one.actions <= required]
        if not kept:
            left.append(path["id"])
    assert not left
