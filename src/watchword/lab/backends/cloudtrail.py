"""CloudTrail beyond one account: the organisation's trails as its members see them, and buckets of other accounts.

What it does: a member account sees the organisation's trails (their status and selectors included) wherever AWS shows
shadow trails; a trail may write to a bucket of any account; a trail without selectors answers with CloudTrail's default
ones.  What it does not do: record events.
Reference: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.cloudtrail.exceptions import S3BucketDoesNotExistException, TrailNotFoundException
from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudtrail.urls import url_paths
from moto.s3.models import s3_backends

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call
from watchword.lab.backends.organisation import same_organisation

# What a trail records until somebody chooses.
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
_DEFAULT_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]

# As moto has it; kept so that a second install() does not wrap our own.
_selectors_of = Trail.get_event_selectors


def install() -> None:
    """Teach moto's CloudTrail of organisations; calling it again changes nothing."""
    for owner, method in (
        (CloudTrailBackend, _describe_trails),
        (CloudTrailBackend, _get_trail),
        (Trail, _check_bucket_exists),
        (Trail, _get_event_selectors),
    ):
        setattr(owner, method.__name__.removeprefix("_"), method)
    registry.extend(CloudTrailResponse, url_paths, {"ListEventDataStores": _no_event_data_stores})


def _describe_trails(backend: CloudTrailBackend, include_shadow_trails: bool) -> Iterable[Trail]:
    return list(_visible(backend)) if include_shadow_trails else list(backend.trails.values())


def _visible(backend: CloudTrailBackend) -> Iterator[Trail]:
    """Every trail that the account sees in the backend's region, its own first."""
    for account in sorted(cloudtrail_backends, key=lambda one: (one != backend.account_id, one)):
        own = account == backend.account_id
        for regional in list(cloudtrail_backends[account].values()):
            for trail in regional.trails.values():
                shared = trail.is_org_trail and same_organisation(account, backend.account_id)
                if (own or shared) and (trail.is_multi_region or trail.region_name == backend.region_name):
                    yield trail


def _get_trail(backend: CloudTrailBackend, name_or_arn: str) -> Trail:
    if name_or_arn in backend.trails:
        return backend.trails[name_or_arn]
    for trail in _visible(backend):
        if name_or_arn in {trail.arn, trail.trail_name}:
            return trail
    raise TrailNotFoundException(account_id=backend.account_id, name=name_or_arn)


def _check_bucket_exists(trail: Trail) -> None:
    """Bucket names are unique in the whole partition, so any account's bucket will do."""
    held = (s3_backends[account][trail.partition].buckets for account in list(s3_backends))
    if not any(trail.bucket_name in buckets for buckets in held):
        raise S3BucketDoesNotExistException(f"S3 bucket {trail.bucket_name} does not exist!")


def _get_event_selectors(trail: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    basic, advanced = _selectors_of(trail)
    return (basic, advanced) if basic or advanced else (_DEFAULT_SELECTORS, [])


def _no_event_data_stores(call: Call) -> Mapping[str, Any]:
    """CloudTrail Lake keeps nothing in the lab, so that there is nothing to list."""
    return call.page("EventDataStores", ())
