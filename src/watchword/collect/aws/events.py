"""EventBridge: buses with their policies, rules with their targets."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="events.buses",
        operation="ListEventBuses",
        take="EventBuses[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Events::EventBus",
    ),
    Read(
        table="events.rules",
        operation="ListRules",
        over="events.buses",
        params={"EventBusName": "{Name}"},
        take="Rules[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Events::Rule",
        details=(
            Detail(
                key="Targets",
                operation="ListTargetsByRule",
                params={"Rule": "{Name}", "EventBusName": "{EventBusName}"},
                take="Targets",
                pages=True,
            ),
        ),
    ),
)
