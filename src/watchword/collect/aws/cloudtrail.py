"""CloudTrail: trails with status and selectors, and CloudTrail Lake's event data stores."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

_STORE_NOT_VISIBLE: Final = ("CloudTrailARNInvalidException",)

READS: Final = (
    Read(
        table="cloudtrail.trails",
        operation="DescribeTrails",
        # Shadow trails are how a member account sees the organisation's trail, so they are asked for.
        params={"includeShadowTrails": True},
        take="trailList[]",
        arn="{TrailARN}",
        name="{Name}",
        kind="AWS::CloudTrail::Trail",
        region_field="HomeRegion",
        details=(
            Detail(key="Status", operation="GetTrailStatus", params={"Name": "{TrailARN}"}),
            Detail(key="EventSelectors", operation="GetEventSelectors", params={"TrailName": "{TrailARN}"}),
        ),
    ),
    Read(
        table="cloudtrail.event_data_stores",
        operation="ListEventDataStores",
        take="EventDataStores[]",
        arn="{EventDataStoreArn}",
        name="{Name}",
        kind="AWS::CloudTrail::EventDataStore",
        details=(
            Detail(
                key="Store",
                operation="GetEventDataStore",
                params={"EventDataStore": "{EventDataStoreArn}"},
                none_when=_STORE_NOT_VISIBLE,
            ),
        ),
    ),
)
