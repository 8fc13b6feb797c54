"""Examples of the controls of data: labels, buckets, encryption, keys, recorded access."""

from __future__ import annotations

import json
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.examples import example
from watchword.controls.data.stores import KEYED, LABELLED
from watchword.model.estate import Estate
from watchword.model.ids import AccountId

MEMBER, PARTNER, STRANGER = "444455556666", "121212121212", "999988887777"
ORG = organization(
    {
        "organizations.organization": [{"Id": "o-abcdefghij", "_name": "o-abcdefghij"}],
        "organizations.accounts": [{"Id": ACCOUNT}, {"Id": MEMBER}],
    }
)
PARTNERS = Estate(partners={AccountId(PARTNER): "auditors"})
OWN_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-0000-0000-0000-000000000000"
AWS_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/aaaa0000-0000-0000-0000-000000000000"
KEYS = [
    {"_arn": OWN_KEY, "_name": "own", "KeyId": OWN_KEY.rpartition("/")[2], "KeyManager": "CUSTOMER"},
    {"_arn": AWS_KEY, "_name": "aws", "KeyId": AWS_KEY.rpartition("/")[2], "KeyManager": "AWS"},
]
ALIASES = [{"_name": "alias/data", "AliasName": "alias/data", "TargetKeyId": OWN_KEY.rpartition("/")[2]}]
OPEN = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
SHUT = dict.fromkeys(OPEN, True)
LABEL = {"data-classification": "restricted", "owner": "payroll@example.com"}


def bucket(name="b", **data: Any) -> dict[str, Any]:
    return {"_name": name, "_arn": f"arn:aws:s3:::{name}", **data}


def row(name="x", **data: Any) -> dict[str, Any]:
    return {"_name": name, **data}


def statements(*found: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(found)}


def grant(principal: Any = "*", condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    made = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
        **more,
    }
    return {**made, "Condition": condition} if condition else made


def root(account: str) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account}:root"}


# --- DA-01 -----------------------------------------------------------------------------------------------------------


def labelled(denied=(), **tables: Any):
    everything: dict[str, Any] = {store.table: [] for store in LABELLED if store.table not in denied}
    return view(
        {**everything, **{name.replace("__", "."): rows for name, rows in tables.items()}}, denied=denied
    )


example("DA-01", "met", "a label and an owner", labelled(s3__buckets=[bucket(_tags=LABEL)]))
example(
    "DA-01",
    "met",
    "tags in other case",
    labelled(rds__instances=[row(_tags={"Data-Classification": "Internal", "Owner": "x"})]),
)
example("DA-01", "gap", "no tags at all", labelled(dynamodb__tables=[row()]))
example(
    "DA-01", "gap", "no owner", labelled(efs__file_systems=[row(_tags={"data-classification": "public"})])
)
example(
    "DA-01",
    "gap",
    "a word that is no label",
    labelled(redshift__clusters=[row(_tags={**LABEL, "data-classification": "secret"})]),
)
example(
    "DA-01",
    "unknown",
    "tags not read",
    labelled(s3__buckets=[bucket(_holes={"Tags": "denied: AccessDenied"})]),
)
example(
    "DA-01",
    "met,unknown",
    "one service not read",
    labelled(("rds.instances",), s3__buckets=[bucket(_tags=LABEL)]),
)
example(
    "DA-01",
    "met",
    "a cluster stands for its members",
    labelled(rds__clusters=[row(_tags=LABEL)], rds__instances=[row("member", DBClusterIdentifier="x")]),
)
example("DA-01", "not_applicable", "no stores", labelled())

# --- DA-02 -----------------------------------------------------------------------------------------------------------


def macie(session=(), discovery=(), administrator=(), buckets=(), denied=()):
    tables: dict[str, Any] = {
        "global:s3.buckets": list(buckets),
        "macie2.session": list(session),
        "macie2.automated_discovery": list(discovery),
        "macie2.administrator": list(administrator),
    }
    return view({name: rows for name, rows in tables.items() if name not in denied}, denied=denied)


