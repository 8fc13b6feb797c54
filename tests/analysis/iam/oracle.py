"""The naive evaluator: docs/iam-evaluation.md step by step over raw JSON, to check the real one against.

It shares no code and no idea with ``watchword.analysis.iam``: plain loops, nothing compiled, nothing remembered. It
answers complete requests; what an incomplete one must answer is known from its completions (``completions.py``). It does
not refuse malformed policies: it is only asked about valid ones.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from tests.analysis.iam.oracle_conditions import Context, conditions, listed, resolved, tokens, wildcard

LAYERS = ("identity", "scp", "rcp", "boundary", "session", "resource", "endpoint", "s3_public_access_block")
RCP_SERVICES = frozenset(
    {"s3", "sts", "kms", "sqs", "secretsmanager", "cognito-idp", "logs", "dynamodb", "ecr", "aoss"}
)
TRUST_ACTIONS = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
)
BUCKET_RESCUE = ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
CONFINING_KEYS = (
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
)
CONFINING_OPERATORS = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")


@dataclass(frozen=True)
class Decider:
    """A statement that decides: the policy's name, the statement's number from 0, its Sid (empty: none) and effect."""

    policy: str
    statement: int
    sid: str
    effect: str


@dataclass(frozen=True)
class Answer:
    """What AWS would answer to a complete request."""

    decision: str
    blocked_by: tuple[str, ...]
    deciding: tuple[Decider, ...]


@dataclass(frozen=True)
class Caller:
    """Step 1.1: who calls. ``kind``: user, session, federated, root, service, provider, anonymous."""

    kind: str
    arn: str
    account: str | None = None
    role: str | None = None
    name: str | None = None
    linked: bool = False

    @property
    def has_policies(self) -> bool:
        """Whether identity policies, boundary and session policies apply (3.1)."""
        return self.kind in ("user", "session", "federated")

    @property
    def is_signed(self) -> bool:
        """Whether a request bears a signature; a provider's token is none."""
        return self.kind not in ("anonymous", "provider")


def caller(principal: str) -> Caller:
    """Read the principal of a request (1.1)."""
    if principal == "*":
        return Caller("anonymous", principal)
    if principal.startswith("service:"):
        return Caller("service", principal, name=principal.removeprefix("service:"))
    if principal.startswith("federated:"):
        return Caller("provider", principal, name=principal.removeprefix("federated:"))
    _, _, _, _, account, what = principal.split(":", 5)
    kind, _, rest = what.partition("/")
    last = rest.split("/")[-1]
    if kind == "user":
        return Caller("user", principal, account, name=last)
    if kind == "assumed-role":
        role = rest.split("/")[0]
        return Caller("session", principal, account, role, last, role.startswith("AWSServiceRoleFor"))
    if kind == "role":
        linked = rest.startswith("aws-service-role/") or last.startswith("AWSServiceRoleFor")
        return Caller("session", principal, account, last, None, linked)
    if kind == "federated-user":
        return Caller("federated", principal, account, name=last)
    if kind == "root":
        return Caller("root", principal, account)
    return Caller("provider", principal, name=principal)


def resource_account(request: dict[str, Any], who: Caller) -> str | None:
    """Step 1.2: the account told; else the one in the ARN; else the principal's own."""
    told = request.get("resource_account")
    if told:
        return str(told)
    parts = request["resource"].split(":", 5)
    if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit():
        return str(parts[4])
    return who.account


def asked_resource(action: str, resource: str) -> str:
    """Step 4.3: the list of all buckets is asked as on buckets."""
    return "arn:aws:s3:::*" if action.lower() == "s3:listallmybuckets" and resource == "*" else resource


def principal_arn(who: Caller) -> str:
    """``aws:PrincipalArn`` (1.3)."""
    parts = who.arn.split(":", 5)
    if parts[2] == "sts" and who.kind == "session":
        return f"arn:{parts[1]}:iam::{who.account}:role/{who.role}"
    return who.arn


