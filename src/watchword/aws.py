"""The only place that builds AWS clients, and the only door to AWS.

One client a service and region serves all accounts: the credentials are swapped for each call, so that clients (memory,
time) do not grow with the organisation.  Every operation must be declared as a read; any other is refused before it
is sent (``ReadGuardError``).  Throttling and retries are the caller's (``collect.live``): here each call is one attempt.

Botocore is used directly; see docs/adr/0003-botocore-rather-than-boto3.md.  It is imported when the first client is built.
AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL are honoured where the settings leave them open.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchword.clock import now
from watchword.errors import CredentialsError, ReadGuardError, UsageError
from watchword.model.ids import ORGANIZATION, AccountId, Region
from watchword.model.resource import instant

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials as Frozen

DEFAULT_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that AWS Organizations makes in accounts that it creates.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html"""

REFRESH_BEFORE: Final = timedelta(minutes=5)
"""Credentials of a role are renewed this long before they expire."""

HOME_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the global services of a partition are called.
https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints"""

REFUSALS: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "RegionDisabledException"}
)
"""Errors of sts:AssumeRole that another attempt will not change; it is not made."""

CREDENTIAL_OPERATIONS: Final = frozenset(
    {
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "GetCallerIdentity"),
        ("sso", "GetRoleCredentials"),
        ("sso-oidc", "CreateToken"),
        ("signin", "CreateOAuth2Token"),
    }
)
"""What botocore itself may call to get credentials for the user's profile, beside what we call."""

AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
"""Domains in which AWS's own endpoints lie (botocore/data/endpoints.json)."""

Operation = tuple[str, str]
"""A botocore service name and an operation: ``("ec2", "DescribeInstances")``."""


class AnswerMalformed(Exception):
    """An answer has another form than AWS documents; a proxy's page, or something cut short."""


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How AWS is reached.

    ``role``: the role assumed in every other account: its name, or an ARN with ``{account}`` (and ``{partition}``).
    ``role_arn``: a role that watchword itself assumes first, before any other; ``""``: none.
    ``external_id``: given when roles are assumed.   ``endpoint_url``: all services are called there (the lab).
    ``threads``: connections that a client keeps open.   Timeouts are seconds for one attempt.
    """

    profile: str = ""
    region: str = ""
    role: str = DEFAULT_ROLE
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""
    threads: int = 16
    connect_timeout: float = 5.0
    read_timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who watchword is to AWS: account, ARN of the credentials (``""``: nobody asks), partition (``aws-cn``, …)."""

    account: AccountId
    arn: str = ""
    partition: str = "aws"


