"""Policies that the customer wrote: those that allow everything are nobody's least privilege."""

from __future__ import annotations

from collections.abc import Iterator

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.policy import Policy, Statement, includes
from watchword.controls.identity.rows import judge_each
from watchword.controls.registry import control, gap, met, not_applicable
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity


@control(
    "ID-27",
    reads=("iam.policies", "iam.users", "iam.groups", "iam.roles"),
    about="policies of the customer's own",
)
def policies_name_what_they_allow(view: AccountView) -> Iterator[Judgement]:
    """No customer managed or inline policy allows everything, or everything but a list."""
    yield from judge_each(view.rows("iam.policies"), _judge_managed)
    for table in ("iam.users", "iam.groups", "iam.roles"):
        yield from judge_each(view.rows(table), _judge_inline)


def _judge_managed(row: Resource) -> Judgement | None:
    if ":iam::aws:policy/" in row.arn:
        return None
    shown = row.evidence("Document")
    attached = int(row.number("AttachmentCount", absent=0.0))
    boundaries = row.number("PermissionsBoundaryUsageCount", absent=0.0)
    if boundaries and not attached:
        return not_applicable(
            "the policy is used as a permissions boundary only, which allows nothing", shown
        )
    wide = list(_wide(parsed(row, "Document")))
    if not wide:
        return met("the policy names the actions and resources that it allows", shown)
    because = "; ".join(words for words, _ in wide)
    where = f"it is attached to {attached}" if attached else "it is attached to nobody today"
    mild = not attached or all(narrow for _, narrow in wide)
    return gap(f"{because}; {where}", shown, severity=Severity.MEDIUM if mild else None)


def _judge_inline(row: Resource) -> Judgement | None:
    names = {"iam.users": "UserPolicyList", "iam.groups": "GroupPolicyList", "iam.roles": "RolePolicyList"}
    path = names[row.table]
    inline = [(one.text("PolicyName"), parsed(one, "PolicyDocument")) for one in row.items(path)]
    if not inline:
        return None
    wide = [
        (f"inline policy {name}: {words}", narrow)
        for name, policy in inline
        for words, narrow in _wide(policy)
    ]
    if not wide:
        return met("its inline policies name the actions and resources that they allow", row.evidence(path))
    mild = all(narrow for _, narrow in wide)
    because = "; ".join(words for words, _ in wide)
    return gap(because, row.evidence(path), severity=Severity.MEDIUM if mild else None)


def _wide(policy: Policy) -> Iterator[tuple[str, bool]]:
    """What the policy allows too widely, in words, and whether at least its resources are named."""
    for statement in policy.allows:
        everywhere = _is_everywhere(statement)
        if statement.not_actions:
            excepted = ", ".join(statement.not_actions[:3])
            place = "every resource" if everywhere else "its resources"
            yield f"{statement.label} allows every action but {excepted} on {place}", not everywhere
        elif everywhere and any(not set(action) - set("*:") for action in statement.actions):
            yield f"{statement.label} allows every action on every resource", False


def _is_everywhere(statement: Statement) -> bool:
    if statement.not_resources:
        return True
    return any(
        includes(pattern, f"arn:{partition}:*:*:*:*")
        for pattern in statement.resources
        for partition in ("aws", "aws-us-gov", "aws-cn")
    )
