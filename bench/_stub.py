"""A stand-in for AWS that plays an organisation of any size: ``python -m bench._stub ACCOUNTS`` prints its address.

Every account is alike, so nothing is kept per account: an answer is a text in which the account and the region are put
in.  Operations that are not written here get an empty answer in the form of their protocol.  Accounts are told apart as
AWS does, by the credentials that a request is signed with.  It serves until its standard input is closed.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import parse_qs, urlsplit

MANAGEMENT = "100000000000"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
SERVICES = (
    "iam",
    "s3",
    "ec2",
    "kms",
    "guardduty",
    "cloudtrail",
    "sns",
    "sqs",
    "secretsmanager",
    "rds",
    "organizations",
)
ROLES, BUCKETS, MACHINES, KEYS = 20, 4, 6, 3

_SIGNED = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")
_THEN = "2026-01-01T00:00:00Z"


@contextmanager
def organisation(accounts: int) -> Iterator[str]:
    """The address of an organisation of so many accounts, in a process of its own while the block runs."""
    command = [sys.executable, "-m", "bench._stub", str(accounts)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def account_ids(count: int) -> list[str]:
    return [str(int(MANAGEMENT) + number) for number in range(count)]


def each(count: int, text: Callable[[int], str]) -> str:
    return "".join(map(text, range(count)))


def role(number: int) -> str:
    """A role as GetAccountAuthorizationDetails tells of it; policies are URL-encoded JSON, as AWS's are."""
    trust = "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D"
    allow = f"%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Ateam-{number}%2F%2A%22%7D%5D%7D"
    return (
        f"<member><RoleName>role-{number}</RoleName><RoleId>AROA{number:04}</RoleId><Path>/</Path>"
        f"<Arn>arn:aws:iam::ACCOUNT:role/role-{number}</Arn><CreateDate>{_THEN}</CreateDate>"
        f"<AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><AttachedManagedPolicies/><InstanceProfileList/>"
        f"<RolePolicyList><member><PolicyName>read</PolicyName><PolicyDocument>{allow}</PolicyDocument></member>"
        f"</RolePolicyList><RoleLastUsed><LastUsedDate>{_THEN}</LastUsedDate></RoleLastUsed></member>"
    )


def machine(number: int) -> str:
    return (
        f"<item><reservationId>r-{number}</reservationId><ownerId>ACCOUNT</ownerId><instancesSet><item>"
        f"<instanceId>i-{number:017}</instanceId><instanceState><code>16</code><name>running</name></instanceState>"
        f"<imageId>ami-1</imageId><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId><privateIpAddress>10.0.1.{number + 10}"
        f"</privateIpAddress><launchTime>{_THEN}</launchTime><metadataOptions><httpTokens>required</httpTokens>"
        "<httpEndpoint>enabled</httpEndpoint></metadataOptions><groupSet><item><groupId>sg-1</groupId></item></groupSet>"
        f"<tagSet><item><key>Name</key><value>web-{number}</value></item></tagSet></item></instancesSet></item>"
    )


def group(number: int) -> str:
    ranges = f"<item><cidrIp>10.{number}.0.0/16</cidrIp></item>"
    return (
        f"<item><groupId>sg-{number}</groupId><groupName>group-{number}</groupName><ownerId>ACCOUNT</ownerId><vpcId>vpc-1"
        "</vpcId><ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>"
        f"<ipRanges>{ranges}</ipRanges></item></ipPermissions></item>"
    )


_SUBNET = "<subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><ownerId>ACCOUNT</ownerId><cidrBlock>10.0.1.0/24</cidrBlock>"
_VPC = "<vpcId>vpc-1</vpcId><ownerId>ACCOUNT</ownerId><cidrBlock>10.0.0.0/16</cidrBlock><isDefault>false</isDefault>"
_REPORT = f"user,arn,user_creation_time,password_enabled,mfa_active\n<root_account>,arn:aws:iam::ACCOUNT:root,{_THEN},not_supported,true\n"

XML = {
    "GetCallerIdentity": "<Account>ACCOUNT</Account><Arn>arn:aws:iam::ACCOUNT:user/auditor</Arn><UserId>x</UserId>",
    "GetAccountAuthorizationDetails": f"<RoleDetailList>{each(ROLES, role)}</RoleDetailList><UserDetailList/>"
    "<GroupDetailList/><Policies/><IsTruncated>false</IsTruncated>",
    "ListRoles": f"<Roles>{each(ROLES, role)}</Roles><IsTruncated>false</IsTruncated>",
    "ListOrganizationsFeatures": "<OrganizationId>o-1</OrganizationId><EnabledFeatures><member>RootSessions</member></EnabledFeatures>",
    "GenerateCredentialReport": "<State>COMPLETE</State>",
    "GetAccountSummary": "<SummaryMap><entry><key>AccountMFAEnabled</key><value>1</value></entry></SummaryMap>",
    "GetAccountPasswordPolicy": "<PasswordPolicy><MinimumPasswordLength>14</MinimumPasswordLength></PasswordPolicy>",
    "ListTopics": "<Topics><member><TopicArn>arn:aws:sns:REGION:ACCOUNT:alerts</TopicArn></member></Topics>",
    "GetTopicAttributes": "<Attributes><entry><key>Owner</key><value>ACCOUNT</value></entry></Attributes>",
}

EC2 = {
    "DescribeRegions": "<regionInfo>"
    + "".join(
        f"<item><regionName>{one}</regionName><optInStatus>opt-in-not-required</optInStatus></item>"
        for one in REGIONS
    )
    + "</regionInfo>",
    "DescribeInstances": f"<reservationSet>{each(MACHINES, machine)}</reservationSet>",
    "DescribeSecurityGroups": f"<securityGroupInfo>{each(5, group)}</securityGroupInfo>",
    "DescribeVpcs": f"<vpcSet><item>{_VPC}</item></vpcSet>",
    "DescribeSubnets": f"<subnetSet><item>{_SUBNET}</item></subnetSet>",
}

