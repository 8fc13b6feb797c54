"""A stand-in for AWS on the loopback interface: answers as scripted, and can throttle, hang, reset or babble.

It speaks the two protocols that the tests need (JSON with X-Amz-Target; query with XML answers) and tells accounts
apart as AWS does, by whose credentials a request is signed with.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

MANAGEMENT = "111111111111"
PROD = "222222222222"
HOME = "eu-west-1"

_SIGNED = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: whose account, where, what, with which parameters, and how often the same was asked before."""

    account: str
    region: str
    service: str
    operation: str
    params: Mapping[str, Any]
    before: int


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: status, body, content type, seconds to wait first; ``reset`` cuts the connection instead,
    ``short`` cuts it before the end of the body."""

    body: str = "{}"
    status: int = 200
    kind: str = "application/x-amz-json-1.1"
    delay: float = 0.0
    reset: bool = False
    short: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[Asked], Said]


def says(answer: Mapping[str, Any]) -> Said:
    """A good answer in JSON."""
    return Said(json.dumps(answer))


def fails(code: str, status: int = 400, message: str = "no") -> Said:
    """An error in JSON."""
    return Said(json.dumps({"__type": code, "message": message}), status)


HTML = "<!DOCTYPE html><html><body>Sign in to the guest network</body></html>"


class _Server(ThreadingHTTPServer):
    # Sixteen threads connect at once; those beyond the queue would be sent away.
    request_queue_size = 128
    daemon_threads = True


class StubAws:
    """The server; ``scripts`` maps (service, operation) to what is answered, ``asked`` is everything that was asked."""

    def __init__(self) -> None:
        self.scripts: dict[tuple[str, str], Script] = dict(_ORGANIZATION)
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def on(self, service: str, operation: str, script: Script | Said) -> None:
        """Answer an operation by ``script``, or always with the same."""
        self.scripts[service, operation] = script if callable(script) else (lambda _: script)

    def answer(
        self, account: str, region: str, service: str, operation: str, params: Mapping[str, Any]
    ) -> Said:
        with self._lock:
            before = sum(
                (one.account, one.region, one.service, one.operation, one.params)
                == (account, region, service, operation, params)
                for one in self.asked
            )
            asked = Asked(account, region, service, operation, params, before)
            self.asked.append(asked)
        script = self.scripts.get((service, operation))
        return script(asked) if script else fails("NotImplemented", 501)

    def counts(self) -> Counter[str]:
        """How often each operation was asked for."""
        return Counter(one.operation for one in self.asked)


@contextmanager
def stub_aws() -> Iterator[StubAws]:
    stub = StubAws()
    try:
        yield stub
    finally:
        stub.stop()


def account_of(key: str) -> str:
    return key[4:] if key.startswith("ASIA") else MANAGEMENT


def _xml(operation: str, inner: str) -> Said:
    result = f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"
    return Said(result, kind="text/xml")


def xml_error(code: str, status: int) -> Said:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    return Said(body, status, "text/xml")


def identity(asked: Asked) -> Said:
    arn = f"arn:aws:iam::{asked.account}:user/auditor"
    return _xml("GetCallerIdentity", f"<Account>{asked.account}</Account><Arn>{arn}</Arn><UserId>x</UserId>")


def assume_role(asked: Asked) -> Said:
    account = str(asked.params["RoleArn"]).split(":")[4]
    keys = f"<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    times = "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
    return _xml("AssumeRole", f"<Credentials>{keys}{times}</Credentials>")


def regions(enabled: tuple[str, ...] = (HOME,), disabled: tuple[str, ...] = ("ap-east-1",)) -> Said:
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>"
        for names, status in ((enabled, "opt-in-not-required"), (disabled, "not-opted-in"))
        for name in names
    )
    return Said(
        f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>",
        kind="text/xml",
    )


def accounts(*found: tuple[str, str]) -> Said:
    listed = [{"Id": one, "Name": name, "Email": "x@abc.example", "Status": "ACTIVE"} for one, name in found]
    return says({"Accounts": listed})


_ORGANIZATION: dict[tuple[str, str], Script] = {
    ("sts", "GetCallerIdentity"): identity,
    ("sts", "AssumeRole"): assume_role,
    ("ec2", "DescribeRegions"): lambda _: regions(),
    ("organizations", "DescribeOrganization"): lambda _: says(
        {"Organization": {"MasterAccountId": MANAGEMENT}}
    ),
    ("organizations", "ListAccounts"): lambda _: accounts((MANAGEMENT, "management"), (PROD, "prod")),
    ("organizations", "ListRoots"): lambda _: says({"Roots": [{"Id": "r-1", "Name": "Root"}]}),
    ("organizations", "ListAccountsForParent"): lambda asked: says(
        {"Accounts": [{"Id": MANAGEMENT if asked.params["ParentId"] == "r-1" else PROD}]}
    ),
    ("organizations", "ListOrganizationalUnitsForParent"): lambda asked: says(
        {
            "OrganizationalUnits": [{"Id": "ou-1", "Name": "Workloads"}]
            if asked.params["ParentId"] == "r-1"
            else []
        }
    ),
}


def _handler(stub: StubAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            signed = _SIGNED.search(self.headers.get("Authorization", ""))
            key, region, service = signed.groups() if signed else ("", "", "")
            target = self.headers.get("X-Amz-Target", "")
            if target:
                operation, params = target.rpartition(".")[2], json.loads(body or "{}")
            else:
                params = {name: values[0] for name, values in parse_qs(body).items()}
                operation = str(params.get("Action", ""))
            self._send(stub.answer(account_of(key), region, service, operation, params))

        def _send(self, said: Said) -> None:
            if said.delay:
                time.sleep(said.delay)
            if said.reset:
                # A linger of zero seconds makes the system send a reset instead of an orderly end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            content = said.body.encode()
            try:
                self.send_response(said.status)
                self.send_header("Content-Type", said.kind)
                self.send_header("Content-Length", str(len(content) + (10 if said.short else 0)))
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = self.close_connection or said.short
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            return

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                return

    return Handler