def added_keys(who: Caller, account: str | None) -> dict[str, Any]:
    """Step 1.3: the keys that AWS always adds."""
    types = {"user": "User", "root": "Account", "session": "AssumedRole", "federated": "FederatedUser"}
    keys: dict[str, Any] = {} if account is None else {"aws:ResourceAccount": account}
    if who.is_signed:
        keys["aws:PrincipalIsAWSService"] = "true" if who.kind == "service" else "false"
    if who.kind == "anonymous":
        keys["aws:PrincipalType"] = "Anonymous"
        keys["aws:PrincipalAccount"] = "anonymous"
    if who.kind == "service":
        keys["aws:PrincipalServiceName"] = who.name
    if who.account is not None:
        keys["aws:PrincipalArn"] = principal_arn(who)
        keys["aws:PrincipalAccount"] = who.account
        keys["aws:PrincipalType"] = types[who.kind]
    if who.kind == "user":
        keys["aws:username"] = who.name
    return keys


def context_of(request: dict[str, Any], who: Caller, completion: dict[str, Any]) -> Context:
    """The whole context: what is given, what completes it, and what AWS adds where neither says anything."""
    context = Context({**request.get("context", {}), **completion})
    for key, value in added_keys(who, resource_account(request, who)).items():
        if not context.has(key):
            context.by_name[key.lower()] = [value]
    return context


# --- step 2 ------------------------------------------------------------------------------------------------------


def like(pattern: str, subject: str) -> bool:
    """A wildcard match of two texts."""
    return wildcard(tokens(pattern), subject)


def never_allowed(action: str, resource: str) -> bool:
    """Step 2.2."""
    harmless = ("get*", "list*", "generate*", "simulate*", "passrole")
    if action.startswith("iam:") and not any(like("iam:" + one, action) for one in harmless):
        reserved = ("arn:*:iam::aws:policy/*", "arn:*:iam::*:role/aws-reserved/*")
        return any(like(one, resource) for one in reserved)
    if action in ("kms:createalias", "kms:deletealias", "kms:updatealias"):
        return like("arn:*:kms:*:*:alias/aws/*", resource)
    return False


# --- step 5 ------------------------------------------------------------------------------------------------------


def is_account(value: str, account: str | None) -> bool:
    """Whether a value of ``AWS`` names an account."""
    if account is None:
        return False
    return value == account or (value.startswith("arn:") and value.endswith(f":iam::{account}:root"))


def is_role(value: str, who: Caller) -> bool:
    """Whether a value of ``AWS`` names the caller's role; the role's path is not compared."""
    parts = value.split(":", 5)
    if who.role is None or len(parts) != 6 or parts[2] != "iam" or parts[4] != who.account:
        return False
    return parts[5].startswith("role/") and parts[5].split("/")[-1] == who.role


def is_named(value: str, who: Caller) -> bool:
    """Whether a value of ``AWS`` is the ARN of the user, the session or the federated user."""
    if who.kind == "session" and who.name is None:
        return False
    return who.has_policies and value == who.arn


def same_provider(value: str, name: str) -> bool:
    """Step 5.3: an OIDC provider that is told by its ARN is named by its host, too; one told by its host by that alone."""
    return value in (name, name.partition(":oidc-provider/")[2])


def everybody(element: Any) -> bool:
    """Step 5.1."""
    return element == "*" or (isinstance(element, dict) and "*" in listed(element.get("AWS", [])))


def named_elsewhere(element: dict[str, Any], who: Caller, context: Context) -> bool:
    """Step 5.3: services, providers, canonical users."""
    if who.kind == "service" and who.name in listed(element.get("Service", [])):
        return True
    if who.kind == "provider" and any(
        same_provider(v, who.name or "") for v in listed(element.get("Federated", []))
    ):
        return True
    canonical = context.values("principal:CanonicalUser")
    return any(value in listed(element.get("CanonicalUser", [])) for value in canonical)


def way(element: Any, who: Caller, context: Context) -> str | None:
    """Step 5.4: how an element names the caller: direct, role, account; None if it does not."""
    if everybody(element):
        return "direct"
    if not isinstance(element, dict):
        return None
    values = listed(element.get("AWS", []))
    by_account = any(is_account(value, who.account) for value in values)
    if named_elsewhere(element, who, context) or any(is_named(value, who) for value in values):
        return "direct"
    if who.kind == "root":
        return "direct" if by_account else None
    if any(is_role(value, who) for value in values):
        return "role"
    return "account" if by_account else None


