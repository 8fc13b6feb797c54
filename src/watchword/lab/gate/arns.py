"""Which resources a request concerns, as ARNs, and whose they are.

What it does: finds the resources in a request's parameters, by `arn_forms` and, where a name is not enough, by the
emulator's own state (paths of IAM users, ids behind aliases, owners of buckets). What it does not do: judge; where the
resource cannot be told it says `*`, which only statements on `*` match, and that it could not tell.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.lab.gate import arns_by_reference, arns_ec2, arns_iam, arns_s3
from watchword.lab.gate.arn_forms import FORMS
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.state import key_of_alias, organization_of, secret_arn

# What a request is about where no single resource can be named.
EVERYTHING: Final = "*"

# Services whose messages tell a resource even for actions which are documented as authorised on `*` only ("…:user/").
_WITH_PATHS: Final = frozenset({"eks", "iam", "logs", "s3"})


@dataclass(frozen=True, slots=True)
class Target:
    """A resource: its ARN, the account that owns it, and whether the request told it (else the ARN is `*`)."""

    arn: str
    account: str
    is_told: bool = True


def targets_of(asked: Asked, action: str, account: str) -> tuple[Target, ...]:
    """The resources that an action of a request concerns; all of them must be allowed.

    `account` is the caller's, which owns what nobody else is known to own; of an anonymous caller it is empty.
    """
    if asked.service not in _WITH_PATHS and arns_by_reference.is_on_everything(action):
        return (Target(EVERYTHING, account),)
    found = tuple(dict.fromkeys(_arns(asked, action, account)))
    if not found:
        return (Target(EVERYTHING, account, is_told=False),)
    return tuple(Target(arn, _owner(arn, account)) for arn in found)


def _arns(asked: Asked, action: str, account: str) -> Iterator[str]:
    special = _SPECIAL.get(asked.service)
    if special is not None:
        yield from special(asked, action, account)
    elif asked.service in FORMS:
        yield from _by_form(asked, account)
    else:
        yield from arns_by_reference.arns(asked, action, account)


def _by_form(asked: Asked, account: str) -> Iterator[str]:
    for member, form in FORMS.get(asked.service, ()):
        values = asked.params.get(member)
        if values:
            yield from (arn_in(form, value, asked, account) for value in _listed(values))
            return


def arn_in(form: str, value: str, asked: Asked, account: str) -> str:
    """A name in the form of its service's ARN; an ARN as it is."""
    if value.startswith("arn:"):
        return value
    last = value.rpartition("/")[2]
    filled = form.replace("{region}", asked.region).replace("{account}", account).replace("{last}", last)
    return f"arn:aws:{filled.replace('{}', value)}"


