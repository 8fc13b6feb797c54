"""Examples of AP-16: what the policies of queues, functions, secrets and the like let the world do."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from tests.controls.examples_data import DELEGATION, ORG, STRANGER, grant, root, row, statements
from watchword.analysis.iam.attached import POLICIES
from watchword.model.estate import Estate


def policies(denied=(), estate: Estate | None = None, **tables: Any):
    everything: dict[str, Any] = {table: [] for table, _ in POLICIES if table not in denied}
    everything |= {name.replace("__", "."): rows for name, rows in tables.items()}
    return view(everything, denied=denied, organization=ORG, estate=estate)


def queue(*found: dict[str, Any], name="q", **more: Any):
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}"
    return row(name, _arn=arn, Attributes={"Policy": statements(*found)} if found else {}, **more)


def send(principal: Any = "*", condition: dict[str, Any] | None = None, **more: Any):
    return grant(principal, condition, **{"Action": "sqs:SendMessage", "Resource": "*", **more})


FROM_BUCKET = {
    "ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"},
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
}
OWNER = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
ORG_DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q",
    "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
}

example("AP-16", "gap", "a queue for everybody", policies(sqs__queues=[queue(send())]))
example(
    "AP-16",
    "met",
    "a queue for the organisation",
    policies(sqs__queues=[queue(send(condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}))]),
)
example(
    "AP-16",
    "met",
    "a queue for everybody that a deny closes",
    policies(sqs__queues=[queue(send(), ORG_DENY)]),
)
example(
    "AP-16",
    "met",
    "a queue that takes from a bucket",
    policies(sqs__queues=[queue(send({"Service": "s3.amazonaws.com"}, FROM_BUCKET))]),
)
example(
    "AP-16",
    "met",
    "a queue for a service without source is not public",
    policies(sqs__queues=[queue(send({"Service": "events.amazonaws.com"}))]),
)
example(
    "AP-16",
    "gap",
    "a queue for any source",
    policies(sqs__queues=[queue(send(condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}))]),
)
example(
    "AP-16",
    "met",
    "a topic with SNS's own default policy",
    policies(
        sns__topics=[
            row(
                "t",
                Attributes={
                    "Policy": statements(grant({"AWS": "*"}, OWNER, Action="SNS:Publish", Resource="*"))
                },
            )
        ]
    ),
)
example(
    "AP-16",
    "met",
    "a queue for a stranger is not public",
    policies(sqs__queues=[queue(send(root(STRANGER)))]),
)
example(
    "AP-16",
    "met",
    "a queue declared public",
    policies(sqs__queues=[queue(send())], estate=Estate(public=("*:q",))),
)
example(
    "AP-16",
    "unknown",
    "a condition that nobody knows",
    policies(sqs__queues=[queue(send(condition={"StringEquals": {"acme:x": "y"}}))]),
)
example("AP-16", "not_applicable", "a queue without policy", policies(sqs__queues=[queue()]))
example(
    "AP-16",
    "unknown",
    "a queue whose attributes were not read",
    policies(sqs__queues=[row("q", _holes={"Attributes": "denied"})]),
)
example(
    "AP-16",
    "gap",
    "a function that every account may invoke",
    policies(
        lambda__functions=[row("f", Policy=statements(grant(Action="lambda:InvokeFunction", Resource="*")))]
    ),
)
example(
    "AP-16",
    "gap",
    "a function's URL without login",
    policies(
        lambda__functions=[
            row(
                "f",
                Policy=statements(
                    grant(
                        Action="lambda:InvokeFunctionUrl",
                        Resource="*",
                        condition={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
                    )
                ),
            )
        ]
    ),
)
example(
    "AP-16",
    "met",
    "a function for its API",
    policies(
        lambda__functions=[
            row(
                "f",
                Policy=statements(
                    grant(
                        {"Service": "apigateway.amazonaws.com"},
                        {"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc/*"}},
                        Action="lambda:InvokeFunction",
                    )
                ),
            )
        ]
    ),
)
example(
    "AP-16",
    "gap",
    "a repository for every account",
    policies(
        ecr__repositories=[
            row("r", Policy=statements({"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}))
        ]
    ),
)
example(
    "AP-16",
    "met",
    "a key with AWS's own policy",
    policies(kms__keys=[row("k", Policy=statements(DELEGATION))]),
)
example(
    "AP-16",
    "met",
    "a file system for its clients, who come from its VPC",
    policies(
        efs__file_systems=[
            row("fs", Policy=statements(grant(Action=["elasticfilesystem:ClientMount"], Resource="*")))
        ]
    ),
)
example(
    "AP-16",
    "gap",
    "a search domain for everybody",
    policies(opensearch__domains=[row("d", AccessPolicies=statements(grant(Action="es:*", Resource="*")))]),
)
example(
    "AP-16",
    "met",
    "a search domain for everybody inside its VPC",
    policies(
        opensearch__domains=[
            row(
                "d",
                AccessPolicies=statements(grant(Action="es:*", Resource="*")),
                VPCOptions={"VPCId": "vpc-1"},
            )
        ]
    ),
)
example(
    "AP-16",
    "met",
    "a search domain for an office",
    policies(
        opensearch__domains=[
            row(
                "d",
                AccessPolicies=statements(
                    grant(
                        condition={"IpAddress": {"aws:SourceIp": "198.41.128.0/28"}},
                        Action="es:ESHttp*",
                        Resource="*",
                    )
                ),
            )
        ]
    ),
)
example(
    "AP-16",
    "gap",
    "a vault for every account",
    policies(
        backup__vaults=[row("v", Policy=statements(grant(Action="backup:CopyIntoBackupVault", Resource="*")))]
    ),
)
example(
    "AP-16",
    "met",
    "a bus for the organisation",
    policies(
        events__buses=[
            row(
                "default",
                Policy=statements(
                    grant(
                        condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
                        Action="events:PutEvents",
                        Resource="*",
                    )
                ),
            )
        ]
    ),
)
example(
    "AP-16",
    "unknown",
    "something that is no policy",
    policies(secretsmanager__secrets=[row("s", Policy={"Statement": 3})]),
)
example(
    "AP-16",
    "gap,unknown",
    "one service not read hides no other",
    policies(("ecr.repositories",), sqs__queues=[queue(send())]),
)
example(
    "AP-16",
    "gap,met,unknown",
    "one row not read hides no other",
    policies(
        sqs__queues=[
            queue(send()),
            row("x", _holes={"Attributes": "denied"}),
            queue(send(root(ACCOUNT)), name="z"),
        ]
    ),
)


def api(kind: str, condition: dict[str, Any] | None = None):
    invoke = grant(condition=condition, Action="execute-api:Invoke", Resource="execute-api:/*")
    return policies(
        apigateway__rest_apis=[row("a", policy=statements(invoke), endpointConfiguration={"types": [kind]})]
    )


example("AP-16", "gap", "a private API for every VPC endpoint there is", api("PRIVATE"))
example(
    "AP-16",
    "met",
    "a private API for one VPC endpoint",
    api("PRIVATE", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
)
example("AP-16", "not_applicable", "a regional API, whose authorizers decide", api("REGIONAL"))