def is_listed(element: Any, who: Caller, context: Context) -> bool:
    """Step 5.5: whether ``NotPrincipal`` lists all that AWS checks one after another."""
    if everybody(element):
        return True
    if not isinstance(element, dict):
        return False
    if named_elsewhere(element, who, context):
        return True
    values = listed(element.get("AWS", []))
    if not any(is_account(value, who.account) for value in values):
        return False
    if who.kind == "root":
        return True
    if who.kind == "session" and not any(is_role(value, who) for value in values):
        return False
    return any(is_named(value, who) for value in values)


def names_arns(element: Any) -> bool:
    """Whether ``NotPrincipal`` names ARNs of principals."""
    return isinstance(element, dict) and any(
        value.startswith("arn:") for value in listed(element.get("AWS", []))
    )


def principal_way(statement: dict[str, Any], who: Caller, context: Context, bounded: bool) -> str | None:
    """Step 4.2: how a statement names the caller; None if it does not match."""
    if "Principal" in statement:
        return way(statement["Principal"], who, context)
    if "NotPrincipal" not in statement:
        return None
    element = statement["NotPrincipal"]
    if statement["Effect"] == "Deny" and bounded and names_arns(element):
        return "direct"
    if statement["Effect"] == "Allow":
        return None if way(element, who, context) else "direct"
    return None if is_listed(element, who, context) else "direct"


# --- step 4 ------------------------------------------------------------------------------------------------------


def action_matches(patterns: Any, action: str) -> bool:
    """Step 4.1."""
    for pattern in listed(patterns):
        if "," in pattern or any(c.isspace() for c in pattern):
            continue
        if like(pattern.lower(), action):
            return True
    return False


def completed(pattern: str) -> str:
    """Step 4.3: an ARN of an identity-based policy with all its six fields."""
    fields = pattern.split(":")
    if fields[0] != "arn" or len(fields) == 1 or "*" in fields[-1]:
        return pattern
    return ":".join(fields + ["*"] * (6 - len(fields)))


def resource_matches(patterns: Any, resource: str, version: str, context: Context, layer: str = "") -> bool:
    """Step 4.3."""
    for told in listed(patterns):
        pattern = completed(told) if layer in {"identity", "boundary"} else told
        filled = resolved(pattern, version, context, wild=True)
        if filled is not None and wildcard(filled, resource):
            return True
    return False


@dataclass(frozen=True)
class Question:
    """A complete request, read."""

    who: Caller
    action: str
    resource: str
    account: str | None
    context: Context
    bounded: bool

    @property
    def same_account(self) -> bool:
        """Step 1.2."""
        return self.who.account is not None and self.who.account == self.account


def matched(
    statement: dict[str, Any], version: str, ask: Question, with_principal: bool, layer: str = ""
) -> str | None:
    """Step 4: how a statement matches; ``direct`` where no principal is asked for; None if it does not."""
    if any(statement.get(element) == [] for element in ("Action", "NotAction", "Resource", "NotResource")):
        return None
    if "Action" in statement and not action_matches(statement["Action"], ask.action):
        return None
    if "NotAction" in statement and action_matches(statement["NotAction"], ask.action):
        return None
    how = principal_way(statement, ask.who, ask.context, ask.bounded) if with_principal else "direct"
    if how is None:
        return None
    if "Resource" in statement and not resource_matches(
        statement["Resource"], ask.resource, version, ask.context, layer
    ):
        return None
    if "NotResource" in statement and resource_matches(
        statement["NotResource"], ask.resource, version, ask.context, layer
    ):
        return None
    return how if conditions(statement, version, ask.context) else None


@dataclass(frozen=True)
class Match:
    """A statement that matches: in which layer (and level), how, and what is said of it."""

    layer: str
    level: int
    how: str
    decider: Decider


def in_document(document: dict[str, Any], name: str, layer: str, level: int, ask: Question) -> list[Match]:
    """The statements of one document that match."""
    version = document.get("Version", "2008-10-17")
    found = []
    for number, statement in enumerate(listed(document["Statement"])):
        how = matched(statement, version, ask, layer in ("resource", "rcp", "endpoint"), layer)
        if how is not None:
            decider = Decider(name, number, statement.get("Sid", ""), statement["Effect"])
            found.append(Match(layer, level, how, decider))
    return found


