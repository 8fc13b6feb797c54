"""The only way in which identity providers are asked over HTTP: to checked addresses, with limits, and never led elsewhere.

In steps, each of which can only refuse (`Outbound.send`):

1. The address is ``https``, without user, password or fragment.  ``http`` is for loopback, where ``allow_plain`` is set.
2. The host is resolved once.  Every address that it has must be one of the public internet; private and loopback addresses are
   taken only of hosts that ``allow_private`` names, and those of link-local services, where clouds hand out
   credentials, never.
3. The connection goes to an address that was checked in step 2, not to the name: what the name means a moment later does
   not matter.  TLS proves the name all the same.
4. Redirections are not followed, compressed answers are not taken, and connections are not shared between hosts.
5. The answer is read as it comes, up to a size and a time for the whole of it.
6. The answer is of the kind that was asked for.

Proxies of the environment are not used: step 2 would judge the proxy's name only.  What resolving a name takes is the system's
own limit.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchword.errors import DirectoryError, DirectoryLying, DirectoryUnreachable, DirectoryUntrusted

if TYPE_CHECKING:
    import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Addresses of a host, as text; raises OSError where it has none."""

MOST_BYTES: Final = 1024 * 1024
"""Bytes of an answer."""

MOST_ADDRESSES: Final = 4
"""Addresses of a host that are tried, one after another."""

LONGEST_URL: Final = 4096
"""Characters of an address."""

PORTS: Final = {"https": 443, "http": 80}

JSON: Final = "application/json"
XML: Final = ("application/samlmetadata+xml", "application/xml", "text/xml")

TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv4 addresses as networks of IPv6 only write them (RFC 6052 section 2.1)."""

NEVER: Final = tuple(
    ip_network(one)
    for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32")
)
"""Link-local networks and the addresses at which clouds tell credentials to whoever asks."""


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """Where the client may go and for how long.

    ``allow_private``: names of hosts whose addresses may be private or loopback; ``ca_file``: authorities (PEM) in the place of
    the system's.  Seconds: ``connect_timeout`` for reaching a host with TLS, ``timeout`` for the whole answer.

    Raises:
        ValueError: a setting cannot be; the text names it.
    """

    allow_plain: bool = False
    allow_private: tuple[str, ...] = ()
    ca_file: str = ""
    connect_timeout: float = 5.0
    timeout: float = 15.0
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        """Check every setting."""
        object.__setattr__(self, "allow_private", tuple(host.lower() for host in self.allow_private))
        for host in self.allow_private:
            if not host or any(character in host for character in "/*@ "):
                raise ValueError("allow_private: names of hosts are expected, such as id.abc.example")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ValueError(f"ca_file: there is no file {self.ca_file}")
        if not (0 < self.connect_timeout <= 60 and 0 < self.timeout <= 300):
            raise ValueError("timeout: a number of seconds from 0 to 300 is expected")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host has answered: status, kind (without parameters, lower case), and the whole body."""

    url: str
    status: int
    kind: str
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        """The body as JSON.

        Raises:
            DirectoryLying: it is none, or nested too deeply.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise DirectoryLying("the answer is not JSON", where=self.url) from None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            DirectoryLying: it is none.
        """
        found = self.json()
        if not isinstance(found, dict):
            raise DirectoryLying("the answer is not a JSON object", where=self.url)
        return found


