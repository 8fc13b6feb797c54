"""Policies of resources as they occur in the field, which scanners get wrong: who may what, and who is let in at most.

``corpus/*.json`` holds lists of entries.  An entry has a policy document, the resource that carries it, whose it is, its
audience in words, and probes: a caller with its context (``identity`` ``"*"``: its own policies allow everything, ``null``:
it has none) and the decision that AWS's pages promise.  The evaluator answers the probes; ``exposure`` names the audience.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.exposure import exposures, widest
from watchword.analysis.iam.policy import parse
from watchword.analysis.iam.simulate import policy_set, request
from watchword.model.ids import AccountId

FILES = sorted((Path(__file__).parent / "corpus").glob("*.json"))
ENTRIES: list[dict[str, Any]] = [entry for path in FILES for entry in json.loads(path.read_text("utf-8"))]
MEMBERS = frozenset({AccountId("111122223333"), AccountId("444455556666")})
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

WORDS = {
    None: "nobody",
    Audience.OWN_ACCOUNT: "own account",
    Audience.BOUND_SERVICE: "service",
    Audience.SERVICE: "service",
    Audience.ORGANIZATION: "organisation",
    Audience.FEDERATED: "federated users",
    Audience.NAMED_OUTSIDE: "named outside",
    Audience.NETWORK: "network",
    Audience.ANY_ACCOUNT: "any AWS account",
    Audience.ANONYMOUS: "public",
}
"""The corpus's words for audiences; both kinds of services are one."""

KNOWN_DIFFERENCES: dict[str, tuple[str, str]] = {
    "bucket-delegated-to-anybodys-access-points": (
        "any AWS account",
        "access points may be public, so that a stranger's lets the unsigned through",
    ),
    "trust-github-star-under-equals": (
        "federated users",
        "StringEquals takes no wildcards, so that no token's subject fits",
    ),
    "bucket-partner-canonical-user": (
        "perhaps named outside",
        "the id is an outsider's, which the policy alone does not say: right as an upper bound",
    ),
    "bucket-user-ids": (
        "perhaps own account",
        "an Allow of the own account alone is certain to reach no further, whatever the Deny takes away",
    ),
}
"""Where ``exposure`` names another audience than the corpus: what it names, and why that is not right (to be resolved)."""


@pytest.mark.parametrize(
    ("entry", "probe"),
    [
        pytest.param(entry, probe, id=f"{entry['id']}-{number}-{probe['who'].replace(' ', '-')}")
        for entry in ENTRIES
        for number, probe in enumerate(entry["probes"], 1)
    ],
)
def test_the_caller_gets_the_answer_that_awss_pages_promise(entry, probe):
    define = {"resource": entry["document"], "identity": [EVERYTHING] if probe["identity"] else []}
    asked = {key: probe[key] for key in ("principal", "action", "resource", "context")}
    answer = evaluate(request({**asked, "resource_account": entry["account"]}), policy_set(define))
    assert answer.decision == probe["expect"], f"{probe['who']}: {probe['why']} ({entry['source']})"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_the_audience_is_neither_wider_nor_narrower_than_it_is(entry):
    named, _ = KNOWN_DIFFERENCES.get(entry["id"], (entry["audience"], ""))
    assert audience(entry) == named, f"the corpus says {entry['audience']} ({entry['source']})"


def audience(entry: dict[str, Any]) -> str:
    """The widest audience that ``exposure`` sees, in the corpus's words; ``perhaps`` where a condition is not judged."""
    home = Home(entry["account"], entry["organization"], MEMBERS, resource=entry["resource"])
    found = widest(exposures(parse(entry["document"]), home))
    word = WORDS[found.audience if found else None]
    return word if found is None or found.is_certain else f"perhaps {word}"


def test_known_differences_are_differences():
    entries = {entry["id"]: entry for entry in ENTRIES}
    for name, (named, reason) in KNOWN_DIFFERENCES.items():
        assert named != entries[name]["audience"], name
        assert reason, name


def test_every_entry_is_told_in_full():
    assert len(ENTRIES) >= 60
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert entry["source"].startswith(("https://docs.aws.amazon.com/", "https://aws.amazon.com/")), entry[
            "id"
        ]
        assert entry["audience"] in WORDS.values(), entry["id"]
        assert len(entry["probes"]) >= 4, entry["id"]
        assert all(probe["why"] for probe in entry["probes"]), entry["id"]
        callers = {probe["principal"] for probe in entry["probes"]}
        assert "*" in callers, f"{entry['id']}: no unsigned stranger"
        assert any(":111122223333:" in caller for caller in callers), f"{entry['id']}: no insider"
        strangers = ("arn:aws:iam::999988887777:", "arn:aws:sts::999988887777:")
        assert any(caller.startswith(strangers) for caller in callers), f"{entry['id']}: no signed stranger"


OUTSIDERS = {"arn:aws:iam::999988887777:user/admin", "*"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_the_probes_bear_the_audience_out(entry):
    admitted = {probe["principal"] for probe in entry["probes"] if probe["expect"] == "Allowed"}
    if entry["audience"] in {
        "own account",
        "organisation",
        "nobody",
        "named outside",
        "federated users",
        "service",
    }:
        assert not admitted & OUTSIDERS, f"{entry['audience']}, yet strangers are let in"
    if entry["audience"] in {"public", "network"} and entry["kind"] != "IAM role":
        assert "*" in admitted, f"{entry['audience']}, yet nobody unsigned is let in"
    if entry["audience"] == "any AWS account":
        assert "*" not in admitted, "any AWS account, yet somebody unsigned is let in"