# --- step 3 ------------------------------------------------------------------------------------------------------


def applies(layer: str, policies: dict[str, Any], ask: Question, rcp_services: frozenset[str]) -> bool:
    """Step 3: whether a layer applies; ``layer`` is the name of its entry in the policy set."""
    if policies.get(layer) is None:
        return False
    if layer in ("identity", "boundary", "session"):
        return ask.who.has_policies
    if layer == "scps":
        return ask.who.account is not None and not ask.who.linked
    if layer == "rcps":
        service = ask.action.split(":")[0]
        return service in rcp_services and not ask.who.linked and ask.action != "kms:retiregrant"
    if layer == "endpoint":
        return bool(ask.context.values("aws:SourceVpce"))
    return True


def matches(policies: dict[str, Any], ask: Question, rcp_services: frozenset[str]) -> list[Match]:
    """All statements that match, of the layers that apply."""
    found: list[Match] = []

    def wanted(layer: str) -> bool:
        return applies(layer, policies, ask, rcp_services)

    for layer in ("identity", "boundary", "session", "endpoint"):
        for number, document in enumerate(policies[layer] if wanted(layer) else []):
            found += in_document(document, f"{layer}[{number}]", layer, 0, ask)
    for layer in ("scps", "rcps"):
        for level, documents in enumerate(policies[layer] if wanted(layer) else []):
            for number, document in enumerate(documents):
                name = f"{layer}[{level}][{number}]"
                found += in_document(document, name, layer.removesuffix("s"), level, ask)
    if wanted("resource"):
        found += in_document(policies["resource"], "resource", "resource", 0, ask)
    return sorted(found, key=lambda match: LAYERS.index(match.layer))


# --- step 9.5 ----------------------------------------------------------------------------------------------------


def is_fixed(key: str, value: str, at_access_point: bool) -> bool:
    """Whether a condition's value is fixed."""
    head, marker, _ = value.partition(":accesspoint/")
    if key == "s3:dataaccesspointarn" and marker and not at_access_point:
        value = head
    return not any(sign in value for sign in ("*", "?", "${"))


def is_narrow(value: str) -> bool:
    """Whether a range of addresses is narrow enough not to be everybody."""
    try:
        block = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return block.prefixlen >= (8 if block.version == 4 else 32)


def confines(name: str, key: str, wanted: list[str], at_access_point: bool) -> bool:
    """Whether one test of a statement confines it."""
    operator, key = name.lower().removeprefix("foranyvalue:"), key.lower()
    if operator == "ipaddress" and key == "aws:sourceip":
        return all(is_narrow(value) for value in wanted)
    if operator not in CONFINING_OPERATORS or key not in CONFINING_KEYS:
        return False
    return all(is_fixed(key, value, at_access_point) for value in wanted)


def fixed_principal(statement: dict[str, Any]) -> bool:
    """Whether a statement's ``Principal`` is fixed."""
    element = statement.get("Principal", {})
    if "NotPrincipal" in statement or element == "*" or "Federated" in element:
        return False
    return not any(sign in value for values in element.values() for value in listed(values) for sign in "*?")


