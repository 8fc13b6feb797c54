"""Whether recorders record, channels deliver, and aggregators reach their sources.

Moto leaves a started recorder PENDING for ever and knows no status of channels. Here a recorder that runs has
succeeded, and a channel has delivered unless its bucket doesn't exist. States are in capitals, as AWS sends them.
https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
"""

from datetime import UTC, datetime
from typing import Any

from moto.config.models import ConfigDeliveryChannel, ConfigRecorder, config_backends
from moto.s3.models import s3_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.config.recorded import aggregator, sources
from watchword.lab.backends.registry import Handler


def _recorder_status(call: Call, recorder: ConfigRecorder) -> dict[str, Any]:
    status = recorder.status
    times = {
        "lastStartTime": status.last_start_time,
        "lastStopTime": status.last_stop_time,
        "lastStatusChangeTime": status.last_status_change_time,
    }
    return {
        "name": recorder.name,
        "arn": f"arn:{call.partition}:config:{call.region}:{call.account}:configuration-recorder/{recorder.name}",
        "recording": status.recording,
        "lastStatus": "SUCCESS" if status.last_start_time else "PENDING",
        **{name: value for name, value in times.items() if value is not None},
    }


def _describe_configuration_recorder_status(call: Call) -> dict[str, Any]:
    recorders: dict[str, ConfigRecorder] = config_backends[call.account][call.region].recorders
    names = call.params.get("ConfigurationRecorderNames") or list(recorders)
    for name in names:
        if name not in recorders:
            message = f"Cannot find configuration recorder with the specified name '{name}'."
            raise Refusal("NoSuchConfigurationRecorderException", message)
    return {"ConfigurationRecordersStatus": [_recorder_status(call, recorders[name]) for name in names]}


def _channel_status(call: Call, channel: ConfigDeliveryChannel) -> dict[str, Any]:
    recorders = config_backends[call.account][call.region].recorders.values()
    started = [recorder.status.last_start_time for recorder in recorders if recorder.status.last_start_time]
    if not started:
        info: dict[str, Any] = {"lastStatus": "NOT_APPLICABLE"}
    elif _bucket_exists(call.partition, channel.s3_bucket_name):
        info = {"lastStatus": "SUCCESS", "lastAttemptTime": started[0], "lastSuccessfulTime": started[0]}
    else:
        code = {"lastErrorCode": "NoSuchBucket", "lastErrorMessage": "The specified bucket does not exist"}
        info = {"lastStatus": "FAILURE", "lastAttemptTime": started[0], **code}
    stream = {"lastStatus": "SUCCESS" if channel.sns_topic_arn and started else "NOT_APPLICABLE"}
    return {
        "name": channel.name,
        "configHistoryDeliveryInfo": info,
        "configSnapshotDeliveryInfo": {"lastStatus": "NOT_APPLICABLE"},
        "configStreamDeliveryInfo": stream,
    }


def _bucket_exists(partition: str, name: str) -> bool:
    return any(name in partitions[partition].buckets for partitions in list(s3_backends.values()))


def _describe_delivery_channel_status(call: Call) -> dict[str, Any]:
    channels: dict[str, ConfigDeliveryChannel] = config_backends[call.account][call.region].delivery_channels
    names = call.params.get("DeliveryChannelNames") or list(channels)
    for name in names:
        if name not in channels:
            message = f"Cannot find delivery channel with specified name '{name}'."
            raise Refusal("NoSuchDeliveryChannelException", message)
    return {"DeliveryChannelsStatus": [_channel_status(call, channels[name]) for name in names]}


def _describe_configuration_aggregator_sources_status(call: Call) -> dict[str, Any]:
    found = aggregator(call)
    wanted = call.params.get("UpdateStatus")
    kind = "ORGANIZATION" if found.organization_aggregation_source else "ACCOUNT"
    updated = datetime.now(UTC)
    listed = [
        {
            "SourceId": account,
            "SourceType": kind,
            "AwsRegion": region,
            "LastUpdateStatus": "SUCCEEDED",
            "LastUpdateTime": updated,
        }
        for account, region in sources(call, found)
        if not wanted or "SUCCEEDED" in wanted
    ]
    return call.page("AggregatedSourceStatusList", listed, default=100)


OPERATIONS: dict[str, Handler] = {
    "DescribeConfigurationRecorderStatus": _describe_configuration_recorder_status,
    "DescribeDeliveryChannelStatus": _describe_delivery_channel_status,
    "DescribeConfigurationAggregatorSourcesStatus": _describe_configuration_aggregator_sources_status,
}
