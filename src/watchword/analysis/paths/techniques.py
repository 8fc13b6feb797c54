"""The techniques by which one identity gets the permissions of another, as data.

Each is a table of the ``techniques_*.toml`` beside this module.  Its fields:

``id``, ``name``      what it is called; ``name`` is an order to the attacker
``category``          see ``Category``
``target``            what the technique leads to, see ``Target``
``gives``             what the actor has then, see ``Gives``
``actor``             ``user`` or ``role`` where only such can do it; empty: both
``trust``             one of these the target's trust policy must name: a service, ``federated:<provider>``, or ``saml``
``table``             for targets of the inventory: the table of the snapshot that shows them
``unseen``            for targets that no table shows: what they are called
``requires``          a state of the target or the organisation that must be there, see ``REQUIREMENTS``
``needs``             the actions, all of them, each with what it is done to, see ``RELATIONS``
``sets``, ``absent``  condition keys that the call itself gives, or never has
``effort``, ``noise`` from 1 to 3: how much work it is, and how much others notice
``references``, ``fix``  where it is described, and how to close it

Nothing is evaluated here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from watchword.analysis.iam.universe import Universe, default


class Category(StrEnum):
    """Kinds of techniques."""

    SELF_ESCALATION = "self-escalation"
    PRINCIPAL_ACCESS = "principal-access"
    NEW_PASSROLE = "new-passrole"
    EXISTING_PASSROLE = "existing-passrole"
    TRUST = "trust"
    DIRECTORY = "directory"


class Target(StrEnum):
    """What a technique leads to.  All but those of the directory lie in the actor's own account."""

    SELF = "self"
    ROLE = "role"
    """A role that trusts one of ``trust``."""
    ANY_ROLE = "any-role"
    ASSUMABLE_ROLE = "assumable-role"
    """A role that the actor may assume."""
    FEDERATED_ROLE = "federated-role"
    """A role that trusts an identity provider of its account."""
    USER = "user"
    GROUP = "group"
    COMPUTE = "compute"
    """A row of ``table`` that runs with a role."""
    UNSEEN_ROLE = "unseen-role"
    """A role that trusts one of ``trust``, and so may belong to what no table shows."""
    PERMISSION_SET = "permission-set"
    OWN_PERMISSION_SET = "own-permission-set"
    DIRECTORY_GROUP = "directory-group"
    DIRECTORY_USER = "directory-user"
    MEMBER_ACCOUNT = "member-account"
    ORGANIZATION = "organization"
    GUARDRAILS = "guardrails"


class Gives(StrEnum):
    """What the actor has by a technique."""

    TARGET = "target"
    """The target's permissions."""
    ADMINISTRATOR = "administrator"
    """Whatever there is in the account (for a permission set: where it is assigned)."""
    UNBOUNDED = "unbounded"
    """The actor's own permissions without its boundary."""
    UNDENIED = "undenied"
    """The actor's own permissions without its policies' denials."""


RELATIONS: Final = (
    *("self", "target", "target-role", "target-policy", "own-policy", "own-group", "provider"),
    *("instance", "account", "*"),
)
"""What an action may be done to, beside an ARN: ``{new}`` and ``{some}`` in it are names that the actor chooses."""

PLACES: Final = (
    *("partition", "region", "account", "new", "some", "cluster", "instance", "member", "organization"),
    *("target", "service", "denying"),
)
"""What may stand in braces in an ARN or a value of ``sets``."""

REQUIREMENTS: Final = (
    *("free-key-slot", "no-free-key-slot", "password", "no-password", "other-versions", "inline-deny"),
    *("attached-deny", "instance-profile", "no-instance-profile", "running", "ssm-managed", "serial-console"),
    *("execute-command", "person", "stack-sets-access", "root-sessions", "account-access"),
)
"""States that a technique may require."""


class TechniqueError(ValueError):
    """A technique's data is unsound; the text names the file, the technique and the field."""


@dataclass(frozen=True, slots=True)
class Technique:
    """One technique; its fields are those of the module's docstring."""

    id: str
    name: str
    category: Category
    target: Target
    needs: Mapping[str, tuple[str, ...]]
    fix: str
    references: tuple[str, ...]
    gives: Gives = Gives.TARGET
    actor: str = ""
    trust: tuple[str, ...] = ()
    table: str = ""
    unseen: str = ""
    requires: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    effort: int = 1
    noise: int = 1

    @property
    def actions(self) -> frozenset[str]:
        """The actions that it needs, in lower case."""
        return frozenset(action.lower() for action in self.needs)

    @property
    def cost(self) -> int:
        """What a step by it costs in a path: 1 to 5."""
        return self.effort + self.noise - 1


