"""Whether an actor can carry out a technique on a target: every action asked of the evaluator, with concrete ARNs.

Where the actor chooses a name (``{new}``), any name that its policies allow will do: names are tried that fit the
resources of its own statements, beside one that nobody would have thought of.  All actions of a technique on the same
form of ARN must be allowed on the same name.

Which targets there are is the business of ``escalation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from watchword.analysis.iam.expression import Value, both, conjunction, either
from watchword.analysis.iam.layers import Placed
from watchword.analysis.iam.request import ContextValue
from watchword.analysis.paths.actors import Actor, Actors, Answer
from watchword.analysis.paths.edges import Stages
from watchword.analysis.paths.holds import Holds
from watchword.analysis.paths.inventory import Inventory
from watchword.analysis.paths.techniques import Technique
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource

NEW: Final = "new-by-actor"
"""A name that nobody has given to anything."""
_TRIED: Final = 8
"""How many names are tried for a form of ARN."""
_GLOBAL: Final = frozenset({"iam", "organizations", "sts", "account"})
"""Services whose requests AWS answers in one region."""
_CHOSEN: Final = frozenset({"new", "some"})
"""Names that the actor chooses."""
_FREE: Final = _CHOSEN | {"partition", "account", "region"}
"""Names that do not depend on the goal, unless it lies in a region of its own."""
_PLACE: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a technique is done to: ``names`` fill braces, ``resources`` are what each relation stands for.

    ``rows`` are the rows behind resources, by ARN: their tags and boundaries are context.  ``key`` tells goals apart.
    """

    key: str
    names: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Mapping[str, Resource] = field(default_factory=dict)


Outcome = tuple[Value, tuple[tuple[Placed, ...], ...], str]
"""The condition, the statements of each stage, and the resource that the actor chooses."""


@dataclass(frozen=True, slots=True)
class Success:
    """That it can be done: on which condition, held by what, with which resource of the actor's choice."""

    condition: Value
    stages: Stages
    via: str = ""


Found = tuple[Value, list[tuple[Placed, ...]], str]


@dataclass(frozen=True, slots=True)
class Part:
    """Actions that are done to one resource.  ``is_free``: the goal does not matter."""

    form: str
    actions: tuple[str, ...]
    is_free: bool