def _listed(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _owner(arn: str, account: str) -> str:
    """The account in the ARN; of buckets, which name none, the one that made it."""
    parts = arn.split(":", 5)
    if len(parts) > 4 and parts[2] == "s3" and not parts[4]:
        return arns_s3.owner_of(parts[5].partition("/")[0]) or account
    named = parts[4] if len(parts) > 4 else ""
    return named if named.isdecimal() else account


def _sqs(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """A queue's URL ends in account and name."""
    url = asked.params.get("QueueUrl")
    if url:
        owner, _, name = url.rstrip("/").rpartition("/")
        yield f"arn:aws:sqs:{asked.region}:{owner.rpartition('/')[2] or account}:{name}"
    elif "QueueName" in asked.params:
        owner = asked.params.get("QueueOwnerAWSAccountId", account)
        yield f"arn:aws:sqs:{asked.region}:{owner}:{asked.params['QueueName']}"
    elif "SourceArn" in asked.params:
        yield asked.params["SourceArn"]


def _kms(asked: Asked, action: str, account: str) -> Iterator[str]:
    """Aliases stand for their keys, except where the alias itself is made, moved or deleted."""
    if action == "kms:ReEncryptTo":
        yield from _key(asked.params.get("DestinationKeyId"), asked, account)
        return
    alias = asked.params.get("AliasName")
    if alias:
        yield arn_in("kms:{region}:{account}:{}", alias, asked, account)
    named = asked.params.get("KeyId") or asked.params.get("TargetKeyId") or asked.params.get("SourceKeyId")
    yield from _key(named or _key_in_ciphertext(asked), asked, account)


def _key(named: str | None, asked: Asked, account: str) -> Iterator[str]:
    if not named:
        return
    if ":alias/" in named or named.startswith("alias/"):
        owner = named.split(":")[4] if named.startswith("arn:") else account
        named = key_of_alias(owner, asked.region, named[named.index("alias/") :]) or named
    yield arn_in("kms:{region}:{account}:key/{}", named, asked, account)


def _key_in_ciphertext(asked: Asked) -> str | None:
    """The emulator begins a ciphertext with the id of its key."""
    blob = asked.params.get("CiphertextBlob")
    found = blob[:36].decode("ascii", errors="ignore") if isinstance(blob, bytes) else ""
    return found if found.count("-") == 4 or found.startswith("mrk-") else None


def _secrets(asked: Asked, action: str, account: str) -> Iterator[str]:
    """A secret's ARN ends in six characters that only AWS knows; a new one's are unknown yet."""
    named = asked.params.get("SecretId") or asked.params.get("Name")
    many = asked.params.get("SecretIdList", ()) if named is None else (named,)
    for name in many:
        known = None if action.endswith(":CreateSecret") else secret_arn(account, asked.region, name)
        new = f"secretsmanager:{asked.region}:{account}:secret:{name}-??????"
        yield known or (name if name.startswith("arn:") else f"arn:aws:{new}")


def _lambda(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """A function by name, partial or whole ARN, with the version or alias of the request."""
    named = asked.params.get("FunctionName")
    if named:
        parts = named.split(":")
        whole = (
            named
            if named.startswith("arn:")
            else f"arn:aws:lambda:{asked.region}:{account}:function:{parts[-1]}"
        )
        if not named.startswith("arn:") and len(parts) == 3 and parts[1] == "function":
            whole = f"arn:aws:lambda:{asked.region}:{parts[0]}:function:{parts[2]}"
        qualifier = asked.params.get("Qualifier")
        yield f"{whole}:{qualifier}" if qualifier and whole.count(":") == 6 else whole
    elif "Resource" in asked.params:
        yield asked.params["Resource"]
    elif "LayerName" in asked.params:
        yield f"arn:aws:lambda:{asked.region}:{account}:layer:{asked.params['LayerName']}"
    elif "UUID" in asked.params:
        yield f"arn:aws:lambda:{asked.region}:{account}:event-source-mapping:{asked.params['UUID']}"


def _logs(asked: Asked, action: str, account: str) -> Iterator[str]:
    """Log groups' permissions are on their streams, as AWS's messages tell them."""
    if action == "logs:DescribeLogGroups":
        yield f"arn:aws:logs:{asked.region}:{account}:log-group::log-stream:"
        return
    stream = asked.params.get("logStreamName", "")
    one = asked.params.get("logGroupName") or asked.params.get("logGroupIdentifier")
    many = asked.params.get("logGroupNames") or asked.params.get("logGroupIdentifiers") or ()
    for group in (one,) if one else many:
        if group.startswith("arn:"):
            yield f"{group.removesuffix(':*')}:log-stream:{stream}"
        else:
            yield f"arn:aws:logs:{asked.region}:{account}:log-group:{group}:log-stream:{stream}"


def _dynamodb(asked: Asked, _action: str, account: str) -> Iterator[str]:
    tables: list[str] = []
    for member in ("TableName", "ResourceArn", "TableArn"):
        tables += [asked.params[member]] if member in asked.params else []
    tables += list(asked.params.get("RequestItems", {}))
    tables += [table for item in asked.params.get("TransactItems", ()) for table in _tables_in(item)]
    index = asked.params.get("IndexName")
    for table in tables:
        arn = arn_in("dynamodb:{region}:{account}:table/{}", table, asked, account)
        yield f"{arn}/index/{index}" if index else arn


def _tables_in(item: Mapping[str, Any]) -> list[str]:
    return [part["TableName"] for part in item.values() if isinstance(part, Mapping) and "TableName" in part]


def _ssm(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """Parameters, machines and documents."""
    given = asked.params
    if "ParameterName" in given or ("Name" in given and "Parameter" in asked.operation):
        yield f"arn:aws:ssm:{asked.region}:{account}:parameter/{given.get('Name', '').lstrip('/')}"
    elif "Names" in given:
        yield from (
            f"arn:aws:ssm:{asked.region}:{account}:parameter/{name.lstrip('/')}" for name in given["Names"]
        )
    elif "Path" in given:
        yield f"arn:aws:ssm:{asked.region}:{account}:parameter/{given['Path'].strip('/')}"
    else:
        yield from _machines(asked, account)


def _machines(asked: Asked, account: str) -> Iterator[str]:
    given = asked.params
    target = given.get("Target") or given.get("InstanceId")
    for machine in [target] if target else given.get("InstanceIds", ()):
        yield f"arn:aws:ec2:{asked.region}:{account}:instance/{machine}"
    document = given.get("DocumentName") or (given.get("Name") if "Document" in asked.operation else None)
    if document:
        owner = "" if document.startswith("AWS-") else account
        yield arn_in(f"ssm:{{region}}:{owner}:document/{{}}", document, asked, account)
    if "SessionId" in given:
        yield f"arn:aws:ssm:{asked.region}:{account}:session/{given['SessionId']}"


def _organizations(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """Targets and policies by the organisation's own ids."""
    named = [asked.params[member] for member in _ORGANIZATION_MEMBERS if member in asked.params]
    kept = organization_of(account)
    if kept is not None:
        yield from (arn for arn in (kept.arn_of(name) for name in named) if arn is not None)


_ORGANIZATION_MEMBERS: Final = (
    "PolicyId",
    "TargetId",
    "AccountId",
    "OrganizationalUnitId",
    "ParentId",
    "RootId",
    "ResourceId",
)


def _sso(asked: Asked, _action: str, _account: str) -> Iterator[str]:
    """An assignment takes the permission set, the account and the instance."""
    for member in ("InstanceArn", "PermissionSetArn"):
        if member in asked.params:
            yield asked.params[member]
    if asked.params.get("TargetType") == "AWS_ACCOUNT" and "TargetId" in asked.params:
        yield f"arn:aws:sso:::account/{asked.params['TargetId']}"


def _gateways(asked: Asked, _action: str, _account: str) -> Iterator[str]:
    """API Gateway's resources are the paths of its own API."""
    yield f"arn:aws:apigateway:{asked.region}::{asked.path}"


def _tagging(_asked: Asked, _action: str, _account: str) -> Iterable[str]:
    """The calls of the tagging API are on `*`; tagging needs the service's own permission as well, which is not asked."""
    return ()


_SPECIAL: Final[Mapping[str, Callable[[Asked, str, str], Iterable[str]]]] = {
    "apigateway": _gateways,
    "apigatewayv2": _gateways,
    "dynamodb": _dynamodb,
    "ec2": arns_ec2.arns,
    "iam": arns_iam.arns,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "organizations": _organizations,
    "resourcegroupstaggingapi": _tagging,
    "s3": arns_s3.arns,
    "s3control": arns_s3.control_arns,
    "secretsmanager": _secrets,
    "sqs": _sqs,
    "ssm": _ssm,
    "sso-admin": _sso,
    "sts": arns_iam.sts_arns,
}
