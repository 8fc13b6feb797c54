"""Policies as sets of actions: for which actions does a layer allow or deny, and how surely?

A statement is drawn on the universe once; what depends on what is known of a principal (its ARN, its tags) is asked again
for each principal.  ``Says`` keeps apart what holds on every resource, on some resource, and only perhaps; how layers
combine is in ``matrix``.  Statements are judged one by one: what two of them say together (an Allow if ``k`` is ``a`` and
another if it is not) is not seen, and stays "perhaps".  Principal elements are for ``guardrail`` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from watchword.analysis.iam.bits import ActionBits, Bits, numbers
from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.conditions import Question, check_of
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import NEVER
from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.patterns import Matcher, Part, any_of, matcher, matcher_of
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import CANONICAL_USER, Named, Principal, PrincipalElement
from watchword.analysis.iam.request import Request
from watchword.analysis.iam.statements import CompiledStatement
from watchword.analysis.iam.variables import Unresolved, template_of

ANY: Final = "*"
"""The resource of requests that name none; the witness that a Deny of named resources leaves something over."""


class Says(NamedTuple):
    """What policies say, judged together: sets of actions.

    ``everywhere`` is allowed on every resource, whatever the context; ``somewhere`` on one resource at least, whatever the
    context; ``perhaps`` may be allowed: each holds the one before it.  ``denied`` is denied on every resource, whatever
    the context; ``may_be_denied`` may be, the resource ``*`` included; ``denied_by_name`` may be, but never on ``*``.
    """

    everywhere: Bits = 0
    somewhere: Bits = 0
    perhaps: Bits = 0
    denied: Bits = 0
    may_be_denied: Bits = 0
    denied_by_name: Bits = 0

    @property
    def any_denied(self) -> Bits:
        """What a Deny may hit at all."""
        return self.denied | self.may_be_denied | self.denied_by_name


SILENT: Final = Says()


def joined(parts: Iterable[Says]) -> Says:
    """What policies say that are one layer: whatever one of them says."""
    everywhere = somewhere = perhaps = denied = may_be_denied = by_name = 0
    for one in parts:
        # Most statements only allow or only deny; joining nothing would copy the whole set.
        if one[2]:
            everywhere |= one[0]
            somewhere |= one[1]
            perhaps |= one[2]
        if one[3] or one[4] or one[5]:
            denied |= one[3]
            may_be_denied |= one[4]
            by_name |= one[5]
    return Says(everywhere, somewhere, perhaps, denied, may_be_denied, by_name)


class Reach(Enum):
    """On which resources a statement matches, as far as its resources go.

    Of an Allow ``SOMEWHERE`` is one resource at least; of a Deny all, but never ``*``.
    """

    EVERYWHERE = "everywhere"
    SOMEWHERE = "somewhere"
    PERHAPS = "perhaps"
    NOWHERE = "nowhere"


Outcome = tuple[bool | None, Reach]
"""Whether a statement's conditions hold (``None``: it depends), and on which resources it matches."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A statement whose answer depends on what is known of the principal, with its actions."""

    statement: CompiledStatement
    actions: Bits


@dataclass(frozen=True, slots=True)
class Drawing:
    """Policies of one layer: what they say whoever asks, and the statements that must be asked for each principal."""

    fixed: Says
    drawn: tuple[Drawn, ...] = ()