@dataclass(slots=True)
class Attempts:
    """Asks for techniques."""

    actors: Actors
    holds: Holds
    inventory: Inventory
    _region: str = ""
    _known_parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)

    def attempt(self, actor: Actor, technique: Technique, goal: Goal) -> Success | None:
        """Whether the actor can do it; ``None`` where it cannot."""
        found = self.outcome(actor, technique, goal)
        if found is None:
            return None
        condition, placed, chosen = found
        return Success(condition, self.stages(actor, placed), chosen)

    def passes(self, actor: Actor, technique: Technique, goal: Goal) -> bool:
        """Whether the actor can pass the goal's role to its service in some region; alone, before all else is asked."""
        for region in self.inventory.tried_regions(actor.account):
            self._region = region
            (role,) = goal.resources["target"]
            if self._all(actor, technique, goal, role, ("iam:PassRole",)) is not None:
                self._region = ""
                return True
        self._region = ""
        return False

    def stages(self, actor: Actor, placed: tuple[tuple[Placed, ...], ...]) -> Stages:
        """What holds it, for this actor among those of its class."""
        made = (self.holds.of_identity(actor.identity, one) for one in placed)
        return tuple(dict.fromkeys(one for one in made if one))

    def outcome(self, actor: Actor, technique: Technique, goal: Goal) -> Outcome | None:
        """As ``attempt``, with the statements where they are placed; remembered by the actor's class."""
        key = (technique.id, goal.key)
        if key not in actor.outcomes:
            actor.outcomes[key] = self._anywhere(actor, technique, goal)
        found: Outcome | None = actor.outcomes[key]
        return found

    def _anywhere(self, actor: Actor, technique: Technique, goal: Goal) -> Outcome | None:
        """In the region where it can be done, for good if anywhere."""
        best: Outcome | None = None
        is_regional = "region" not in goal.names and any(
            one == "*" or "{region}" in one for on in technique.needs.values() for one in on
        )
        regions = self.inventory.tried_regions(actor.account)
        for region in regions if is_regional else regions[:1]:
            self._region = region
            found = self._outcome(actor, technique, goal)
            best = found if best is None or (found and found[0] is True) else best
            if best is not None and best[0] is True:
                break
        self._region = ""
        return best

    def _outcome(self, actor: Actor, technique: Technique, goal: Goal) -> Outcome | None:
        condition: Value = True
        stages: list[tuple[Placed, ...]] = []
        chosen = ""
        for part in self._parts(technique):
            found = self._part(actor, technique, goal, part)
            if found is None:
                return None
            value, stage, resource = found
            condition = both(condition, value)
            if condition is False:
                return None
            stages += stage
            chosen = chosen or resource
        return condition, tuple(dict.fromkeys(stages)), chosen

    def _part(self, actor: Actor, technique: Technique, goal: Goal, part: Part) -> Found | None:
        """What does not depend on the goal is asked once for all of them."""
        if not part.is_free or "region" in goal.names:
            return self._any(actor, technique, goal, part)
        key = (technique.id, part.form, self._region)
        if key not in actor.outcomes:
            actor.outcomes[key] = self._any(actor, technique, goal, part)
        found: Found | None = actor.outcomes[key]
        return found

    def _parts(self, technique: Technique) -> tuple[Part, ...]:
        """What is asked of a resource together; what is the same for all goals first."""
        known = self._known_parts.get(technique.id)
        if known is None:
            forms: dict[str, list[str]] = {}
            for action, relations in technique.needs.items():
                for relation in relations:
                    # Only names that the actor chooses must be the same for several actions.
                    key = relation if _CHOSEN & set(_PLACE.findall(relation)) else f"{relation} {action}"
                    forms.setdefault(key, []).append(action)
            made = (_part_of(technique, form.partition(" ")[0], tuple(on)) for form, on in forms.items())
            known = tuple(sorted(made, key=lambda part: not part.is_free))
            self._known_parts[technique.id] = known
        return known

    def _resources(self, actor: Actor, goal: Goal, part: Part) -> Iterator[str]:
        if not part.form.startswith("arn:"):
            yield from goal.resources.get(part.form, ("*",) if part.form == "*" else ())
            return
        filled = self._filled(part.form, actor, goal)
        if _CHOSEN & set(_PLACE.findall(part.form)):
            yield from self._candidates(actor, part.form, filled, part.actions)
        else:
            yield filled

    def _filled(self, text: str, actor: Actor, goal: Goal) -> str:
        names = {
            "partition": "aws",
            "region": (self._region or self.inventory.region(actor.account)),
            "account": actor.account,
            "new": NEW,
            "some": NEW,
            **goal.names,
        }
        return _PLACE.sub(lambda found: names.get(found[1], NEW), text)

    def _any(self, actor: Actor, technique: Technique, goal: Goal, part: Part) -> Found | None:
        """Whether all actions are allowed on one of the resources; the stages are those of what is found first for good.

        Where several resources will do, a stage has the statements of all of them.
        """
        total: Value = False
        stages: list[tuple[Placed, ...]] = []
        chosen = ""
        for resource in self._resources(actor, goal, part):
            answers = self._all(actor, technique, goal, resource, part.actions)
            value = conjunction(answer.value for answer in answers) if answers else False
            if not answers or value is False:
                continue
            own = [answer.own for answer in answers]
            stages = own if not stages else [(*a, *b) for a, b in zip(stages, own, strict=True)]
            chosen = chosen or resource
            total = either(total, value)
            if total is True:
                break
        if total is False:
            return None
        told = chosen if part.form.startswith("arn:") or part.form == "own-policy" else ""
        return total, [tuple(dict.fromkeys(stage)) for stage in stages if stage], told

    def _all(
        self, actor: Actor, technique: Technique, goal: Goal, resource: str, actions: tuple[str, ...]
    ) -> list[Answer] | None:
        answers = []
        for action in actions:
            given = self._context(actor, technique, goal, resource, action)
            named = ("aws:RequestedRegion", *technique.sets, *technique.absent)
            key = tuple((name, given[name]) for name in named if name in given)
            # STS lets management do this to its members; no policy of theirs has to allow it.
            account = actor.account if action == "sts:AssumeRoot" else ""
            answer = self.actors.ask(actor, action, resource, given=given, key=key, account=account)
            if answer.value is False:
                return None
            answers.append(answer)
        return answers

    # --- context ---------------------------------------------------------------------------------------------------------

    def _context(
        self, actor: Actor, technique: Technique, goal: Goal, resource: str, action: str
    ) -> dict[str, ContextValue]:
        service = action.partition(":")[0]
        region = resource.split(":")[3] if resource.count(":") >= 3 else ""
        if not region:
            region = (
                "us-east-1" if service in _GLOBAL else (self._region or self.inventory.region(actor.account))
            )
        found: dict[str, ContextValue] = {"aws:RequestedRegion": region}
        row = goal.rows.get(resource)
        if row is not None:
            found |= self._of_row(actor, row, service)
        for name in technique.absent:
            if name.partition(":")[0] == service:
                found[name] = None
        for name, value in technique.sets.items():
            if name.partition(":")[0] in {service, "aws"}:
                found[name] = self._filled(value, actor, goal)
        return found

    def _of_row(self, actor: Actor, row: Resource, service: str) -> dict[str, ContextValue]:
        """What the resource's own row says: its tags, as far as policies ask for them, and its boundary."""
        found: dict[str, ContextValue] = {}
        tags = {key.lower(): value for key, value in row.tags.items()}
        for key in self.actors.tag_keys(actor):
            owner = key.partition(":")[0]
            if owner in {"aws", service}:
                found[key] = tags.get(key.partition("/")[2])
        if row.table in {"iam.users", "iam.roles"}:
            found["iam:PermissionsBoundary"] = boundary_of(row)
        return found

    # --- names that the actor chooses ------------------------------------------------------------------------------------

    def _candidates(self, actor: Actor, form: str, filled: str, actions: Sequence[str]) -> Iterator[str]:
        yield filled
        tried = {filled}
        beginning = _beginning(form)
        lower = [action.lower() for action in actions]
        for policy in actor.policies.identity:
            for statement in policy.statements:
                if not statement.allows or not any(statement.covers(action) for action in lower):
                    continue
                for pattern in statement.statement.resources:
                    shaped = shape(pattern, filled, beginning)
                    if shaped and shaped not in tried and len(tried) < _TRIED:
                        tried.add(shaped)
                        yield shaped


