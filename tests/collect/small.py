"""A small world for the tests of the engine: keys with policies, secrets in two pages, and a source that is quick."""

from __future__ import annotations

from tests.collect.stub import Asked, Said, StubAws, says
from watchword.aws import Aws, AwsSettings
from watchword.collect.live import LiveSource
from watchword.collect.reads import Detail, Read, Where
from watchword.collect.tables import in_order, operations

READS = in_order(
    [
        Read(
            table="kms.keys",
            operation="ListKeys",
            take="Keys[]",
            arn="{KeyArn}",
            kind="AWS::KMS::Key",
            details=(
                Detail("", "DescribeKey", {"KeyId": "{KeyId}"}, "KeyMetadata"),
                Detail(
                    "Policy",
                    "GetKeyPolicy",
                    {"KeyId": "{KeyId}", "PolicyName": "default"},
                    "Policy",
                    none_when=("NotFoundException",),
                    parse_json=True,
                ),
            ),
        ),
        Read(
            table="kms.grants",
            operation="ListGrants",
            over="kms.keys",
            params={"KeyId": "{KeyId}"},
            take="Grants[]",
            arn="{_parent}/grant/{GrantId}",
            name="{parent.KeyId}",
        ),
        Read(
            table="secretsmanager.secrets",
            operation="ListSecrets",
            take="SecretList[]",
            arn="{ARN}",
            name="{Name}",
            tags="Tags",
        ),
        Read(
            table="organizations.roots",
            operation="ListRoots",
            take="Roots[]",
            arn="arn:{partition}:organizations::{account}:root/{Id}",
            where=Where.ORGANIZATION,
        ),
    ]
)


def populate(stub: StubAws, keys: int = 3) -> None:
    """Let every account and region have some keys and secrets, named after where they are."""

    def list_keys(asked: Asked) -> Said:
        names = [f"{asked.account}-{asked.region}-{number}" for number in range(keys)]
        arns = [f"arn:aws:kms:{asked.region}:{asked.account}:key/{name}" for name in names]
        return says({"Keys": [{"KeyId": name, "KeyArn": arn} for name, arn in zip(names, arns, strict=True)]})

    def list_secrets(asked: Asked) -> Said:
        page = int(asked.params.get("NextToken", "0"))
        name = f"secret-{page}"
        arn = f"arn:aws:secretsmanager:{asked.region}:{asked.account}:secret:{name}"
        one = {"ARN": arn, "Name": name, "Tags": [{"Key": "owner", "Value": asked.account}]}
        return says({"SecretList": [one], **({"NextToken": str(page + 1)} if page < 2 else {})})

    stub.on("kms", "ListKeys", list_keys)
    stub.on("kms", "DescribeKey", lambda asked: says({"KeyMetadata": {"Origin": f"AWS_{asked.account}"}}))
    stub.on("kms", "GetKeyPolicy", says({"Policy": '{"Statement": []}'}))
    stub.on("kms", "ListGrants", lambda asked: says({"Grants": [{"GrantId": f"g-{asked.params['KeyId']}"}]}))
    stub.on("secretsmanager", "ListSecrets", list_secrets)


def source(stub: StubAws, **settings: object) -> LiveSource:
    """AWS at the stub, with short time-outs and no pauses between attempts."""
    return source_at(stub.url, **settings)


def source_at(url: str, **settings: object) -> LiveSource:
    """AWS at an address; see ``source``."""
    told = {"endpoint_url": url, "region": "eu-west-1", "read_timeout": 5.0, **settings}
    return LiveSource(Aws(AwsSettings(**told), operations(READS)), pause=lambda _: None)  # type: ignore[arg-type]