HERE, ON = [bucket(_region="eu-west-1")], [row("Macie", status="ENABLED")]
example("DA-02", "met", "on, with discovery", macie(ON, [row(status="ENABLED")], buckets=HERE))
example(
    "DA-02",
    "met",
    "an administrator for all",
    macie(ON, [row(status="ENABLED", autoEnableOrganizationMembers="ALL")], buckets=HERE),
)
example(
    "DA-02",
    "gap",
    "an administrator for itself only",
    macie(ON, [row(status="ENABLED", autoEnableOrganizationMembers="NONE")], buckets=HERE),
)
example(
    "DA-02", "met", "a member", macie(ON, [], [row(accountId=MEMBER, relationshipStatus="Enabled")], HERE)
)
example("DA-02", "gap", "off", macie(buckets=HERE))
example("DA-02", "gap", "paused", macie([row(status="PAUSED")], [row(status="ENABLED")], buckets=HERE))
example("DA-02", "gap", "on without discovery", macie(ON, [row(status="DISABLED")], buckets=HERE))
example("DA-02", "not_applicable", "buckets elsewhere only", macie(buckets=[bucket(_region="us-east-1")]))
example("DA-02", "unknown", "Macie not read", macie(buckets=HERE, denied=("macie2.session",)))
example(
    "DA-02", "unknown", "buckets not read", macie(ON, [row(status="ENABLED")], denied=("global:s3.buckets",))
)

# --- DA-04 -----------------------------------------------------------------------------------------------------------

BLOCK = "global:s3.account_public_access_block"
example("DA-04", "met", "all four on", view({BLOCK: [row(**SHUT)]}))
example("DA-04", "gap", "never set", view({BLOCK: []}))
example("DA-04", "gap", "one of four off", view({BLOCK: [row(**{**SHUT, "BlockPublicAcls": False})]}))
example("DA-04", "unknown", "not read", view(denied=(BLOCK,)))

# --- DA-05 and DA-07 -------------------------------------------------------------------------------------------------


def buckets(*found: dict[str, Any], block: dict[str, bool] | None = None, points=(), denied=(), **more: Any):
    tables: dict[str, Any] = {
        "global:s3.buckets": list(found),
        BLOCK: [row(**block)] if block else [],
        "s3.access_points": list(points),
        "macie2.findings": [],
    }
    kept = {name: rows for name, rows in tables.items() if name not in denied}
    return view(kept, denied=denied, **{"organization": ORG, "estate": PARTNERS, **more})


ALL_USERS = {
    "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
    "Permission": "READ",
}
SOMEBODY = {"Grantee": {"Type": "CanonicalUser", "ID": "abcd"}, "Permission": "READ"}
MINE = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
PUBLIC = statements(grant())
UNJUDGED = statements(grant(condition={"StringEquals": {"acme:secret": "x"}}))
ORG_ONLY = statements(grant(condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}))
DELEGATED = statements(
    grant({"AWS": "*"}, {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}, Action="s3:*")
)
PUBLIC_BY_INTENT = Estate(public=("arn:aws:s3:::b",))


def point(policy, origin="Internet", block=OPEN, **more):
    return row("ap", Bucket="b", NetworkOrigin=origin, Policy=policy, PublicAccessBlock=block, **more)


def acl(*grants):
    return {"Owner": {"ID": "me"}, "Grants": [MINE, *grants]}


def here(**data):
    return bucket(_region="eu-west-1", **data)