JSON = {
    "ListKeys": {"Keys": [{"KeyId": f"key-{one}", "KeyArn": f"arn:aws:kms:REGION:ACCOUNT:key/key-{one}"} for one in range(KEYS)]},
    "DescribeKey": {
        "KeyMetadata": {"KeyId": "KEY", "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}
        | {"KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": False, "Enabled": True}
    },
    "GetKeyPolicy": {"Policy": '{"Version": "2012-10-17", "Statement": []}'},
    "GetKeyRotationStatus": {"KeyRotationEnabled": True},
    "ListSecrets": {"SecretList": [{"Name": f"secret-{one}", "ARN": f"arn:aws:secretsmanager:REGION:ACCOUNT:secret:secret-{one}"} for one in range(2)]},
    "ListQueues": {"QueueUrls": ["https://sqs.REGION.amazonaws.com/ACCOUNT/orders"]},
    "GetQueueAttributes": {"Attributes": {"QueueArn": "arn:aws:sqs:REGION:ACCOUNT:orders"}},
    "DescribeOrganization": {"Organization": {"Id": "o-1", "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/o-1", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL"}},
    "ListRoots": {"Roots": [{"Id": "r-1", "Name": "Root", "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/o-1/r-1"}]},
}  # fmt: skip


def accounts(count: int) -> dict[str, object]:
    """The organisation's accounts, all in its root."""
    listed = [
        {
            "Id": one,
            "Name": f"team-{one}",
            "Email": f"{one}@abc.example",
            "Status": "ACTIVE",
            "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/o-1/{one}",
        }
        for one in account_ids(count)
    ]
    return {"Accounts": listed}


def s3(path: str, query: str) -> tuple[int, str]:
    """What S3 answers: five private buckets with nothing set."""
    if path == "/" and "policy" not in query:
        buckets = each(
            BUCKETS,
            lambda one: (
                f"<Bucket><Name>abc-ACCOUNT-{one}</Name><CreationDate>{_THEN}</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket>"
            ),
        )
        return 200, f"<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"
    asked = re.split("[=&]", query, maxsplit=1)[0]
    missing = {
        "policy": "NoSuchBucketPolicy",
        "tagging": "NoSuchTagSet",
        "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "encryption": "ServerSideEncryptionConfigurationNotFoundError",
        "ownershipControls": "OwnershipControlsNotFoundError",
    }
    if path.startswith("/v20180820/configuration/publicAccessBlock"):
        return (
            200,
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
        )
    if path.startswith("/v20180820"):
        return 200, "<ListAccessPointsResult><AccessPointList/></ListAccessPointsResult>"
    if asked in missing:
        return 404, f"<Error><Code>{missing[asked]}</Code><Message>none</Message></Error>"
    return 200, "<Result/>"


def guardduty(path: str) -> str:
    """What GuardDuty answers: one detector, without findings."""
    if path == "/detector":
        return '{"detectorIds": ["d1"]}'
    if path == "/detector/d1":
        return f'{{"status": "ENABLED", "serviceRole": "x", "createdAt": "{_THEN}"}}'
    return {"findings": '{"findingIds": []}', "member": '{"members": []}'}.get(path.rsplit("/", 1)[-1], "{}")


class Answers:
    """All answers of an organisation."""

    def __init__(self, count: int) -> None:
        answers = JSON | {"ListAccounts": accounts(count), "ListAccountsForParent": accounts(count)}
        self._json = {name: json.dumps(one) for name, one in answers.items()}

    def json(self, operation: str, key: str) -> str:
        return self._json.get(operation, "{}").replace("KEY", key)

    def query(self, service: str, operation: str, params: dict[str, list[str]]) -> str:
        if service == "ec2":
            return f"<{operation}Response>{EC2.get(operation, '')}</{operation}Response>"
        inner = XML.get(operation, "")
        if operation == "AssumeRole":
            account = params["RoleArn"][0].split(":")[4]
            inner = (
                f"<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            )
        elif operation == "GetCredentialReport":
            inner = "<Content>REPORT</Content><ReportFormat>text/csv</ReportFormat>"
        return f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            signed = _SIGNED.search(self.headers.get("Authorization", ""))
            key, region, service = signed.groups() if signed else ("", "", "")
            account = key[4:] if key.startswith("ASIA") else MANAGEMENT
            target, status, kind = self.headers.get("X-Amz-Target", ""), 200, "text/xml"
            address = urlsplit(self.path)
            if target:
                kind = "application/x-amz-json-1.1"
                text = answers.json(target.rpartition(".")[2], str(json.loads(body or "{}").get("KeyId", "")))
            elif service == "s3":
                status, text = s3(address.path, address.query)
            elif service == "guardduty":
                kind, text = "application/json", guardduty(address.path)
            else:
                params = parse_qs(body)
                text = answers.query(service, params.get("Action", ["Nothing"])[0], params)
            self._send(status, kind, self._placed(text, account, region))

        def _placed(self, text: str, account: str, region: str) -> bytes:
            if "REPORT" in text:
                text = text.replace(
                    "REPORT", base64.b64encode(_REPORT.replace("ACCOUNT", account).encode()).decode()
                )
            return text.replace("ACCOUNT", account).replace("REGION", region).encode()

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815 (the names that http.server calls)

        def log_message(self, *_: object) -> None:
            return

    return Handler


def main() -> None:
    server = Server(("127.0.0.1", 0), handler(Answers(int(sys.argv[1]))))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
