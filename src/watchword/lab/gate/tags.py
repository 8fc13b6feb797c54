"""The tags of resources and callers, as the emulator keeps them.

What it does: finds the tags behind an ARN, and the tags that a request wants to set. What it does not do: tag anything.
A resource whose tags the emulator keeps where nobody looks has none here; conditions on them do not match then.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from moto.awslambda.models import lambda_backends
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from watchword.lab.gate.arns import Target
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.sessions import Caller, role_of, user_of
from watchword.lab.gate.state import iam_of, organization_of

Tags = Mapping[str, str]

_NONE: Final[Tags] = {}


def plain(given: Any) -> dict[str, str]:
    """Tags in any of the forms that AWS's services and the emulator write, as a plain mapping."""
    if isinstance(given, Mapping):
        if given.keys() <= {"Items", "TagSet", "Tags"} and given:
            return plain(next(iter(given.values())))
        return {str(key): _text(value) for key, value in given.items()}
    if not isinstance(given, Iterable) or isinstance(given, str):
        return {}
    pairs = (_pair(tag) for tag in given if isinstance(tag, Mapping))
    return {key: value for key, value in pairs if key}


def _text(value: Any) -> str:
    return str(value.get("Value", "")) if isinstance(value, Mapping) else str(value)


def _pair(tag: Mapping[str, Any]) -> tuple[str, str]:
    low = {name.lower().removeprefix("tag"): value for name, value in tag.items()}
    return str(low.get("key", "")), str(low.get("value") or "")


def requested(asked: Asked) -> dict[str, str]:
    """The tags that a request sets."""
    given = asked.params
    specifications = given.get("TagSpecifications") or given.get("TagSpecification") or ()
    if specifications:
        return {key: value for each in specifications for key, value in plain(each.get("Tags", ())).items()}
    if asked.service == "s3" and isinstance(given.get("Tagging"), str):
        return dict(parse_qsl(given["Tagging"]))
    for member in ("Tags", "tags", "TagList", "Tagging", "TagsToAdd"):
        if member in given:
            return plain(given[member])
    return {}


def keys_of_request(asked: Asked) -> tuple[str, ...]:
    """The tag keys that a request sets or removes."""
    removed = asked.params.get("TagKeys") or asked.params.get("tagKeys") or ()
    return tuple(dict.fromkeys([*requested(asked), *map(str, removed)]))


def of_caller(caller: Caller) -> dict[str, str]:
    """aws:PrincipalTag: the user's or role's tags, and over them those of the session."""
    own: dict[str, str] = {}
    if caller.kind == "AssumedRole":
        role = role_of(caller.account, caller.name)
        own = plain(role.tags) if role is not None else {}
    elif caller.kind in {"User", "FederatedUser"}:
        user = user_of(caller.account, caller.name)
        own = plain(user.tags or ()) if user is not None else {}
    return own | dict(caller.session.tags if caller.session is not None else {})


def of_target(target: Target, region: str) -> Tags:
    """aws:ResourceTag: the tags of a resource that exists."""
    parts = target.arn.split(":", 5)
    if len(parts) < 6:
        return _NONE
    find = _SERVICES.get(parts[2])
    with suppress(KeyError, AttributeError, ValueError, ImportError):
        if find is not None:
            return plain(find(parts[4] or target.account, parts[3] or region, target.arn, parts[5]))
        return plain(_tagger(parts[2], parts[4] or target.account, parts[3] or region, target.arn))
    return _NONE


def of_object(bucket: str, key: str, version: str | None) -> Tags:
    """s3:ExistingObjectTag: the tags of an object that exists."""
    owner = s3_backends.bucket_accounts.get(bucket)
    if owner is None:
        return _NONE
    backend = s3_backends[owner[1]]["aws"]
    found = backend.get_object(bucket, key, version_id=version)
    return backend.tagger.get_tag_dict_for_resource(found.arn) if found is not None else _NONE


def _iam(account: str, _region: str, arn: str, rest: str) -> Any:
    kind, _, name = rest.partition("/")
    found: Any = None
    if kind == "role":
        found = role_of(account, name.rpartition("/")[2])
    elif kind == "user":
        found = user_of(account, name.rpartition("/")[2])
    elif kind == "policy":
        found = iam_of(account).managed_policies.get(arn)
    return (found.tags or ()) if found is not None else ()


def _ec2(account: str, region: str, _arn: str, rest: str) -> Any:
    return ec2_backends[account][region].tags.get(rest.rpartition("/")[2], {})


def _kms(account: str, region: str, _arn: str, rest: str) -> Any:
    return kms_backends[account][region].tagger.get_tag_dict_for_resource(rest.removeprefix("key/"))


def _secret(account: str, region: str, arn: str, _rest: str) -> Any:
    secrets = secretsmanager_backends[account][region].secrets.values()
    return next((secret.tags or () for secret in secrets if secret.arn == arn), ())


def _queue(account: str, region: str, _arn: str, rest: str) -> Any:
    return sqs_backends[account][region].queues[rest].tags


def _topic(account: str, region: str, arn: str, _rest: str) -> Any:
    topic: Any = sns_backends[account][region].topics[arn]
    return topic._tags


def _table(account: str, region: str, _arn: str, rest: str) -> Any:
    return dynamodb_backends[account][region].tables[rest.split("/")[1]].tags


def _function(account: str, region: str, _arn: str, rest: str) -> Any:
    found: Any = lambda_backends[account][region].list_functions()
    return next((each.tags for each in found if each.function_name == rest.split(":")[1]), {})


def _organizations(_account: str, _region: str, arn: str, _rest: str) -> Any:
    found = organization_of(arn.split(":")[4])
    return found.thing(arn.rpartition("/")[2]).tags if found is not None else {}


def _tagger(service: str, account: str, region: str, arn: str) -> Any:
    """Where a service keeps its tags in moto's common way."""
    backends: BackendDict[Any] = get_backend(_MODULES.get(service, service))  # type: ignore[call-overload]
    regional = backends[account]
    backend = regional[region] if region in regional else regional["aws"]
    return backend.tagger.get_tag_dict_for_resource(arn)


# The service in an ARN, where moto's module has another name.
_MODULES: Final[Mapping[str, str]] = {
    "access-analyzer": "accessanalyzer",
    "cognito-idp": "cognitoidp",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "es": "opensearch",
    "sso": "ssoadmin",
    "states": "stepfunctions",
}

_SERVICES: Final[Mapping[str, Callable[[str, str, str, str], Any]]] = {
    "dynamodb": _table,
    "ec2": _ec2,
    "iam": _iam,
    "kms": _kms,
    "lambda": _function,
    "organizations": _organizations,
    "s3": lambda *_: (),
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