example("DA-05", "met", "nothing set", buckets(bucket()))
example("DA-05", "gap", "a public policy", buckets(bucket(Policy=PUBLIC)))
example("DA-05", "gap", "a public policy that AWS gives as text", buckets(bucket(Policy=json.dumps(PUBLIC))))
example("DA-05", "met", "a public policy, closed for the account", buckets(bucket(Policy=PUBLIC), block=SHUT))
example(
    "DA-05",
    "met",
    "a public policy, closed for the bucket",
    buckets(bucket(Policy=PUBLIC, PublicAccessBlock=SHUT)),
)
example(
    "DA-05",
    "gap",
    "new public policies are refused but the old one stands",
    buckets(bucket(Policy=PUBLIC, PublicAccessBlock={**OPEN, "BlockPublicPolicy": True})),
)
example(
    "DA-05",
    "unknown",
    "a public policy, and the account's switch was not read",
    buckets(bucket(Policy=PUBLIC), denied=(BLOCK,)),
)
example(
    "DA-05",
    "met",
    "no public policy, and the account's switch was not read",
    buckets(bucket(), denied=(BLOCK,)),
)
example(
    "DA-05",
    "met",
    "closed for the bucket, and the account's switch was not read",
    buckets(bucket(Policy=PUBLIC, PublicAccessBlock=SHUT), denied=(BLOCK,)),
)
example(
    "DA-05",
    "met",
    "policy not read, but everything is closed",
    buckets(bucket(_holes={"Policy": "denied"}), block=SHUT),
)
example("DA-05", "unknown", "policy not read", buckets(bucket(_holes={"Policy": "denied"})))
example("DA-05", "unknown", "a condition that nobody knows", buckets(bucket(Policy=UNJUDGED)))
example(
    "DA-05",
    "unknown",
    "something that is no policy",
    buckets(bucket(Policy={"Statement": [{"Effect": "Maybe"}]})),
)
example("DA-05", "met", "everybody of the organisation", buckets(bucket(Policy=ORG_ONLY)))
example(
    "DA-05",
    "met",
    "everybody through one VPC endpoint",
    buckets(bucket(Policy=statements(grant(condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})))),
)
example(
    "DA-05",
    "gap",
    "everybody with a header",
    buckets(bucket(Policy=statements(grant(condition={"StringLike": {"aws:Referer": "*"}})))),
)
example("DA-05", "gap", "a public ACL", buckets(bucket(Acl=acl(ALL_USERS))))
example(
    "DA-05",
    "met",
    "a public ACL that is ignored",
    buckets(bucket(Acl=acl(ALL_USERS), PublicAccessBlock={**OPEN, "IgnorePublicAcls": True})),
)
example(
    "DA-05", "met", "a public ACL that does not count, since the owner owns all", buckets(bucket(Acl=None))
)
example("DA-05", "met", "public, and declared to be", buckets(bucket(Policy=PUBLIC), estate=PUBLIC_BY_INTENT))
example(
    "DA-05",
    "gap",
    "declared public although restricted",
    buckets(bucket(Policy=PUBLIC, _tags=LABEL), estate=PUBLIC_BY_INTENT),
)
example("DA-05", "gap", "an open access point", buckets(here(Policy=DELEGATED), points=[point(PUBLIC)]))
example(
    "DA-05",
    "met",
    "an open access point to which the bucket does not delegate",
    buckets(here(), points=[point(PUBLIC)]),
)
example(
    "DA-05",
    "met",
    "an open access point inside a VPC",
    buckets(here(Policy=DELEGATED), points=[point(PUBLIC, "VPC")]),
)
example(
    "DA-05",
    "met",
    "an open access point that is closed",
    buckets(here(Policy=DELEGATED), points=[point(PUBLIC, block=SHUT)]),
)
example(
    "DA-05",
    "unknown",
    "access points not read",
    buckets(here(Policy=DELEGATED), denied=("s3.access_points",)),
)
example("DA-05", "unknown", "buckets not read", buckets(denied=("global:s3.buckets",)))

