"""Which resources a query sees: what recorders record, in an account and region or behind an aggregator.

An aggregator over accounts sees those that have authorised it, one over an organisation sees all its accounts. A
region in which no recorder runs shows nothing, as in AWS.
https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
"""

from collections.abc import Iterator

from moto.config.models import ConfigAggregator, ConfigRecorder, config_backends
from moto.organizations.exceptions import AWSOrganizationsNotInUseException
from moto.organizations.models import organizations_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.config.resources import GLOBAL, LISTERS, Item


def recorded(account: str, region: str) -> Iterator[Item]:
    """The items that the recorder of an account and region records."""
    recorders: dict[str, ConfigRecorder] = config_backends[account][region].recorders
    for recorder in recorders.values():
        if recorder.status.recording:
            for kind, lister in LISTERS.items():
                if _records(recorder, kind):
                    yield from lister(account, region)


def _records(recorder: ConfigRecorder, kind: str) -> bool:
    group = recorder.recording_group
    excluded = (group.exclusion_by_resource_types or {}).get("resourceTypes", [])
    if group.all_supported:
        return kind not in GLOBAL or bool(group.include_global_resource_types)
    if excluded:
        return kind not in excluded
    return kind in (group.resource_types or [])


def aggregator(call: Call) -> ConfigAggregator:
    """The aggregator that a call names, or NoSuchConfigurationAggregatorException."""
    found = config_backends[call.account][call.region].config_aggregators.get(
        call.params["ConfigurationAggregatorName"]
    )
    if found is None:
        raise Refusal(
            "NoSuchConfigurationAggregatorException",
            "The configuration aggregator does not exist. Check the configuration aggregator name and try again.",
        )
    return found


def sources(call: Call, found: ConfigAggregator) -> list[tuple[str, str]]:
    """The accounts and regions in which an aggregator may look and a recorder has ever been made."""
    pairs = [
        (account, region)
        for account, regions in config_backends.items()
        for region, backend in regions.items()
        if backend.recorders and _covers(call, found, account, region)
    ]
    return sorted(pairs)


def _covers(call: Call, found: ConfigAggregator, account: str, region: str) -> bool:
    organisation = found.organization_aggregation_source
    if organisation:
        wide = organisation.all_aws_regions or region in (organisation.aws_regions or [])
        return bool(wide and account in _organisation(call))
    for source in found.account_aggregation_sources or []:
        wide = source.all_aws_regions or region in (source.aws_regions or [])
        if wide and account in source.account_ids and _authorised(call, account, region):
            return True
    return False


def _authorised(call: Call, account: str, region: str) -> bool:
    key = f"{call.account}/{call.region}"
    return account == call.account or key in config_backends[account][region].aggregation_authorizations


def _organisation(call: Call) -> set[str]:
    try:
        described = organizations_backends[call.account][call.partition].describe_organization()
    except AWSOrganizationsNotInUseException:
        return set()
    management = organizations_backends[described["Organization"]["MasterAccountId"]][call.partition]
    return {account.id for account in management.accounts}


def aggregated(call: Call) -> list[Item]:
    """The items behind the aggregator that a call names; a global resource counts once for its account."""
    seen: dict[tuple[str, str, str, str], Item] = {}
    for account, region in sources(call, aggregator(call)):
        for item in recorded(account, region):
            key = (item["accountId"], item["awsRegion"], item["resourceType"], item["resourceId"])
            seen.setdefault(key, item)
    return list(seen.values())
