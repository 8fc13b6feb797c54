"""DynamoDB: tables with encryption, continuous backups, resource policies and tags."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="dynamodb.tables",
        operation="ListTables",
        take="TableNames[]",
        scalar="TableName",
        arn="arn:{partition}:dynamodb:{region}:{account}:table/{TableName}",
        name="{TableName}",
        kind="AWS::DynamoDB::Table",
        details=(
            Detail("", "DescribeTable", {"TableName": "{TableName}"}, "Table"),
            Detail("Tags", "ListTagsOfResource", {"ResourceArn": "{_arn}"}, "Tags[]", pages=True),
            Detail(
                "ContinuousBackups",
                "DescribeContinuousBackups",
                {"TableName": "{TableName}"},
                "ContinuousBackupsDescription",
            ),
            Detail(
                "Policy",
                "GetResourcePolicy",
                {"ResourceArn": "{_arn}"},
                "Policy",
                none_when=("PolicyNotFoundException",),
                parse_json=True,
            ),
        ),
    ),
)