example("DA-07", "met", "nothing set", buckets(bucket()))
example("DA-07", "met", "a member account", buckets(bucket(Policy=statements(grant(root(MEMBER))))))
example("DA-07", "met", "a declared partner", buckets(bucket(Policy=statements(grant(root(PARTNER))))))
example("DA-07", "gap", "a stranger", buckets(bucket(Policy=statements(grant(root(STRANGER))))))
example(
    "DA-07",
    "gap",
    "a stranger beside a partner",
    buckets(bucket(Policy=statements(grant({"AWS": [PARTNER, STRANGER]})))),
)
example(
    "DA-07",
    "met",
    "a stranger whom a deny keeps out",
    buckets(
        bucket(
            Policy=statements(
                grant(root(STRANGER)),
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
                    "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
                },
            )
        )
    ),
)
example(
    "DA-07",
    "gap",
    "another organisation",
    buckets(
        bucket(Policy=statements(grant(condition={"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}})))
    ),
)
example(
    "DA-07",
    "gap",
    "a service on a stranger's behalf",
    buckets(
        bucket(
            Policy=statements(
                grant({"Service": "s3.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": STRANGER}})
            )
        )
    ),
)
example(
    "DA-07",
    "met",
    "load balancers' logs from AWS's own account",
    buckets(bucket(Policy=statements(grant(root("156460612806"), Action="s3:PutObject")))),
)
example(
    "DA-07",
    "met",
    "CloudFront with origin access control",
    buckets(
        bucket(
            Policy=statements(
                grant(
                    {"Service": "cloudfront.amazonaws.com"},
                    {"StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"}},
                )
            )
        )
    ),
)
example("DA-07", "gap", "the public", buckets(bucket(Policy=PUBLIC)))
example("DA-07", "met", "the public, closed", buckets(bucket(Policy=PUBLIC), block=SHUT))
example("DA-07", "unknown", "a canonical user of no known account", buckets(bucket(Acl=acl(SOMEBODY))))
example(
    "DA-07",
    "unknown",
    "an account where the organisation was not read",
    buckets(bucket(Policy=statements(grant(root(MEMBER)))), organization=None),
)
example(
    "DA-07",
    "gap",
    "a stranger through an access point",
    buckets(here(Policy=DELEGATED), points=[point(statements(grant(root(STRANGER))))]),
)
example("DA-07", "unknown", "policy not read", buckets(bucket(_holes={"Policy": "denied"}), block=SHUT))

# --- DA-08 -----------------------------------------------------------------------------------------------------------


def keyed(denied=(), keys=KEYS, **tables: Any):
    everything: dict[str, Any] = {store.table: [] for store in KEYED}
    everything |= {"kms.keys": keys, "kms.aliases": ALIASES, "macie2.findings": []}
    everything |= {name.replace("__", "."): rows for name, rows in tables.items()}
    return view({name: rows for name, rows in everything.items() if name not in denied}, denied=denied)


def kms(key=None):
    default = {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": key} if key else {})}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}


def found_in(arn):
    return [row("f", type="SensitiveData:S3Object/Personal", resourcesAffected={"s3Bucket": {"arn": arn}})]


SSE = {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": OWN_KEY}}
AT_REST = {"EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": OWN_KEY}}
example(
    "DA-08",
    "met",
    "a bucket with an own key",
    keyed(s3__buckets=[bucket(Encryption=kms(OWN_KEY), _tags=LABEL)]),
)
example(
    "DA-08",
    "met",
    "a bucket with an own key by alias",
    keyed(s3__buckets=[bucket(Encryption=kms("alias/data"), _tags=LABEL)]),
)
example(
    "DA-08",
    "met",
    "a bucket with another account's key",
    keyed(s3__buckets=[bucket(Encryption=kms(OWN_KEY.replace(ACCOUNT, MEMBER)), _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a bucket with KMS but no key named",
    keyed(s3__buckets=[bucket(Encryption=kms(), _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a bucket with S3's own encryption",
    keyed(s3__buckets=[bucket(Encryption=None, _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a bucket in which Macie found something",
    keyed(s3__buckets=[bucket(Encryption=None)], macie2__findings=found_in("arn:aws:s3:::b")),
)
example(
    "DA-08",
    "not_applicable",
    "a bucket that is not sensitive",
    keyed(s3__buckets=[bucket(_tags={"data-classification": "internal"})]),
)
example(
    "DA-08",
    "met",
    "a database with an own key",
    keyed(rds__instances=[row(StorageEncrypted=True, KmsKeyId=OWN_KEY, _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a database with AWS's key",
    keyed(rds__instances=[row(StorageEncrypted=True, KmsKeyId=AWS_KEY, _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a database in the clear",
    keyed(rds__instances=[row(StorageEncrypted=False, _tags=LABEL)]),
)
example(
    "DA-08",
    "gap",
    "a database with a key that is not there",
    keyed(rds__instances=[row(StorageEncrypted=True, KmsKeyId=OWN_KEY, _tags=LABEL)], keys=[]),
)
example(
    "DA-08",
    "unknown",
    "keys not read",
    keyed(("kms.keys",), rds__instances=[row(StorageEncrypted=True, KmsKeyId=OWN_KEY, _tags=LABEL)]),
)
example("DA-08", "met", "a table with an own key", keyed(dynamodb__tables=[row(**SSE, _tags=LABEL)]))
example("DA-08", "gap", "a table with the key that AWS owns", keyed(dynamodb__tables=[row(_tags=LABEL)]))
example(
    "DA-08",
    "met",
    "a search domain with an own key",
    keyed(opensearch__domains=[row(**AT_REST, _tags=LABEL)]),
)
example("DA-08", "gap", "a secret with AWS's key", keyed(secretsmanager__secrets=[row(_tags=LABEL)]))
example(
    "DA-08",
    "gap",
    "a secret with AWS's key by name",
    keyed(secretsmanager__secrets=[row(KmsKeyId="alias/aws/secretsmanager", _tags=LABEL)]),
)
example(
    "DA-08",
    "gap,met",
    "one of two",
    keyed(
        ec2__volumes=[
            row("a", Encrypted=True, KmsKeyId=OWN_KEY, _tags=LABEL),
            row("b", Encrypted=False, _tags=LABEL),
        ]
    ),
)
example("DA-08", "unknown", "one service not read", keyed(("redshift.clusters",)))
example(
    "DA-08",
    "unknown",
    "encryption of a sensitive bucket not read",
    keyed(s3__buckets=[bucket(_tags=LABEL, _holes={"Encryption": "denied"})]),
)

# --- DA-09 -----------------------------------------------------------------------------------------------------------

PLAIN = (
    *("rds.instances", "rds.clusters", "rds.snapshots", "rds.cluster_snapshots", "redshift.clusters"),
    *(
        "opensearch.domains",
        "efs.file_systems",
        "elasticache.replication_groups",
        "ec2.volumes",
        "ec2.ebs_defaults",
    ),
    *("sns.topics", "sqs.queues"),
)


def plain(denied=(), **tables: Any):
    everything: dict[str, Any] = {table: [] for table in PLAIN if table not in denied}
    return view(
        {**everything, **{name.replace("__", "."): rows for name, rows in tables.items()}}, denied=denied
    )


example("DA-09", "met", "an encrypted database", plain(rds__instances=[row(StorageEncrypted=True)]))
example("DA-09", "gap", "a database in the clear", plain(rds__instances=[row(StorageEncrypted=False)]))
example(
    "DA-09",
    "met",
    "a member of an encrypted cluster",
    plain(
        rds__clusters=[row(StorageEncrypted=True)],
        rds__instances=[row("m", DBClusterIdentifier="x", StorageEncrypted=False)],
    ),
)
example(
    "DA-09",
    "gap",
    "a manual snapshot in the clear",
    plain(rds__snapshots=[row(SnapshotType="manual", Encrypted=False)]),
)
example(
    "DA-09",
    "not_applicable",
    "an automatic snapshot goes with its database",
    plain(rds__snapshots=[row(SnapshotType="automated", Encrypted=False)]),
)
example(
    "DA-09",
    "gap",
    "EBS does not encrypt by default",
    plain(ec2__ebs_defaults=[row(EbsEncryptionByDefault=False)]),
)
example(
    "DA-09", "met", "EBS encrypts by default", plain(ec2__ebs_defaults=[row(EbsEncryptionByDefault=True)])
)
example("DA-09", "gap", "a topic in the clear", plain(sns__topics=[row(Attributes={"TopicArn": "x"})]))
example(
    "DA-09",
    "met",
    "a topic with a key",
    plain(sns__topics=[row(Attributes={"KmsMasterKeyId": "alias/aws/sns"})]),
)
example(
    "DA-09",
    "met",
    "a queue with SSE-SQS, which AWS tells as text",
    plain(sqs__queues=[row(Attributes={"SqsManagedSseEnabled": "true"})]),
)
example(
    "DA-09",
    "gap",
    "a queue in the clear",
    plain(sqs__queues=[row(Attributes={"SqsManagedSseEnabled": "false"})]),
)
example(
    "DA-09",
    "unknown",
    "a queue whose attributes were not read",
    plain(sqs__queues=[row(_holes={"Attributes": "denied"})]),
)
example(
    "DA-09",
    "gap,met,unknown",
    "one service not read hides no other",
    plain(("efs.file_systems",), ec2__volumes=[row("a", Encrypted=True), row("b", Encrypted=False)]),
)

# --- DA-10 -----------------------------------------------------------------------------------------------------------


def key(*found: dict[str, Any], **more: Any):
    made = {"KeyManager": "CUSTOMER", "KeyState": "Enabled", "Policy": statements(*found)}
    return view({"kms.keys": [row("key", **{**made, **more})]}, organization=ORG, estate=PARTNERS)


def on_key(principal: Any, *actions: str, condition: dict[str, Any] | None = None):
    return grant(principal, condition, Action=list(actions), Resource="*")


def role(name, account=ACCOUNT):
    return {"AWS": f"arn:aws:iam::{account}:role/{name}"}


DELEGATION = on_key(root(ACCOUNT), "kms:*")
example("DA-10", "met", "the policy that AWS writes", key(DELEGATION))
example(
    "DA-10",
    "met",
    "managers and users apart",
    key(
        DELEGATION,
        on_key(role("security"), "kms:Put*", "kms:ScheduleKeyDeletion"),
        on_key(role("app"), "kms:Decrypt"),
    ),
)
example("DA-10", "gap", "one role may do everything", key(DELEGATION, on_key(role("app"), "kms:*")))
example(
    "DA-10",
    "gap",
    "one role manages here and uses there",
    key(on_key(role("x"), "kms:PutKeyPolicy"), on_key(role("x"), "kms:Decrypt")),
)
example("DA-10", "gap", "everybody", key(DELEGATION, on_key("*", "kms:Decrypt")))
example(
    "DA-10",
    "gap",
    "everybody by way of a service",
    key(
        DELEGATION,
        on_key(
            "*", "kms:Decrypt", condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
        ),
    ),
)
example(
    "DA-10",
    "met",
    "the own account by way of a service",
    key(
        DELEGATION,
        on_key(
            "*",
            "kms:Decrypt",
            condition={
                "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}
            },
        ),
    ),
)
example(
    "DA-10",
    "met",
    "a service for the own account",
    key(
        DELEGATION,
        on_key(
            {"Service": "cloudtrail.amazonaws.com"},
            "kms:GenerateDataKey*",
            condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
    ),
)
example("DA-10", "gap", "a stranger", key(DELEGATION, on_key(root(STRANGER), "kms:Decrypt")))
example(
    "DA-10",
    "met",
    "a partner and a member",
    key(DELEGATION, on_key(root(PARTNER), "kms:Decrypt"), on_key(root(MEMBER), "kms:Decrypt")),
)
example(
    "DA-10",
    "unknown",
    "a condition that nobody knows",
    key(DELEGATION, on_key("*", "kms:Decrypt", condition={"StringEquals": {"acme:x": "y"}})),
)
example("DA-10", "unknown", "policy not read", key(_holes={"Policy": "denied: AccessDenied"}))
example("DA-10", "not_applicable", "a key of AWS's", key(KeyManager="AWS"))
example(
    "DA-10",
    "not_applicable",
    "a key that waits for deletion",
    key(on_key("*", "kms:*"), KeyState="PendingDeletion"),
)
example("DA-10", "unknown", "keys not read", view(denied=("kms.keys",)))

# --- DA-15 -----------------------------------------------------------------------------------------------------------


def trail(name="org", logging=True, multi=True, **selectors: Any):
    made = {"IsMultiRegionTrail": multi, "Status": {"IsLogging": logging}, "EventSelectors": selectors}
    return row(name, _region="eu-west-1", **made)


def basic(*values: str, kind="AWS::S3::Object", write="All"):
    resources = [{"Type": kind, "Values": list(values)}]
    return trail(EventSelectors=[{"ReadWriteType": write, "DataResources": resources}])


def advanced(*fields: dict[str, Any], kind="AWS::S3::Object"):
    data = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": [kind]}]
    return {"FieldSelectors": [*data, *fields]}


def recorded(*trails: dict[str, Any], stores: dict[str, Any] | None = None, denied=()):
    tables: dict[str, Any] = {
        "cloudtrail.trails": list(trails),
        "global:s3.buckets": [bucket(_region="eu-west-1", _tags=LABEL)],
        "dynamodb.tables": [],
        "macie2.findings": [],
        **(stores or {}),
    }
    return view({name: rows for name, rows in tables.items() if name not in denied}, denied=denied)


ARN = {"Field": "resources.ARN"}
TABLE = {
    "global:s3.buckets": [],
    "dynamodb.tables": [row("t", _arn="arn:aws:dynamodb:eu-west-1:1:table/t", _tags=LABEL)],
}
example("DA-15", "met", "all buckets", recorded(basic("arn:aws:s3")))
example("DA-15", "met", "this bucket", recorded(basic("arn:aws:s3:::b/")))
example("DA-15", "gap", "another bucket whose name begins alike", recorded(basic("arn:aws:s3:::bb/")))
example("DA-15", "gap", "one prefix of this bucket", recorded(basic("arn:aws:s3:::b/in/")))
example("DA-15", "gap", "writes only", recorded(basic("arn:aws:s3", write="WriteOnly")))
example(
    "DA-15",
    "met",
    "writes by one trail and reads by another",
    recorded(
        basic("arn:aws:s3", write="WriteOnly"), {**basic("arn:aws:s3", write="ReadOnly"), "_name": "two"}
    ),
)
example(
    "DA-15",
    "gap",
    "a trail that is switched off",
    recorded(
        trail(
            logging=False,
            EventSelectors=[{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}],
        )
    ),
)
example(
    "DA-15",
    "gap",
    "a trail of another region",
    recorded({**basic("arn:aws:s3"), "IsMultiRegionTrail": False, "_region": "us-east-1"}),
)
example("DA-15", "gap", "no trail", recorded())
example("DA-15", "met", "advanced, all buckets", recorded(trail(AdvancedEventSelectors=[advanced()])))
example(
    "DA-15",
    "met",
    "advanced, this bucket",
    recorded(trail(AdvancedEventSelectors=[advanced({**ARN, "StartsWith": ["arn:aws:s3:::b/"]})])),
)
example(
    "DA-15",
    "gap",
    "advanced, another bucket",
    recorded(trail(AdvancedEventSelectors=[advanced({**ARN, "StartsWith": ["arn:aws:s3:::c/"]})])),
)
example(
    "DA-15",
    "gap",
    "advanced, all but this bucket",
    recorded(trail(AdvancedEventSelectors=[advanced({**ARN, "NotStartsWith": ["arn:aws:s3:::b/"]})])),
)
example(
    "DA-15",
    "met",
    "advanced, all but another bucket",
    recorded(trail(AdvancedEventSelectors=[advanced({**ARN, "NotStartsWith": ["arn:aws:s3:::logs/"]})])),
)
example(
    "DA-15",
    "gap",
    "advanced, one event only",
    recorded(trail(AdvancedEventSelectors=[advanced({"Field": "eventName", "Equals": ["DeleteObject"]})])),
)
example(
    "DA-15",
    "met",
    "advanced, reads and writes apart",
    recorded(
        trail(
            AdvancedEventSelectors=[
                advanced({"Field": "readOnly", "Equals": ["true"]}),
                advanced({"Field": "readOnly", "Equals": ["false"]}),
            ]
        )
    ),
)
example(
    "DA-15",
    "met",
    "all tables",
    recorded(basic("arn:aws:dynamodb", kind="AWS::DynamoDB::Table"), stores=TABLE),
)
example(
    "DA-15",
    "met",
    "this table",
    recorded(
        trail(
            AdvancedEventSelectors=[
                advanced(
                    {**ARN, "Equals": ["arn:aws:dynamodb:eu-west-1:1:table/t"]}, kind="AWS::DynamoDB::Table"
                )
            ]
        ),
        stores=TABLE,
    ),
)
example("DA-15", "gap", "buckets but no tables", recorded(basic("arn:aws:s3"), stores=TABLE))
example("DA-15", "not_applicable", "nothing sensitive", recorded(stores={"global:s3.buckets": [bucket()]}))
example(
    "DA-15",
    "gap",
    "unlabelled, but Macie found something",
    recorded(stores={"global:s3.buckets": [bucket()], "macie2.findings": found_in("arn:aws:s3:::b")}),
)
example(
    "DA-15",
    "unknown",
    "selectors not read",
    recorded(
        row("t", IsMultiRegionTrail=True, Status={"IsLogging": True}, _holes={"EventSelectors": "denied"})
    ),
)
example("DA-15", "unknown", "trails not read", recorded(denied=("cloudtrail.trails",)))
example(
    "DA-15",
    "met",
    "one trail not read, another records",
    recorded(row("t", IsMultiRegionTrail=True, _holes={"Status": "denied"}), basic("arn:aws:s3")),
)