def _part_of(technique: Technique, form: str, actions: tuple[str, ...]) -> Part:
    """Free is a form without names of the goal, whose actions' contexts have none either."""
    services = {action.partition(":")[0] for action in actions}
    given = [value for key, value in technique.sets.items() if key.partition(":")[0] in services]
    is_arn = form.startswith("arn:") or form == "*"
    places = {place for text in (form, *given) for place in _PLACE.findall(text)}
    return Part(form, actions, is_arn and places <= _FREE)


def boundary_of(row: Resource) -> str | None:
    """The ARN of a user's or role's permissions boundary; ``None`` where it has none, or it was not read."""
    try:
        return row.text("PermissionsBoundary.PermissionsBoundaryArn", absent=None)
    except EvidenceMissing:
        return None


def _beginning(form: str) -> str:
    """What stands before the first brace of the resource part: ``function:``."""
    parts = form.split(":", 5)
    return parts[5].partition("{")[0] if len(parts) == 6 else ""


@lru_cache(maxsize=65_536)
def shape(pattern: str, like: str, beginning: str) -> str:
    """An ARN that the pattern covers and that has the form of another; ``""`` where there is none.

    >>> shape("arn:aws:lambda:*:*:function:dev-*", "arn:aws:lambda:eu-west-1:1:function:new", "function:")
    'arn:aws:lambda:eu-west-1:1:function:dev-x'
    """
    wanted, model = pattern.split(":", 5), like.split(":", 5)
    if len(wanted) != 6 or len(model) != 6 or "${" in pattern:
        return ""
    # Another region is as good; another partition, service or account is not.
    if (not wanted[3]) is not (not model[3]) or not all(
        fnmatchcase(model[place], wanted[place]) for place in (0, 1, 2, 4)
    ):
        return ""
    region = model[3] if fnmatchcase(model[3], wanted[3]) else _concrete(wanted[3])
    rest = model[5] if fnmatchcase(model[5], wanted[5]) else _concrete(wanted[5])
    if not rest.startswith(beginning):
        return ""
    return ":".join((*model[:3], region, model[4], rest))


def _concrete(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x")
