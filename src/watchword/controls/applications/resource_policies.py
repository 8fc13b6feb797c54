"""Controls of resource policies: what a queue, a function or a secret lets the whole world do.

Buckets have controls of their own.  Of APIs the private ones are judged: to the others everybody comes, with or without a
policy, and their authorizers decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from watchword.analysis.iam.attached import POLICIES
from watchword.analysis.iam.audience import Home
from watchword.analysis.iam.exposure import exposures, widest
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.controls.registry import control, gap, met, unknown
from watchword.controls.subjects import judged
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView


@control(
    "AP-16",
    reads=(*(table for table, _ in POLICIES), "organizations.organization", "organizations.accounts"),
    about="resource policies",
)
def resource_policies(view: AccountView) -> Iterator[Judgement]:
    """No resource policy lets everybody, or every AWS account, do anything."""
    for table, path in POLICIES:
        yield from judged(view, table, partial(judge_policy, path=path, view=view))


def judge_policy(row: Resource, path: str, view: AccountView) -> Judgement | None:
    """The verdict on the policy at ``path`` of the row; ``None`` where it has none.

    Raises:
        EvidenceMissing: the policy could not be read, or is not of the IAM language.
    """
    document = row.document(path, absent=None)
    if document is None or (row.table == "apigateway.rest_apis" and not is_private(row)):
        return None
    try:
        found = exposures(parse(document.data), Home.of(view, row.arn))
    except PolicyError as error:
        raise EvidenceMissing(f"{path} of {row.where} cannot be judged: {error}") from error
    public = [one for one in found if one.is_public]
    evidence = row.evidence(path)
    if not public:
        top = widest(found)
        reach = f"at most {top.audience.words}" if top else "nobody"
        return met(f"the policy lets in {reach}", evidence)
    if row.has("VPCOptions.VPCId") or row.texts("VPCOptions.SubnetIds"):
        return met("the policy names everybody, but the domain's endpoint stands inside a VPC", evidence)
    sentences = "; ".join(one.sentence for one in public)
    if not any(one.is_certain for one in public):
        return unknown(sentences, evidence)
    if view.estate.is_public_by_intent(row.arn):
        return met(f"declared public: {sentences}", evidence)
    return gap("; ".join(one.sentence for one in public if one.is_certain), evidence)


def is_private(api: Resource) -> bool:
    """Whether a REST API can be reached through VPC endpoints only."""
    return "PRIVATE" in api.texts("endpointConfiguration.types")
