"""Control of confused deputies: AWS services that act on a resource do so for a source of the company's own only.

A service acts under its own name for all its customers.  Where a policy lets it in without saying for whom, another
customer may have it act on the resource.  Which sources a statement leaves is computed with conditions and Denies
(``analysis.iam.exposure``).

A role can only be passed to a service in its own account, so that of trusts those are judged whose service's pages ask for a
source all the same; the others need none.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from watchword.analysis.iam.attached import BUCKETS, POLICIES, TRUSTS
from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.controls.registry import control, gap, met, unknown
from watchword.controls.subjects import judged
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

ASKING_TRUSTS: Final = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        *("autoscaling", "batch", "bedrock", "codebuild", "ecs-tasks", "eks", "frauddetector", "glue"),
        *("iot", "kinesisanalytics", "personalize", "redshift", "sagemaker", "scheduler", "states"),
        "vpc-flow-logs",
    )
)
"""Services whose pages ask for ``aws:SourceAccount`` or ``aws:SourceArn`` in the trust policies of their roles.

Sources: the pages "Cross-service confused deputy prevention" of the services, for example
https://docs.aws.amazon.com/batch/latest/userguide/cross-service-confused-deputy-prevention.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html,
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
"""

_WITHOUT_SOURCE: Final = frozenset({"elasticloadbalancing.amazonaws.com"})
"""Named by AWS's own accounts, which send no source.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""

_SERVICES: Final = (Audience.SERVICE, Audience.BOUND_SERVICE)


@control(
    "ID-30",
    reads=(
        TRUSTS[0],
        BUCKETS[0],
        *(table for table, _ in POLICIES),
        *("organizations.organization", "organizations.accounts"),
    ),
    about="policies that let AWS services in",
)
def services_act_for_own_sources(view: AccountView) -> Iterator[Judgement]:
    """Every policy that lets an AWS service in says for which source of the company's own it may act."""
    for table, path in (TRUSTS, BUCKETS, *POLICIES):
        yield from judged(view, table, partial(_judge, path=path, view=view))


def _judge(row: Resource, path: str, view: AccountView) -> Judgement | None:
    document = row.document(path, absent=None)
    if document is None:
        return None
    try:
        found = exposures(parse(document.data), Home.of(view, row.arn))
    except PolicyError as error:
        raise EvidenceMissing(f"{path} of {row.where} cannot be judged: {error}") from error
    for_services = [one for one in found if one.audience in _SERVICES and _counts(one, row)]
    if not for_services:
        return None
    return _judged(row, path, for_services, view)


def _judged(row: Resource, path: str, found: list[Exposure], view: AccountView) -> Judgement:
    shown = row.evidence(path)
    open_to_any = [one for one in found if one.audience is Audience.SERVICE]
    sure = [_words(one, view) for one in open_to_any if one.is_certain]
    if sure:
        trust = row.table == TRUSTS[0]
        return gap("; ".join(sure), shown, severity=Severity.LOW if trust else None)
    if open_to_any:
        return unknown("; ".join(f"perhaps {_words(one, view)}" for one in open_to_any), shown)
    services = sorted({name for one in found for name in one.services})
    return met(
        f"{', '.join(services) or 'the service'} may act for a named source of the company only", shown
    )


def _counts(one: Exposure, row: Resource) -> bool:
    """Whether a source is asked for where the service is let in."""
    if row.table == TRUSTS[0]:
        return "/aws-service-role/" not in row.arn and bool(one.services & ASKING_TRUSTS)
    return not (one.services and one.services <= _WITHOUT_SOURCE) and not _is_origin_access(one)


def _is_origin_access(one: Exposure) -> bool:
    """Whether the "service" is an origin access identity of CloudFront, which is a source by itself."""
    return bool(one.services) and not any("." in name for name in one.services)


def _words(one: Exposure, view: AccountView) -> str:
    label = f"statement {one.sid!r}" if one.sid else f"statement {one.statement + 1}"
    services = ", ".join(sorted(one.services)) or "any AWS service"
    outside = sorted(one.accounts | one.organizations)
    if outside:
        named = ", ".join(_named(name, view) for name in outside)
        return f"{label} lets {services} act for {named}, which is outside the organisation"
    return f"{label} lets {services} act for whoever asks it: no aws:SourceArn, SourceAccount or SourceOrgID"


def _named(name: str, view: AccountView) -> str:
    partner = next((words for account, words in view.estate.partners.items() if account == name), "")
    return f"{partner} ({name})" if partner else name