class Outbound:
    """Asks hosts over HTTP, one connection for each question.  Safe for threads."""

    def __init__(self, settings: OutboundSettings | None = None, *, resolve: Resolve | None = None) -> None:
        self.settings = settings or OutboundSettings()
        self._resolve = resolve or addresses_of
        self._context: ssl.SSLContext | None = None

    def check(self, url: str) -> str:
        """The address, if step 1 lets it pass; nothing is sent.

        Raises:
            DirectoryUntrusted: it may not be asked.
        """
        return _parts(url, plain=self.settings.allow_plain).url

    def get(self, url: str, *, accept: Sequence[str] = (JSON,), bearer: str = "") -> Answer:
        """Ask with GET; ``bearer`` is a token that goes along (RFC 6750 section 2.1).

        Raises:
            DirectoryError: see `send`.
        """
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return self.send("GET", url, accept=accept, headers=headers)

    def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form with POST and take JSON.

        Raises:
            DirectoryError: see `send`.
        """
        return self.send("POST", url, accept=(JSON,), headers=headers or {}, form=form)

    def send(
        self,
        method: str,
        url: str,
        *,
        accept: Sequence[str],
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, by the steps of the module.  Statuses of failure (4xx, 5xx) are answers as well.

        Raises:
            DirectoryUnreachable: there is no answer in time.
            DirectoryUntrusted: the address may not be asked, its certificate is wrong, or it leads elsewhere.
            DirectoryLying: the answer is too large or of another kind.
        """
        where = _parts(url, plain=self.settings.allow_plain)  # 1
        question = _Question(method, where, tuple(accept), headers, form)
        failure: DirectoryError | None = None
        for address in self._checked(where):  # 2
            try:
                return self._ask(question, address)  # 3
            except _NotConnected as error:
                failure = DirectoryUnreachable(
                    "the host cannot be reached", where=url, remedy=f"is it open from here? {error}"
                )
        raise failure or DirectoryUnreachable("the host has no address", where=url)

    def _checked(self, where: _Place) -> list[Address]:
        """Step 2: the addresses of the host, all of which may be asked."""
        try:
            found = [ip_address(one.partition("%")[0]) for one in self._resolve(where.host, where.port)]
        except (OSError, ValueError):
            raise DirectoryUnreachable(
                "the host's name has no address",
                where=where.url,
                remedy="correct the name, or the resolver of this machine",
            ) from None
        private = where.host in self.settings.allow_private
        for address in found:
            why = refusal(address, private=private, plain=where.scheme == "http")
            if why:
                raise DirectoryUntrusted(
                    f"{where.host} is at {address}, {why}",
                    where=where.url,
                    remedy="if a private address is meant, name the host in allow_private",
                )
        return list(dict.fromkeys(found))[:MOST_ADDRESSES]

    def _ask(self, question: _Question, address: Address) -> Answer:
        """Steps 3 to 6 with one address."""
        import httpx

        place = question.place
        target = httpx.URL(place.url).copy_with(scheme=place.scheme, host=str(address), port=place.port)
        watch = _Watch(self.settings.timeout)
        limits = httpx.Timeout(self.settings.timeout, connect=self.settings.connect_timeout)
        with (
            _told(place.url, watch),
            httpx.Client(
                verify=self._tls(place.scheme), trust_env=False, follow_redirects=False, timeout=limits
            ) as client,  # 4
            watch,
            client.stream(
                question.method,
                target,
                headers=question.sent(),
                data=question.form,
                extensions={"sni_hostname": place.host, "trace": watch.trace},  # 3
            ) as response,
        ):
            return self._taken(place.url, response, question.accept)

    def _taken(self, url: str, response: httpx.Response, accept: Sequence[str]) -> Answer:
        """Steps 4 to 6: the answer, read up to the limit."""
        if 300 <= response.status_code < 400:
            raise DirectoryUntrusted("the host leads elsewhere, which is not followed", where=url)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise DirectoryLying("the answer is compressed, which was not asked for", where=url)
        body = bytearray()
        for piece in response.iter_raw():  # 5
            body += piece
            if len(body) > self.settings.most_bytes:
                raise DirectoryLying(f"the answer has more than {self.settings.most_bytes} bytes", where=url)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code < 300 and kind not in accept:  # 6
            raise DirectoryLying(f"the answer is not {' or '.join(accept)}", where=url)
        return Answer(url, response.status_code, kind, bytes(body))

    def _tls(self, scheme: str) -> ssl.SSLContext:
        if scheme == "http":
            # Never used; should it be, it trusts nobody.
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._context is None:
            try:
                self._context = ssl.create_default_context(cafile=self.settings.ca_file or None)
            except (ssl.SSLError, OSError):
                raise DirectoryUntrusted(
                    "the authorities cannot be read",
                    where=self.settings.ca_file,
                    remedy="ca_file: PEM is expected",
                ) from None
        return self._context