@dataclass(slots=True)
class _Assumed:
    """The role of one account: its credentials and the lock under which they are renewed."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    frozen: Frozen | None = None
    expires: datetime | None = None
    failure: Exception | None = None


_current: ContextVar[Frozen | None] = ContextVar("credentials of the call at hand", default=None)


class Aws:
    """Calls AWS operations in any account and region with the account's own credentials; safe for threads.

    ``allowed`` are the operations that may be called; ``seen`` is told of every one that is sent (for tests of policies).
    """

    def __init__(
        self,
        settings: AwsSettings,
        allowed: frozenset[Operation],
        seen: Callable[[Operation], None] | None = None,
    ) -> None:
        self.settings = settings
        self._allowed = allowed | CREDENTIAL_OPERATIONS
        self._seen = seen
        self._lock = threading.RLock()
        # One thread builds all clients: the garbage of parsing AWS's models then stays in one arena of the allocator
        # (22 MB less than if sixteen threads built them), and no two threads parse the same model.
        self._builder = ThreadPoolExecutor(1, "watchword-clients")
        self._clients: dict[tuple[str, str], Future[Any]] = {}
        self._assumed: dict[str, _Assumed] = {}
        self._session: Any = None
        self._caller: Caller | None = None

    def whoami(self) -> Caller:
        """The caller's identity; asked once.

        Raises:
            CredentialsError: there are no credentials, or AWS does not accept them.
        """
        if self._caller is None:
            self._caller = self._ask_identity()
        return self._caller

    @property
    def endpoint_url(self) -> str:
        """The endpoint that stands in for AWS's own: of the settings or AWS_ENDPOINT_URL; ``""`` where none does."""
        return self.settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")

    def call(
        self, account: AccountId, where: Region, service: str, operation: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The parsed answer of one attempt, with ``ResponseMetadata``.

        ``account`` ``organization`` and the caller's own account use the caller's credentials; others their role's.

        Raises:
            botocore's errors, as they are, AnswerMalformed and ReadGuardError.
        """
        with self._acting_in(account):
            client = self.client(service, where)
            method = getattr(client, _method_name(operation))
            return _answered(method, params)

    def client(self, service: str, where: Region) -> Any:  # noqa: ANN401
        """The shared client of a service in a region (``global``: the partition's home region)."""
        key = (service, self._region_code(where))
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._builder.submit(self._build, *key)
            building = self._clients[key]
        return building.result()

    def ensure_assumed(self, account: AccountId) -> None:
        """Assume the account's role now, so that a failure is known before any call.

        Raises:
            botocore's errors, as they are.
        """
        self._credentials_of(account)

    def _region_code(self, where: Region) -> str:
        if where != "global":
            return where
        partition = self._caller.partition if self._caller else "aws"
        return HOME_REGIONS.get(partition) or self.home_region()

    def home_region(self) -> str:
        """The region of the settings, of AWS_REGION, of the profile, or else the partition's home region."""
        session = self._ready()
        chosen = self.settings.region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        return str(chosen or HOME_REGIONS["aws"])

    def _ready(self) -> Any:  # noqa: ANN401
        with self._lock:
            if self._session is None:
                self._session = _new_session(self.settings, self._guard)
            return self._session

    def _guard(self, model: Any, **_: object) -> None:  # noqa: ANN401
        """Stop an operation that is not declared, before anything is sent."""
        called = (str(model.service_model.service_name), str(model.name))
        if called not in self._allowed:
            raise ReadGuardError(
                f"{called[0]}:{called[1]} is not declared as a read and was not sent",
                remedy="declare it in a module of watchword/collect/aws, if it only reads",
            )
        if self._seen is not None:
            self._seen(called)

    def _build(self, service: str, code: str) -> Any:  # noqa: ANN401
        session = self._ready()
        try:
            made = session.create_client(
                service,
                region_name=code,
                endpoint_url=self.settings.endpoint_url or None,
                config=_client_config(self.settings),
            )
        except ValueError as error:
            raise UsageError(
                f"{service} cannot be called: {error}",
                where="--endpoint-url, --region, watchword.toml or the environment",
                remedy="an endpoint is like http://127.0.0.1:5000, a region like eu-west-1",
            ) from error
        made._request_signer._credentials = _swapping()
        host = urlsplit(made.meta.endpoint_url).netloc
        made.meta.events.register("before-parse", _refuse_strange)
        if not _domain_of(host):
            made.meta.events.register("before-sign", _at_one_host(host))
        made.meta.events.register("before-send", _stay_at(host))
        return made

    @contextmanager
    def _acting_in(self, account: AccountId) -> Iterator[None]:
        token = _current.set(self._credentials_of(account))
        try:
            yield
        finally:
            _current.reset(token)

    def _credentials_of(self, account: AccountId) -> Frozen:
        if account == ORGANIZATION or (self._caller is not None and account == self._caller.account):
            return self._own()
        return self._role_of(str(account), self._role_arn(account), self._own)

    def _role_arn(self, account: AccountId) -> str:
        partition = self.whoami().partition
        template = self.settings.role
        if not template.startswith("arn:"):
            template = "arn:{partition}:iam::{account}:role/" + template
        return template.replace("{account}", account).replace("{partition}", partition)

    def _own(self) -> Frozen:
        """The caller's credentials: the profile's, or those of the role that is assumed first."""
        if self.settings.role_arn:
            return self._role_of("", self.settings.role_arn, self._of_profile)
        return self._of_profile()

    def _of_profile(self) -> Frozen:
        with self._lock:
            found = self._ready().get_credentials()
        if found is None:
            raise CredentialsError(
                "no AWS credentials were found",
                where=f"profile {self.settings.profile or os.environ.get('AWS_PROFILE') or 'default'}",
                remedy="run `aws configure sso` or `aws configure`, or set AWS_PROFILE; without an account: watchword lab up",
            )
        frozen: Frozen = found.get_frozen_credentials()
        return frozen

    def _role_of(self, key: str, arn: str, base: Callable[[], Frozen]) -> Frozen:
        with self._lock:
            held = self._assumed.setdefault(key, _Assumed())
        with held.lock:
            if held.failure is not None:
                raise held.failure
            if held.frozen is None or (held.expires is not None and now() >= held.expires - REFRESH_BEFORE):
                self._assume(held, arn, base())
            return _present(held)

    def _assume(self, held: _Assumed, arn: str, base: Frozen) -> None:
        from botocore.credentials import ReadOnlyCredentials
        from botocore.exceptions import ClientError

        params = {"RoleArn": arn, "RoleSessionName": "watchword"}
        if self.settings.external_id:
            params["ExternalId"] = self.settings.external_id
        token = _current.set(base)
        try:
            given = self.client("sts", Region(self.home_region())).assume_role(**params)["Credentials"]
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                held.failure = error
            raise
        finally:
            _current.reset(token)
        held.frozen = ReadOnlyCredentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], None
        )
        held.expires = instant(given["Expiration"])

    def _ask_identity(self) -> Caller:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            token = _current.set(self._own())
            try:
                found = self.client("sts", Region(self.home_region())).get_caller_identity()
            finally:
                _current.reset(token)
        except (BotoCoreError, ClientError, ResponseParserError, AnswerMalformed, LookupError) as error:
            # An answer that cannot be parsed is not shown: it may hold credentials.
            shown = isinstance(error, BotoCoreError | ClientError | AnswerMalformed)
            said = error if shown else "the answer could not be read"
            raise CredentialsError(
                f"AWS did not say who you are: {said}",
                where=self.settings.endpoint_url or f"region {self.home_region()}",
                remedy="check the profile, the region and the clock; `aws sts get-caller-identity` must work",
            ) from error
        return Caller(AccountId(found["Account"]), found["Arn"], found["Arn"].split(":")[1])


