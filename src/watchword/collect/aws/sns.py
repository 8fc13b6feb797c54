"""SNS: topics with their policies and encryption, subscriptions."""

from __future__ import annotations

from typing import Any, Final

from watchword.collect.reads import Detail, Read
from watchword.collect.rows import parsed


def with_policy(attributes: Any) -> Any:  # noqa: ANN401
    """The attributes of a topic or queue with the policy parsed."""
    return {**attributes, "Policy": parsed(attributes.get("Policy"))}


READS: Final = (
    Read(
        table="sns.topics",
        operation="ListTopics",
        take="Topics[]",
        arn="{TopicArn}",
        kind="AWS::SNS::Topic",
        details=(
            Detail(
                "Attributes",
                "GetTopicAttributes",
                {"TopicArn": "{TopicArn}"},
                "Attributes",
                transform=with_policy,
            ),
            Detail("Tags", "ListTagsForResource", {"ResourceArn": "{TopicArn}"}, "Tags"),
        ),
    ),
    Read(
        table="sns.subscriptions",
        operation="ListSubscriptions",
        take="Subscriptions[]",
        arn="{SubscriptionArn}",
        name="{Endpoint}",
        kind="AWS::SNS::Subscription",
        tags="",
    ),
)