def refusal(address: Address, *, private: bool, plain: bool = False) -> str:
    """Why an address may not be asked; empty where it may.

    ``private``: private and loopback addresses are meant; ``plain``: without TLS, which only loopback may be asked.
    Registries: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address.teredo is not None:
            return "an IPv4 address in the clothes of IPv6"
        inner = IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else address.sixtofour
        if inner is not None:
            return refusal(inner, private=private, plain=plain)
    if any(address in network for network in NEVER if network.version == address.version):
        return "where clouds hand out credentials"
    if address.is_multicast or address.is_unspecified:
        return "which is no host's"
    if plain:
        return "" if address.is_loopback else "which may not be asked without TLS"
    if address.is_loopback:
        return "" if private else "which is this machine"
    if not address.is_global:
        return "" if private and not address.is_reserved else "which is not of the public internet"
    return ""


def addresses_of(host: str, port: int) -> list[str]:
    """Addresses of a host by the system's resolver, in its order.

    Raises:
        OSError: it has none.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_loopback(host: str) -> bool:
    """Whether a host's name can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class _Place:
    """An address that step 1 has let pass; ``host`` is in lower case and without brackets."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as they stand in the header Host (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def _parts(url: str, *, plain: bool) -> _Place:
    """Step 1: an address that may be asked, in its parts."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise DirectoryUntrusted("this is no address of a host") from None
    readable = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}')
    if not readable or len(url) > LONGEST_URL or not host or port == 0:
        raise DirectoryUntrusted("this is no address of a host")
    if "@" in parts.netloc or "#" in url:
        raise DirectoryUntrusted(f"the address of {host} holds a user, a password or a fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and plain and is_loopback(host)):
        return _Place(url, parts.scheme, host, port or PORTS[parts.scheme])
    raise DirectoryUntrusted(f"only https is spoken with {host}")


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked where."""

    method: str
    place: _Place
    accept: tuple[str, ...]
    headers: Mapping[str, str]
    form: Mapping[str, str] | None

    def sent(self) -> dict[str, str]:
        """The headers; those that are ours cannot be replaced."""
        ours = {
            "accept": ", ".join(self.accept),
            "accept-encoding": "identity",
            "host": self.place.authority,
            "user-agent": "watchword",
        }
        return {**self.headers, **ours}


class _NotConnected(Exception):
    """This address does not answer; another may."""


class _Watch:
    """Ends a connection when its time is over, however slowly bytes come in (step 5)."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.over = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the HTTP client when something has happened; a connection is kept in sight from its beginning."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")
            if self.over:
                self._end()

    def _end(self) -> None:
        self.over = True
        if self._socket is not None:
            try:
                # The reading thread wakes up with an end of the stream; it closes the socket itself.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


@contextmanager
def _told(url: str, watch: _Watch) -> Iterator[None]:
    """Errors of the HTTP client as ours.  None of their words are repeated: they may hold what was sent."""
    import httpx

    slow = DirectoryUnreachable("the host does not answer in time", where=url)
    try:
        yield
    except httpx.ConnectError as error:
        why = _certificate(error)
        if why:
            raise DirectoryUntrusted(
                f"the host's certificate is not accepted: {why}",
                where=url,
                remedy="give the right authority in ca_file, or correct the certificate",
            ) from None
        raise _NotConnected("its port may be closed") from None
    except httpx.ConnectTimeout:
        raise _NotConnected("it did not answer in time") from None
    except httpx.TimeoutException:
        raise slow from None
    except (httpx.HTTPError, httpx.InvalidURL):
        if watch.over:
            raise slow from None
        raise DirectoryUnreachable("the host breaks off, or does not speak HTTP", where=url) from None
    except ssl.SSLError:
        raise DirectoryUnreachable("the host breaks off its TLS", where=url) from None


def _certificate(error: BaseException) -> str:
    """What is wrong with the certificate, where that is what an error was about."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return seen.verify_message
        if isinstance(seen, ssl.SSLError):
            return "TLS cannot be agreed upon"
        seen = seen.__cause__ or seen.__context__
    return ""