def _answered(method: Callable[..., Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Call; where botocore trips over an answer of another form than the model's, say so."""
    from botocore.exceptions import BotoCoreError

    try:
        answer: dict[str, Any] = method(**params)
    except BotoCoreError:
        raise
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        said = f"the answer has another form than documented: {type(error).__name__}: {error}"
        raise AnswerMalformed(said) from error
    return answer


def _present(held: _Assumed) -> Frozen:
    if held.frozen is None:
        raise CredentialsError("the role's credentials are not there", remedy="report this, please")
    return held.frozen


@cache
def _method_name(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))


def _new_session(settings: AwsSettings, guard: Callable[..., None]) -> Any:  # noqa: ANN401
    """A botocore session that leaves times as text (three times as fast) and asks the guard before each call."""
    import botocore.session
    from botocore.exceptions import ProfileNotFound

    session = botocore.session.Session(profile=settings.profile or None)
    try:
        session.get_scoped_config()
    except ProfileNotFound as error:
        raise CredentialsError(
            f"{error}", remedy="name a profile of ~/.aws/config with --profile or AWS_PROFILE"
        ) from error
    session.register_component("data_loader", _loader())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_as_it_stands)
    session.get_component("event_emitter").register_first("before-call", guard)
    return session


def _as_it_stands(value: object) -> object:
    return value


def _client_config(settings: AwsSettings) -> Any:  # noqa: ANN401
    from botocore.config import Config

    elsewhere = bool(settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
    return Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=max(settings.threads, 1),
        account_id_endpoint_mode="disabled",
        parameter_validation=True,
        # Another endpoint is one host: neither buckets nor accounts become parts of its name.
        s3={"addressing_style": "path"} if elsewhere else None,
        inject_host_prefix=False if elsewhere else None,
        user_agent_extra="watchword",
    )


def _domain_of(host: str) -> str | None:
    """The domain of AWS in which a host lies, ``None`` for any other host."""
    return next((one for one in AWS_DOMAINS if host.endswith(one)), None)


def _at_one_host(host: str) -> Callable[..., None]:
    """Take the account out of the host's name again, which S3 Control puts there even before an IP address."""

    def put_back(request: Any, **_: object) -> None:  # noqa: ANN401
        parts = urlsplit(request.url)
        if parts.netloc.endswith(f".{host}"):
            request.url = parts._replace(netloc=host).geturl()

    return put_back


