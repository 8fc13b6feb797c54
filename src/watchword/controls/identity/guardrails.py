"""Guardrails of the organisation: what no account may do to itself, and whom no account may let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchword.analysis.iam.guardrails import (
    RESOURCE_CONTROL,
    ROOTS,
    SERVICE_CONTROL,
    Accepts,
    Guardrails,
    is_of_root,
    is_switched_on,
    keeps_to_regions,
    partition_of,
    spares_named_roles,
)
from watchword.analysis.iam.policy import Condition
from watchword.controls.registry import control, gap, met, not_applicable
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.snapshot import AccountView

_ORGANIZATION: Final = "organizations.organization"

PROTECTED: Final = {
    "leaving the organisation": ("", ("organizations:LeaveOrganization",)),
    "stopping CloudTrail": (
        "arn:{}:cloudtrail:eu-west-1:{}:trail/any-trail",
        ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail"),
    ),
    "stopping GuardDuty": (
        "arn:{}:guardduty:eu-west-1:{}:detector/any-detector",
        ("guardduty:DeleteDetector", "guardduty:DisassociateFromAdministratorAccount"),
    ),
    "stopping Config": (
        "arn:{}:config:eu-west-1:{}:configuration-recorder/any-recorder",
        ("config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder"),
    ),
    "stopping Security Hub": (
        "arn:{}:securityhub:eu-west-1:{}:hub/default",
        ("securityhub:DisableSecurityHub", "securityhub:DisassociateFromAdministratorAccount"),
    ),
}
"""What an account must not do: the ARN of what it would be done to (``""``: anything), and the actions that do it."""

_OF_ROOT: Final = (
    "ec2:RunInstances",
    "s3:GetObject",
    "iam:CreateUser",
    "lambda:CreateFunction",
    "kms:Decrypt",
)
_OF_REGIONS: Final = (
    "ec2:RunInstances",
    "lambda:CreateFunction",
    "rds:CreateDBInstance",
    "dynamodb:CreateTable",
    "sqs:CreateQueue",
)
"""Actions of many kinds: what a policy denies of all of them, it denies at large."""

PERIMETER: Final = {
    "s3": ("arn:{}:s3:::any-bucket/any-key", ("s3:GetObject", "s3:PutObject")),
    "sts": ("arn:{}:iam::{}:role/any-role", ("sts:AssumeRole",)),
    "kms": ("arn:{}:kms:eu-west-1:{}:key/any-key", ("kms:Decrypt", "kms:Encrypt")),
    "secretsmanager": (
        "arn:{}:secretsmanager:eu-west-1:{}:secret:any-secret",
        ("secretsmanager:GetSecretValue",),
    ),
    "sqs": ("arn:{}:sqs:eu-west-1:{}:any-queue", ("sqs:SendMessage", "sqs:ReceiveMessage")),
}
"""Services whose resources policies open to others: the ARN of some resource of the account, and the actions."""


@control("ID-47", reads=(SERVICE_CONTROL, ROOTS), about="accounts under service control policies")
def baseline_is_denied(view: AccountView) -> Judgement:
    """Service control policies deny what would blind or free an account."""
    exempt = _exempt(view, "service control policies do not bind it")
    if exempt:
        return exempt
    if not is_switched_on(view, "SERVICE_CONTROL_POLICY"):
        return gap("service control policies are not switched on", *_roots(view))
    rails = Guardrails.of(view, SERVICE_CONTROL)
    missing = [fault for fault in _open(rails, view) if fault]
    names = ", ".join(row.name for row in rails.policies) or "none"
    shown = tuple(row.evidence("Content") for row in rails.policies)[:8]
    if missing:
        return gap(f"its service control policies ({names}) do not deny {'; '.join(missing)}", *shown)
    return met(f"its service control policies ({names}) deny all of the baseline", *shown)


def _open(rails: Guardrails, view: AccountView) -> Iterator[str]:
    """What is not denied, in words."""
    account, partition = view.account.id, partition_of(rails.policies)
    anything = f"arn:{partition}:any:eu-west-1:{account}:any/thing"

    def is_root(condition: Condition) -> bool:
        return spares_named_roles(condition) or is_of_root(condition, account, partition)

    def is_region(condition: Condition) -> bool:
        regions = view.estate.approved_regions
        return spares_named_roles(condition) or keeps_to_regions(condition, regions)

    for what, (template, actions) in PROTECTED.items():
        resource = template.format(partition, account) or anything
        yield _undenied(rails, what, actions, resource, spares_named_roles)
    yield _undenied(rails, "use of the root user", _OF_ROOT, anything, is_root)
    yield _undenied(rails, "work in regions that are not approved", _OF_REGIONS, anything, is_region)


def _undenied(rails: Guardrails, what: str, actions: tuple[str, ...], resource: str, accepts: Accepts) -> str:
    """What of ``what`` is not denied, with the conditions that stand in the way; ``""`` where all is."""
    for action in actions:
        denial = rails.denial(action, resource, accepts)
        if not denial.by:
            only = f" (a Deny of {action} holds only if {' and '.join(denial.hindered)})"
            return what + (only if denial.hindered else "")
    return ""


@control("ID-48", reads=(RESOURCE_CONTROL, ROOTS, _ORGANIZATION), about="accounts under control policies")
def outsiders_are_denied(view: AccountView) -> Judgement:
    """Resource control policies deny principals of other organisations what the account's resources hold."""
    exempt = _exempt(view, "resource control policies do not bind its resources")
    if exempt:
        return exempt
    if not is_switched_on(view, "RESOURCE_CONTROL_POLICY"):
        return gap("resource control policies are not switched on", *_roots(view))
    rails = Guardrails.of(view, RESOURCE_CONTROL)
    accepts = _outsiders(view)
    partition = partition_of(rails.policies)
    missing = [
        fault
        for service, (template, actions) in PERIMETER.items()
        if (fault := _undenied(rails, service, actions, template.format(partition, view.account.id), accepts))
    ]
    names = ", ".join(row.name for row in rails.policies) or "none"
    shown = tuple(row.evidence("Content") for row in rails.policies)[:8]
    if missing:
        said = "do not keep principals of other organisations from"
        return gap(f"its resource control policies ({names}) {said} {'; '.join(missing)}", *shown)
    return met(
        f"its resource control policies ({names}) deny principals of other organisations"
        f" {', '.join(PERIMETER)}",
        *shown,
    )


def _outsiders(view: AccountView) -> Accepts:
    """Which conditions leave a Deny standing for everybody outside the organisation, declared partners apart."""
    found = view.of_organization().rows(_ORGANIZATION)
    if not found:
        raise EvidenceMissing("the id of the organisation is not known")
    own = {found[0].text("Id"), "${aws:ResourceOrgID}", "${aws:resourceorgid}"}

    def accepts(condition: Condition) -> bool:
        values, name = set(condition.values), condition.name
        if name == "aws:principalisawsservice":
            return spares_named_roles(condition)
        if not condition.is_negated or condition.qualifier:
            return False
        if name.startswith("aws:resourcetag/"):
            return True
        known = own if name == "aws:principalorgid" else set(view.estate.partners)
        return name in {"aws:principalorgid", "aws:principalaccount"} and values <= known

    return accepts


def _exempt(view: AccountView, why: str) -> Judgement | None:
    view.of_organization()
    return not_applicable(f"this is the management account: {why}") if view.account.is_management else None


def _roots(view: AccountView) -> tuple[Evidence, ...]:
    return tuple(row.evidence("PolicyTypes") for row in view.of_organization().rows(ROOTS))