@dataclass(slots=True)
class PolicyBits:
    """Drawings of policies and layers, each made once; ``known`` are the keys that may be known of a principal."""

    actions: ActionBits
    known: frozenset[str]
    rcp_actions: Bits = 0
    """The actions on which resource control policies have an effect."""
    own: frozenset[int] = frozenset()
    """Ids of policies that one principal only has: their drawings are not asked for again."""
    _policies: dict[int, tuple[CompiledPolicy, Drawing]] = field(default_factory=dict)
    _layers: dict[tuple[int, ...], Drawing] = field(default_factory=dict)
    _asked: dict[tuple[int, tuple[Outcome, ...]], Says] = field(default_factory=dict)

    def layer(self, policies: Sequence[CompiledPolicy]) -> Drawing:
        """The drawing of policies that are one layer, for layers that many principals share."""
        key = tuple([id(one) for one in policies])
        found = self._layers.get(key)
        if found is None:
            drawings = [self.policy(one) for one in policies]
            drawn = tuple([one for drawing in drawings for one in drawing.drawn])
            fixed = joined([drawing.fixed for drawing in drawings])
            found = self._layers[key] = Drawing(fixed, drawn)
        return found

    def policy(self, policy: CompiledPolicy) -> Drawing:
        """The drawing of one policy; kept unless it is among ``own``."""
        kept = self._policies.get(id(policy))
        if kept is not None:
            return kept[1]
        drawing = self._drawing(policy)
        if id(policy) not in self.own:
            # The policy is kept beside its drawing, so that its id stays its own.
            self._policies[id(policy)] = (policy, drawing)
        return drawing

    def _drawing(self, policy: CompiledPolicy) -> Drawing:
        fixed, drawn = [], []
        for statement in policy.statements:
            actions = self.actions_of(statement)
            if self._depends(statement):
                drawn.append(Drawn(statement, actions))
            else:
                fixed.append(self.says(statement, actions, {}))
        return Drawing(joined(fixed), tuple(drawn))

    def actions_of(self, statement: CompiledStatement) -> Bits:
        """The actions that a statement is about."""
        return self.actions.covered(statement.statement.actions, statement.statement.not_actions)

    def _depends(self, statement: CompiledStatement) -> bool:
        return not (is_plain(statement) or statement.keys.isdisjoint(self.known))

    def asked(self, drawing: Drawing, known: Values) -> Says:
        """What a shared layer says of a principal of whom ``known`` is known; the same value for the same answers."""
        if not drawing.drawn:
            return drawing.fixed
        outcomes = self.outcomes(drawing, known)
        key = (id(drawing), outcomes)
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = self.answered(drawing, outcomes)
        return found

    def outcomes(self, drawing: Drawing, known: Values) -> tuple[Outcome, ...]:
        """The answers of the statements that must be asked."""
        return tuple([outcome(one.statement, known) for one in drawing.drawn])

    def answered(self, drawing: Drawing, outcomes: Sequence[Outcome]) -> Says:
        """What policies say where the statements that must be asked answer so."""
        if not drawing.drawn:
            return drawing.fixed
        pairs = zip(drawing.drawn, outcomes, strict=True)
        said = [self._says(one.statement, one.actions, answer) for one, answer in pairs]
        return joined((drawing.fixed, *said))

    def says(self, statement: CompiledStatement, actions: Bits, known: Values) -> Says:
        """What one statement says, its principals left aside."""
        return self._says(statement, actions, outcome(statement, known))

    def _says(self, statement: CompiledStatement, actions: Bits, answer: Outcome) -> Says:
        held, reach = answer
        if held is False or reach is Reach.NOWHERE:
            return SILENT
        if not statement.allows:
            return _denies(reach, actions, surely=held is True)
        if held is None or reach is Reach.PERHAPS:
            return Says(perhaps=actions)
        if reach is Reach.EVERYWHERE:
            return Says(actions, actions, actions)
        return Says(0, actions & ~self._refused(statement), actions)

    def guardrail(
        self, policies: Iterable[CompiledPolicy], principal: Principal, known: Values, *, bounded: bool
    ) -> Says:
        """What resource control policies deny a principal; never "on every resource", since each has its own account's."""
        statements = [one for policy in policies for one in policy.statements if not one.allows]
        hit = [one for one in statements if _hits(one, principal, known, bounded=bounded)]
        found = joined([self.says(one, self.actions_of(one) & self.rcp_actions, known) for one in hit])
        return Says(may_be_denied=found.denied | found.may_be_denied, denied_by_name=found.denied_by_name)

    def _refused(self, statement: CompiledStatement) -> Bits:
        """The actions that step 2.2 refuses on every resource that the statement names."""
        named = statement.statement.resources
        if not named or not all(any(part in value for part in _PROTECTED) for value in named):
            return 0
        found = self.actions.every
        for value in named:
            found &= self._refused_on(value)
        return found

    def _refused_on(self, resource: str) -> Bits:
        universe = self.actions.universe
        asked = numbers(self.actions.of(["iam:*", "kms:*Alias"]))
        return self.actions.of_numbers(
            number
            for number in asked
            if evaluate(Request.of(_ANYBODY, universe.names[number], resource), PolicySet()) is NEVER
        )


_PROTECTED: Final = (":aws:policy/", ":role/aws-reserved/", ":alias/aws/")
_ANYBODY: Final = "arn:aws:iam::111122223333:user/anybody"


# --- parts of statements -------------------------------------------------------------------------------------------------


