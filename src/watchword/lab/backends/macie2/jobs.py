"""Classification jobs: created, listed, described, paused and cancelled.

No job reads objects here. It stays RUNNING until `MacieState.finish_job` is called.
https://docs.aws.amazon.com/macie/latest/user/discovery-jobs.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from operator import contains, eq, ge, gt, le, lt
from typing import Any
from uuid import uuid4

from moto.s3.models import s3_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.criteria import ordered, strings, values_at
from watchword.lab.backends.macie2.state import Job, state_of
from watchword.lab.backends.registry import Handler

# From which states a caller may bring a job to the state on the left.
MOVES = {
    "CANCELLED": ("RUNNING", "PAUSED", "IDLE", "USER_PAUSED"),
    "RUNNING": ("USER_PAUSED",),
    "USER_PAUSED": ("RUNNING", "PAUSED", "IDLE"),
}

# What a listing shows of the request that made the job.
LISTED = ("jobType", "name")


def _check(call: Call) -> None:
    params = call.params
    definition = params["s3JobDefinition"]
    if ("bucketDefinitions" in definition) == ("bucketCriteria" in definition):
        raise call.refuse("Specify either bucketDefinitions or bucketCriteria in s3JobDefinition.")
    if (params["jobType"] == "SCHEDULED") != ("scheduleFrequency" in params):
        raise call.refuse("A scheduled job, and no other, needs scheduleFrequency.")
    picky = params.get("managedDataIdentifierSelector") in ("INCLUDE", "EXCLUDE")
    if picky != bool(params.get("managedDataIdentifierIds")):
        raise call.refuse("managedDataIdentifierIds go with the selectors INCLUDE and EXCLUDE.")


def _create_classification_job(call: Call) -> dict[str, Any]:
    state = state_of(call)
    _check(call)
    for job in state.jobs.values():
        if job.request["clientToken"] == call.params["clientToken"]:
            return {"jobId": job.id, "jobArn": job.arn}
    job_id = uuid4().hex
    arn = f"arn:{call.partition}:macie2:{call.region}:{call.account}:classification-job/{job_id}"
    starts = call.params["jobType"] == "ONE_TIME" or call.params.get("initialRun", False)
    status = "RUNNING" if starts else "IDLE"
    state.jobs[job_id] = Job(job_id, arn, status, datetime.now(UTC), dict(call.params))
    return {"jobId": job_id, "jobArn": arn}


def _job(call: Call) -> Job:
    job = state_of(call).jobs.get(call.params["jobId"])
    if job is None:
        raise Refusal(
            "ResourceNotFoundException", "The request failed because the specified job doesn't exist."
        )
    return job


def _describe_classification_job(call: Call) -> dict[str, Any]:
    job = _job(call)
    described = {
        "initialRun": False,
        "managedDataIdentifierSelector": "RECOMMENDED",
        "samplingPercentage": 100,
        **job.request,
        "jobId": job.id,
        "jobArn": job.arn,
        "jobStatus": job.status,
        "createdAt": job.created,
        "lastRunErrorStatus": {"code": "NONE"},
        "statistics": {
            "approximateNumberOfObjectsToProcess": _objects_in(job),
            "numberOfRuns": job.runs,
        },
    }
    return described | ({"lastRunTime": job.last_run} if job.last_run else {})


def _objects_in(job: Job) -> int:
    """How many objects the named buckets hold now; jobs with criteria instead of names count none."""
    total = 0
    for definition in job.request["s3JobDefinition"].get("bucketDefinitions", []):
        held = s3_backends[definition["accountId"]]["aws"].buckets
        total += sum(len(held[name].keys) for name in definition["buckets"] if name in held)
    return total


def _update_classification_job(call: Call) -> None:
    job, status = _job(call), call.params["jobStatus"]
    if job.status not in MOVES.get(status, ()):
        raise call.refuse(f"A job that is {job.status} can't become {status}.")
    state_of(call).jobs[job.id] = replace(job, status=status)


def _summary(job: Job) -> dict[str, Any]:
    definition = job.request["s3JobDefinition"]
    buckets = {key: definition[key] for key in ("bucketDefinitions", "bucketCriteria") if key in definition}
    return {
        "jobId": job.id,
        "jobStatus": job.status,
        "createdAt": job.created,
        "lastRunErrorStatus": {"code": "NONE"},
        **{name: job.request[name] for name in LISTED},
        **buckets,
    }


def _list_classification_jobs(call: Call) -> dict[str, Any]:
    criteria = call.params.get("filterCriteria", {})
    found = [
        summary
        for summary in map(_summary, state_of(call).jobs.values())
        if all(_meets(summary, term) for term in criteria.get("includes", []))
        and not any(_meets(summary, term) for term in criteria.get("excludes", []))
    ]
    sort = call.params.get("sortCriteria", {})
    found = ordered(found, sort.get("attributeName", ""), sort.get("orderBy") == "DESC")
    return call.page("items", found, default=25)


def _meets(summary: Mapping[str, Any], term: Mapping[str, Any]) -> bool:
    """Whether a job meets one term; the comparators for times compare ISO 8601 texts, all in UTC."""
    wanted = term.get("values", [])
    texts = [
        value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else strings(value)[0]
        for value in values_at(summary, term["key"])
    ]
    comparator = term.get("comparator", "EQ")
    if comparator == "NE":
        return not any(text in wanted for text in texts)
    return any(_COMPARATORS[comparator](text, value) for text in texts for value in wanted)


_COMPARATORS: dict[str, Callable[[str, str], bool]] = {
    "EQ": eq,
    "CONTAINS": contains,
    "STARTS_WITH": str.startswith,
    "GT": gt,
    "GTE": ge,
    "LT": lt,
    "LTE": le,
}


OPERATIONS: dict[str, Handler] = {
    "CreateClassificationJob": _create_classification_job,
    "DescribeClassificationJob": _describe_classification_job,
    "UpdateClassificationJob": _update_classification_job,
    "ListClassificationJobs": _list_classification_jobs,
}