def is_public(document: dict[str, Any], at_access_point: bool) -> bool:
    """Step 9.5: whether S3 calls a policy public."""
    for statement in listed(document["Statement"]):
        if statement["Effect"] != "Allow" or fixed_principal(statement):
            continue
        confined = any(
            confines(name, key, [str(one) for one in listed(wanted)], at_access_point)
            for name, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
        if not confined:
            return True
    return False


def s3_blocks(policies: dict[str, Any], ask: Question) -> bool:
    """Step 9.4."""
    block = policies.get("s3_public_access_block") or {}
    document = policies.get("resource")
    if not ask.action.startswith("s3:") or not block.get("RestrictPublicBuckets") or document is None:
        return False
    if ask.same_account or ask.who.kind == "service":
        return False
    return is_public(document, like("arn:*:s3:*:*:accesspoint/*", ask.resource))


# --- steps 8 to 11 -----------------------------------------------------------------------------------------------


def spared(match: Match, ask: Question) -> bool:
    """Step 8: the Deny of a bucket's policy that does not hit the owner account's root user."""
    rescue = ask.action in BUCKET_RESCUE and ask.who.kind == "root" and ask.same_account
    return rescue and match.layer == "resource" and match.decider.effect == "Deny"


def needs_resource_policy(ask: Question) -> bool:
    """Step 10.5: whether the service asks for the resource's policy."""
    if ask.action in TRUST_ACTIONS:
        return like("arn:*:iam::*:role/*", ask.resource)
    return ask.action.startswith("kms:") and like("arn:*:kms:*:*:key/*", ask.resource)


def silent_gates(
    policies: dict[str, Any], ask: Question, found: list[Match], rcp: frozenset[str]
) -> set[str]:
    """Step 9: the layers that do not let the request pass."""
    allows = [match for match in found if match.decider.effect == "Allow"]
    blocked = set()
    if applies("scps", policies, ask, rcp):
        for level in range(len(policies["scps"])):
            if not any(match.layer == "scp" and match.level == level for match in allows):
                blocked.add("scp")
    if applies("endpoint", policies, ask, rcp) and not any(match.layer == "endpoint" for match in allows):
        blocked.add("endpoint")
    if s3_blocks(policies, ask):
        blocked.add("s3_public_access_block")
    return blocked


def grantors(policies: dict[str, Any], ask: Question, found: list[Match]) -> set[str]:
    """Step 10: the layers for whose silence nobody grants; empty if somebody does."""
    allows = [match for match in found if match.decider.effect == "Allow"]
    ways = {match.how for match in allows if match.layer == "resource"}
    direct, role = "direct" in ways, "role" in ways
    silent = set()
    for layer in ("identity", "boundary", "session"):
        there = layer == "identity" or policies.get(layer) is not None
        if there and not any(match.layer == layer for match in allows):
            silent.add(layer)
    if not ask.who.has_policies:
        granted = direct or (ask.who.kind == "root" and ask.same_account and not needs_resource_policy(ask))
        return set() if granted else {"resource"}
    if not ask.same_account:
        return silent | (set() if ways else {"resource"})
    if needs_resource_policy(ask):
        if direct or (role and not silent - {"identity"}) or ("account" in ways and not silent):
            return set()
        if not ways:
            silent.add("resource")
        return silent - {"identity"} if role else silent
    if direct or (role and not silent - {"identity"}) or not silent:
        return set()
    return silent - {"identity"} if role else silent


def decide(
    request: dict[str, Any],
    policies: dict[str, Any],
    completion: dict[str, Any] | None = None,
    rcp_services: frozenset[str] = RCP_SERVICES,
) -> Answer:
    """The answer to a complete request.

    Args:
        request: ``principal``, ``action``, ``resource``, ``resource_account``, ``context``.
        policies: ``identity``, ``boundary``, ``session``, ``scps``, ``rcps``, ``resource``, ``endpoint``,
            ``s3_public_access_block``.
        completion: keys and values (an empty list: absent) that complete the context.
        rcp_services: the services that support resource control policies.
    """
    who = caller(request["principal"])
    action = request["action"].lower()
    if action == "sts:getcalleridentity" and who.is_signed:
        return Answer("Allowed", (), ())
    if never_allowed(action, request["resource"]):
        return Answer("ImplicitlyDenied", ("identity",), ())
    ask = Question(
        who=who,
        action=action,
        resource=asked_resource(action, request["resource"]),
        account=resource_account(request, who),
        context=context_of(request, who, completion or {}),
        bounded=who.has_policies and policies.get("boundary") is not None,
    )
    found = [match for match in matches(policies, ask, rcp_services) if not spared(match, ask)]
    denies = [match for match in found if match.decider.effect == "Deny"]
    blocked = silent_gates(policies, ask, found, rcp_services) | grantors(policies, ask, found)
    blocked |= {match.layer for match in denies}
    in_order = tuple(layer for layer in LAYERS if layer in blocked)
    if denies:
        return Answer("ExplicitlyDenied", in_order, tuple(match.decider for match in denies))
    if blocked:
        return Answer("ImplicitlyDenied", in_order, ())
    return Answer("Allowed", (), tuple(match.decider for match in found))