def is_plain(statement: CompiledStatement) -> bool:
    """Whether a statement has neither conditions nor variables in its resources."""
    told = statement.statement
    listed = told.resources or told.not_resources
    return not told.conditions and not any("${" in one for one in listed)


def outcome(statement: CompiledStatement, known: Values) -> Outcome:
    """What a statement answers where ``known`` is known."""
    held = questions_hold(statement.questions, known) if statement.statement.conditions else True
    if held is False:
        return False, Reach.NOWHERE
    return held, (_allowed_reach if statement.allows else _denied_reach)(statement, known)


def questions_hold(questions: Iterable[Question], known: Values) -> bool | None:
    """Whether all conditions hold where ``known`` is known; ``None`` if that depends on other keys."""
    found: bool | None = True
    for question in questions:
        held = check_of(question)(known, None)
        if held is False:
            return False
        if held is not True:
            found = None
    return found


def _allowed_reach(statement: CompiledStatement, known: Values) -> Reach:
    """On which resources an Allow matches."""
    told = statement.statement
    if told.not_resources:
        certain = not _has_variables(statement, told.not_resources) and not any_of(told.not_resources)(ANY)
        return Reach.SOMEWHERE if certain else Reach.PERHAPS
    if ANY in told.resources or not told.has_resources:
        return Reach.EVERYWHERE
    # A pattern fits its own text, so that each is the witness of a resource that is allowed.
    resolved = [_resolved(statement, value, known) for value in told.resources]
    if any(one and not isinstance(one, Unresolved) for one in resolved):
        return Reach.SOMEWHERE
    return Reach.PERHAPS if Unresolved.UNKNOWN in resolved else Reach.NOWHERE


def _denied_reach(statement: CompiledStatement, known: Values) -> Reach:
    told = statement.statement
    if told.not_resources:
        spares = not _has_variables(statement, told.not_resources) and any_of(told.not_resources)(ANY)
        return Reach.SOMEWHERE if spares else Reach.PERHAPS
    if ANY in told.resources or not told.has_resources:
        return Reach.EVERYWHERE
    resolved = [_resolved(statement, value, known) for value in told.resources]
    if Unresolved.UNKNOWN in resolved:
        return Reach.PERHAPS
    patterns = [one for one in resolved if not isinstance(one, Unresolved)]
    if any(_matcher(one)(ANY) for one in patterns):
        return Reach.PERHAPS
    return Reach.SOMEWHERE if patterns else Reach.NOWHERE


def _denies(reach: Reach, actions: Bits, *, surely: bool) -> Says:
    if reach is Reach.NOWHERE:
        return SILENT
    if reach is Reach.SOMEWHERE:
        return Says(denied_by_name=actions)
    certain = surely and reach is Reach.EVERYWHERE
    return Says(denied=actions) if certain else Says(may_be_denied=actions)


def _has_variables(statement: CompiledStatement, values: Sequence[str]) -> bool:
    return statement.variables and any(template_of(one, wild=True) for one in values)


def _resolved(statement: CompiledStatement, value: str, known: Values) -> str | tuple[Part, ...] | Unresolved:
    """The pattern of a value: its text, or its parts with the variables filled in."""
    template = template_of(value, wild=True) if statement.variables else None
    return value if template is None else template.resolve(known, None)


def _matcher(pattern: str | tuple[Part, ...]) -> Matcher:
    return matcher(pattern) if isinstance(pattern, str) else matcher_of(pattern)


def element_of(statement: CompiledStatement) -> PrincipalElement | None:
    """The statement's ``Principal`` or ``NotPrincipal``, compiled; ``None`` where it has neither."""
    told = statement.statement
    named = told.principals if told.principals is not None else told.not_principals
    if named is None:
        return None
    return PrincipalElement.of(named, told.effect, excluded=told.principals is None)


def naming(
    element: PrincipalElement, principal: Principal, known: Values, *, bounded: bool
) -> tuple[Named, bool]:
    """How an element names a principal (step 5), and whether that is certain.

    An element with canonical user ids may name whoever's is not known.
    """
    named = element.naming(principal, known, bounded=bounded)
    if element.canonical and CANONICAL_USER not in known:
        certain = named is Named.DIRECT and not element.is_exclusion
        return Named.DIRECT, certain
    return named, True


def _hits(statement: CompiledStatement, principal: Principal, known: Values, *, bounded: bool) -> bool:
    element = element_of(statement)
    return element is not None and naming(element, principal, known, bounded=bounded)[0] is not Named.NOT