@cache
def techniques() -> tuple[Technique, ...]:
    """All techniques, in order of their ids, checked against the shipped universe.

    Raises:
        TechniqueError: the data is unsound.
    """
    folder = resources.files("watchword.analysis.paths")
    names = sorted(one.name for one in folder.iterdir() if one.name.startswith("techniques_"))
    found: dict[str, Technique] = {}
    for name in names:
        if name.endswith(".toml"):
            for one in parsed(folder.joinpath(name).read_text(encoding="utf-8"), name, default()):
                if one.id in found:
                    raise TechniqueError(f"{name}: {one.id}: the id is taken")
                found[one.id] = one
    return tuple(found[one] for one in sorted(found))


def parsed(text: str, name: str, universe: Universe) -> Iterator[Technique]:
    """The techniques of a file.

    Raises:
        TechniqueError: the text is no TOML, or a technique is unsound.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TechniqueError(f"{name}: {error}") from error
    if set(read) != {"technique"}:
        raise TechniqueError(f"{name}: tables called technique are expected, not {', '.join(sorted(read))}")
    for row in read["technique"]:
        yield _technique(row, f"{name}: {row.get('id', '?')}", universe)


def _technique(row: Mapping[str, Any], place: str, universe: Universe) -> Technique:
    known = {one.name for one in fields(Technique)}
    if unknown := sorted(set(row) - known):
        raise TechniqueError(f"{place}: there is no field {unknown[0]}")
    for name in ("id", "name", "category", "target", "needs", "fix", "references"):
        if not row.get(name):
            raise TechniqueError(f"{place}: {name} is missing")
    try:
        made = Technique(**{**row, **_converted(row)})
    except ValueError as error:
        raise TechniqueError(f"{place}: {error}") from error
    for what in _faults(made, universe):
        raise TechniqueError(f"{place}: {what}")
    return made


def _converted(row: Mapping[str, Any]) -> dict[str, Any]:
    needs = {action: (on,) if isinstance(on, str) else tuple(on) for action, on in row["needs"].items()}
    found: dict[str, Any] = {
        "category": Category(row["category"]),
        "target": Target(row["target"]),
        "gives": Gives(row.get("gives", "target")),
        "needs": needs,
    }
    return found | {name: tuple(row.get(name, ())) for name in ("trust", "references", "absent")}


def _faults(made: Technique, universe: Universe) -> Iterator[str]:
    for action, relations in made.needs.items():
        if universe.find(action) is None:
            yield f"there is no action {action}"
        for relation in relations:
            if relation not in RELATIONS and not relation.startswith("arn:"):
                yield f"{action}: there is no relation {relation}"
    yield from _place_faults(made)
    if made.requires and made.requires not in REQUIREMENTS:
        yield f"there is no requirement {made.requires}"
    if made.actor not in {"", "user", "role"}:
        yield f"an actor is a user or a role, not {made.actor}"
    if not (1 <= made.effort <= 3 and 1 <= made.noise <= 3):
        yield "effort and noise are from 1 to 3"
    yield from _shape_faults(made)


def _place_faults(made: Technique) -> Iterator[str]:
    for text in (*(one for on in made.needs.values() for one in on), *made.sets.values()):
        if wrong := [part for part in _places(text) if part not in PLACES]:
            yield f"there is nothing called {wrong[0]} to stand in {text}"


def _shape_faults(made: Technique) -> Iterator[str]:
    """What a kind of target asks of the other fields."""
    wants_trust = {Target.ROLE, Target.UNSEEN_ROLE, Target.FEDERATED_ROLE}
    if bool(made.trust) != (made.target in wants_trust):
        yield f"trust goes with the targets {', '.join(sorted(wants_trust))}, not with {made.target}"
    if made.target is Target.ROLE and made.needs.get("iam:PassRole") != ("target",):
        yield "a role is reached by passing it: iam:PassRole on target is needed"
    if bool(made.table) != (made.target is Target.COMPUTE):
        yield "a table goes with the target compute"
    if bool(made.unseen) != (made.target is Target.UNSEEN_ROLE):
        yield "unseen goes with the target unseen-role"


def _places(text: str) -> Iterator[str]:
    for part in text.split("{")[1:]:
        yield part.partition("}")[0]
