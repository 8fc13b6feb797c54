"""SQS: queues with their policies, encryption and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from watchword.collect.aws.sns import with_policy
from watchword.collect.reads import Detail, Read, Row


def with_name(row: Row) -> Iterable[Row]:
    """The queue's URL with the queue's name, the last part of it, as ``QueueName``."""
    yield {**row, "QueueName": str(row["QueueUrl"]).rpartition("/")[2]}


READS: Final = (
    Read(
        table="sqs.queues",
        operation="ListQueues",
        params={"MaxResults": 1000},
        take="QueueUrls[]",
        scalar="QueueUrl",
        arn="arn:{partition}:sqs:{region}:{account}:{QueueName}",
        name="{QueueName}",
        kind="AWS::SQS::Queue",
        transform=with_name,
        details=(
            Detail(
                "Attributes",
                "GetQueueAttributes",
                {"QueueUrl": "{QueueUrl}", "AttributeNames": ["All"]},
                "Attributes",
                transform=with_policy,
            ),
            Detail("Tags", "ListQueueTags", {"QueueUrl": "{QueueUrl}"}, "Tags"),
        ),
    ),
)