def _stay_at(host: str) -> Callable[..., None]:
    """A guard of where requests go: the client's own host, or a host of the same domain of AWS."""
    domain = _domain_of(host)

    def check(request: Any, **_: object) -> None:  # noqa: ANN401
        target = urlsplit(request.url).netloc
        if target != host and not (domain and target.endswith(domain)):
            raise ReadGuardError(f"a request for {host} would have gone to {target} and was not sent")

    return check


def _refuse_strange(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401
    """Refuse a good answer in another form than the protocol's; botocore would read it as an empty one.

    A proxy's HTML page with status 200 must never look like "there is nothing".
    """
    body, output = response_dict["body"], operation_model.output_shape
    _refuse_short(operation_model, response_dict)
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes) or output is None:
        return
    if "payload" in output.serialization or all(
        "location" in one.serialization for one in output.members.values()
    ):
        return
    ends = body.strip()[:1] + body.strip()[-1:]
    spoken = operation_model.service_model.resolved_protocol
    html = body.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
    if html or ("json" in spoken and ends != b"{}"):
        kind = response_dict["headers"].get("content-type", "no type")
        said = f"{len(body)} bytes of {kind}" if body else "nothing"
        raise AnswerMalformed(f"{operation_model.name} was answered with {said} instead of {spoken}")


def _refuse_short(operation_model: Any, response_dict: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Refuse an answer that ends before its announced length, which the HTTP library lets pass."""
    body, headers = response_dict["body"], response_dict["headers"]
    announced = str(headers.get("content-length", ""))
    packed = headers.get("content-encoding") or operation_model.http.get("method") == "HEAD"
    if isinstance(body, bytes) and announced.isdigit() and not packed and len(body) < int(announced):
        said = f"{len(body)} of {announced} bytes came"
        raise ConnectionAbortedError(f"the answer to {operation_model.name} was cut short: {said}")


@cache
def _swapping() -> Any:  # noqa: ANN401
    """Credentials that are, at each call, those of the account that the calling thread acts in."""
    from botocore.credentials import Credentials

    class Swapping(Credentials):
        def get_frozen_credentials(self) -> Frozen:
            found = _current.get()
            if found is None:
                raise CredentialsError("a call was made outside of any account")
            return found

    return Swapping("swapped", "swapped")


def service_model(service: str) -> Any:  # noqa: ANN401
    """Botocore's model of a service: operations, shapes, paginators (``pagination`` as a second value)."""
    return _models(service)[0]


def pagination(service: str) -> Mapping[str, Any]:
    """How the operations of a service page, as botocore knows it, by operation."""
    found: Mapping[str, Any] = _models(service)[1]
    return found


class _PlainFiles:
    """Reads botocore's data files, plain or compressed (what ``Loader`` expects of a ``file_loader``)."""

    def exists(self, file_path: str) -> bool:
        """Whether there is such a file; the path is without ``.json``."""
        return any(Path(file_path + ending).is_file() for ending in (".json", ".json.gz"))

    def load_file(self, file_path: str) -> Any:  # noqa: ANN401
        """What stands in the file; ``None`` where there is none."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return json.loads(plain.read_bytes())
        return json.loads(gzip.decompress(packed.read_bytes())) if packed.is_file() else None


@cache
def _loader() -> Any:  # noqa: ANN401
    """The one loader of botocore's data files; each file is kept in memory once, as plain dictionaries.

    Botocore itself makes ordered ones, which take more than twice the memory (EC2's model: 23 MB instead of 10).
    """
    from botocore.loaders import Loader

    # Loader asks its file_loader for two methods and no more; the type that its stubs demand is its own class.
    files: Any = _PlainFiles()
    return Loader(file_loader=files)


@cache
def _models(service: str) -> tuple[Any, Mapping[str, Any]]:
    from botocore.exceptions import UnknownServiceError
    from botocore.model import ServiceModel

    loader = _loader()
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    try:
        pages = loader.load_service_model(service, "paginators-1")["pagination"]
    except UnknownServiceError:
        pages = {}
    return model, pages
