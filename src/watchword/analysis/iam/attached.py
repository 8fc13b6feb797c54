"""Resources that carry policies of their own, as a snapshot shows them: queues, keys, buckets, roles' trusts, and so on.

Says where each service keeps the policy, and compiles it.  What a policy lets whom do is decided in ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.compiled import CompiledPolicy, Library, PolicyKind
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import PublicAccessBlock
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

POLICIES: Final = (
    ("sqs.queues", "Attributes.Policy"),
    ("sns.topics", "Attributes.Policy"),
    ("lambda.functions", "Policy"),
    ("ecr.repositories", "Policy"),
    ("ecr.registry_policy", "policyText"),
    ("secretsmanager.secrets", "Policy"),
    ("kms.keys", "Policy"),
    ("efs.file_systems", "Policy"),
    ("opensearch.domains", "AccessPolicies"),
    ("backup.vaults", "Policy"),
    ("events.buses", "Policy"),
    ("dynamodb.tables", "Policy"),
    ("glue.resource_policy", "PolicyInJson"),
    ("apigateway.rest_apis", "policy"),
)
"""Where policies of resources stand, table and path; buckets, access points and roles are told apart below."""

BUCKETS: Final = ("s3.buckets", "Policy")
ACCESS_POINTS: Final = ("s3.access_points", "Policy")
TRUSTS: Final = ("iam.roles", "AssumeRolePolicyDocument")
ACCOUNT_BLOCK: Final = "s3.account_public_access_block"

CARRIERS: Final = (BUCKETS, ACCESS_POINTS, TRUSTS, *POLICIES)
"""Every table with policies of resources, and the path of the policy."""

_SETTINGS: Final = (
    ("BlockPublicAcls", "block_public_acls"),
    ("IgnorePublicAcls", "ignore_public_acls"),
    ("BlockPublicPolicy", "block_public_policy"),
    ("RestrictPublicBuckets", "restrict_public_buckets"),
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A resource with its policy (``None``: it has none).

    ``missing`` says what of it could not be read or is not of the IAM language; then the policy is not known.
    """

    row: Resource
    path: str
    policy: CompiledPolicy | None = None
    public_access_block: PublicAccessBlock | None = None
    missing: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        """The resource's ARN."""
        return self.row.arn


def carriers(view: AccountView, library: Library | None = None) -> Iterator[Carrier]:
    """Every resource of an account that can carry a policy, as far as its tables were read."""
    by = Library() if library is None else library
    for table, path in CARRIERS:
        for row in view.readable(table):
            yield carrier_of(row, path, by, view)


def carrier_of(row: Resource, path: str, library: Library, view: AccountView) -> Carrier:
    """A resource with its policy at ``path``; for buckets and access points with the public access block that counts."""
    missing: list[str] = []
    policy = block = None
    try:
        document = row.document(path, absent=None)
        if document is not None and document.data:
            policy = library.compile(document.data, PolicyKind.RESOURCE, row.arn)
    except EvidenceMissing as error:
        missing.append(error.what)
    except PolicyError as error:
        missing.append(f"{path} of {row.where} is not of the IAM language: {error}")
    if row.table in {BUCKETS[0], ACCESS_POINTS[0]}:
        try:
            block = _block(row, view)
        except EvidenceMissing as error:
            missing.append(error.what)
    return Carrier(row, path, policy, block, tuple(missing))


def _block(row: Resource, view: AccountView) -> PublicAccessBlock:
    """The settings of the bucket (or access point) and of the account together: the stricter counts.

    Raises:
        EvidenceMissing: one of the two was not read.
    """
    own = row.document("PublicAccessBlock", absent=None)
    of_account = view.rows(ACCOUNT_BLOCK)
    found: list[Document] = [one for one in (own, *of_account) if one is not None]
    settings = {name: any(one.flag(key, False) for one in found) for key, name in _SETTINGS}
    return PublicAccessBlock(**settings)
