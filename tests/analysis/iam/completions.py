"""Completions of an incomplete request: what its unknown keys may turn out to be.

``completions`` names every key that the policies mention and the request does not tell, and assigns to each: absent, or
values drawn from the policies' own values (each of them, instances of its wildcards, its neighbours, something else
altogether, lists). Where there are too many assignments it draws some of them with a seeded generator.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from tests.analysis.iam.oracle import added_keys, caller, resource_account
from tests.analysis.iam.oracle_conditions import listed, number, pieces, text

Assignment = dict[str, Any]
ALWAYS_ABSENT = (
    "aws:username",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:tokenissuetime",
    "aws:federatedprovider",
    "aws:sourceidentity",
)
"""Keys that anonymous callers, providers and services never have, beside all that begin with ``aws:Principal`` (step 1.3)."""


def documents(policies: dict[str, Any]) -> list[dict[str, Any]]:
    """Every policy document of a policy set."""
    found = []
    for layer in ("identity", "boundary", "session", "endpoint"):
        found += policies.get(layer) or []
    for layer in ("scps", "rcps"):
        for level in policies.get(layer) or []:
            found += level
    return found + ([policies["resource"]] if policies.get("resource") else [])


def variables_in(values: Any) -> list[str]:
    """The keys of the variables in a policy's values, in lower case."""
    found = []
    for value in listed(values):
        for kind, what in pieces(text(value)):
            if kind == "variable":
                found.append(what[0].lower())
    return found


def mentioned(policies: dict[str, Any]) -> dict[str, set[str]]:
    """Key (lower case) -> the policies' values for it; a key of a variable has those of the key that it is compared to."""
    keys: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    if policies.get("endpoint") is not None:
        keys["aws:sourcevpce"] = set()
    for statement in (one for document in documents(policies) for one in listed(document["Statement"])):
        for element in ("Resource", "NotResource"):
            for key in variables_in(statement.get(element, [])):
                keys.setdefault(key, set())
        for element in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(element), dict) and "CanonicalUser" in statement[element]:
                keys.setdefault("principal:canonicaluser", set()).update(
                    listed(statement[element]["CanonicalUser"])
                )
        for wanted in statement.get("Condition", {}).values():
            for key, values in wanted.items():
                keys.setdefault(key.lower(), set()).update(text(one) for one in listed(values))
                links += [(key.lower(), other) for other in variables_in(values)]
    for key, other in links:
        keys.setdefault(other, set()).update(keys[key])
    return keys


def is_told(key: str, request: dict[str, Any]) -> bool:
    """Whether a request tells a key, by giving it or by what AWS always adds (1.3)."""
    who = caller(request["principal"])
    known = [*request.get("context", {}), *added_keys(who, resource_account(request, who))]
    if key in (name.lower() for name in known):
        return True
    without = who.kind in ("anonymous", "provider", "service")
    return without and (key.startswith("aws:principal") or key in ALWAYS_ABSENT)


def neighbours(value: str) -> list[str]:
    """Values beside one of a policy: the next numbers, other days, an address outside, another part of an ARN."""
    size = number(value)
    if size is not None:
        return [text(int(size) - 1), text(int(size) + 1), f"{int(size)}.5"]
    if value[:4].isdigit() and value[4:5] == "-":
        return [f"{int(value[:4]) - 1:04d}{value[4:]}", f"{int(value[:4]) + 1:04d}{value[4:]}"]
    if "/" in value and value.rpartition("/")[2].isdigit():
        return [value.partition("/")[0], "203.0.113.200", "2001:db8:ffff::1"]
    if value.lower() in ("true", "false"):
        return ["true", "false"]
    return [value.swapcase(), value + "x"]


def instances(value: str) -> list[str]:
    """Texts that a pattern matches, or nearly."""
    if "${" in value:
        start, end = value.index("${"), value.find("}", value.index("${"))
        around = (value[:start], value[end + 1 :])
        return [around[0] + middle + around[1] for middle in ("alice", "red", "*")] if end > 0 else []
    if "*" in value or "?" in value:
        return [value.replace("*", "ab").replace("?", "c"), value.replace("*", "").replace("?", "d")]
    return []


def candidates(key: str, values: set[str], request: dict[str, Any]) -> list[Any]:
    """What a key may turn out to be; an empty list is absent."""
    single: list[str] = []
    for value in sorted(values):
        single += [value, *instances(value), *neighbours(value)]
    for part in request["resource"].replace("/", ":").split(":"):
        single += [part] if part and not values else []
    for given in request.get("context", {}).values():
        single += [text(one) for one in listed(given)][:1]
    single += ["something else", ""]
    single = list(dict.fromkeys(single))
    several = [[one, two] for one, two in itertools.pairwise(single)][:4]
    return [[], *single, *several, [single[0], "something else"]]


def completions(
    request: dict[str, Any], policies: dict[str, Any], most: int = 24, seed: int = 0
) -> Iterator[Assignment]:
    """Assignments of all unknown keys that the policies mention, at most ``most`` of them.

    Each candidate of each key occurs at least once as long as ``most`` allows; the keys' other values are drawn.
    """
    unknown = {
        key: candidates(key, values, request)
        for key, values in mentioned(policies).items()
        if not is_told(key, request)
    }
    total = 1
    for values in unknown.values():
        total *= len(values)
    names = sorted(unknown)
    if total <= most:
        for chosen in itertools.product(*(unknown[name] for name in names)):
            yield dict(zip(names, chosen, strict=True))
        return
    dice = random.Random(seed)
    decks = {name: [[], *dice.sample(unknown[name][1:], len(unknown[name]) - 1)] for name in names}
    for turn in range(most):
        yield {
            name: deck[turn % len(deck)] if dice.random() < 0.5 else dice.choice(deck)
            for name, deck in decks.items()
        }
