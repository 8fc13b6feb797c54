"""What a control says: a judgement of a subject, and the finding that is kept of it.

``Judgement`` is what control functions return; the judge adds who, where and which control and makes a ``Finding``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from watchword.model.evidence import Evidence
from watchword.model.ids import AccountId, ControlId, Region
from watchword.model.resource import Resource
from watchword.model.verdict import Confidence, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: a resource, or an account, a region of an account, the organisation.

    ``arn`` is AWS's ARN where there is one, ``kind`` the CloudFormation type (``AWS::::Account`` for accounts),
    ``name`` what a person calls it.
    """

    account: AccountId
    region: Region
    arn: str
    kind: str
    name: str

    @classmethod
    def of(cls, resource: Resource) -> Subject:
        """The resource as a subject."""
        return cls(resource.account, resource.region, resource.arn, resource.kind, resource.name)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one subject, in one sentence, with its evidence.

    ``subject`` is ``None`` where the judge knows it (a control that is run once for each resource).
    """

    verdict: Verdict
    because: str
    evidence: tuple[Evidence, ...] = ()
    subject: Subject | None = None
    confidence: Confidence = Confidence.HIGH
    severity: Severity | None = None
    """Only where this gap is less or more severe than the control says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement that is kept: which control, which subject, what, why, on what evidence.

    ``missing`` names the evidence that an unknown verdict lacks.  ``id`` is stable between runs: it depends on the
    control and the subject alone.
    """

    control: ControlId
    subject: Subject
    verdict: Verdict
    severity: Severity
    confidence: Confidence
    because: str
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", finding_id(self.control, self.subject))

    @property
    def sort_key(self) -> tuple[str, str, str, str, str]:
        """Order in which findings are written: control, account, region, ARN, id."""
        where = self.subject
        return (self.control, where.account, where.region, where.arn, self.id)


def finding_id(control: ControlId, subject: Subject) -> str:
    """Twenty hex digits of SHA-256 over control, account, region and ARN: equal in every run."""
    text = "\n".join((control, subject.account, subject.region, subject.arn))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
