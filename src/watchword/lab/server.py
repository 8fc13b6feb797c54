"""The emulated AWS that Company ABC lives in: moto with our backends behind a loopback port.

What it does: starts the emulator in this process (`Lab.in_process`) or in one of its own (`start_detached`), seeds
the estate, and tells of (`status`) and ends (`stop`) the one that it started. What it does not do: it never listens
beyond 127.0.0.1, never reads real AWS credentials when detached, and checks no signature; permissions only where it is
asked to enforce (`gate`).

Credentials: any, while nothing is enforced. The account is the one of the assumed role, or of a key made by iam:CreateAccessKey; unknown keys
belong to the management account "111111111111", and a key id of twelve digits to the account of that number
(see `gateway`). Moto keeps its state per process, so a process holds one lab at a time.

Errors:
    LabError                the lab cannot do as asked; `diagnosis()` says why and what to do
    ├── AlreadyRunning      a lab of this state directory answers already
    ├── StartFailed         the server died, or was not ready in time; the end of its log is in the message
    └── NotOurs             the recorded process does not prove to be our server, so it is not touched
"""

import argparse
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from watchword.errors import WatchwordError
from watchword.lab.gateway import IDENTITY_PATH, Gateway

# What the estate can look like: as found, or after the work of watchword.
STATES: Final = ("before", "after")

# The only address that the lab listens on.
LOOPBACK: Final = "127.0.0.1"

# Seconds that a detached lab may take to seed itself.
READY_WITHIN: Final = 300.0

_SEED: Final = 20_231_123
_RECORD: Final = "lab.json"
_LOG: Final = "lab.log"

# Moto reads these when it is imported or when a backend is made. No default AMIs: they are 500 images per region.
_MOTO_ENVIRONMENT: Final = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


class LabError(WatchwordError):
    """The lab cannot do as asked."""

    def __init__(self, what: str, remedy: str) -> None:
        """`what` happened, and the `remedy`."""
        super().__init__(what, remedy=remedy)


class AlreadyRunning(LabError):
    """A lab of this state directory answers already."""


class StartFailed(LabError):
    """The server died, or was not ready in time."""


class NotOurs(LabError):
    """The recorded process does not prove to be our server."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Access keys of a user of the lab, who is told by an ARN; `mfa_serial` is the user's MFA device."""

    user: str
    access_key_id: str
    secret_access_key: str
    mfa_serial: str | None = None


@dataclass(frozen=True, slots=True)
class LabProcess:
    """A detached lab as its record tells of it: process id, loopback port, state of the estate, instance id.

    `administrator` are keys to begin with in a lab that enforces; None in one that lets every call pass.
    """

    pid: int
    port: int
    state: str | None
    instance: str
    administrator: Keys | None = None

    @property
    def endpoint_url(self) -> str:
        """What AWS clients take as their endpoint URL."""
        return f"http://{LOOPBACK}:{self.port}"


class Lab:
    """An emulated AWS in this process; make one with `in_process`."""

    def __init__(self, server: Any, gate: Any, state: str | None, instance: str) -> None:
        """`server` is a werkzeug server that is already bound, `gate` the `gate.Gate` in it."""
        self._server = server
        self._gate = gate
        self._state = state
        self._instance = instance
        self._administrator: Keys | None = None
        self._thread = threading.Thread(target=server.serve_forever, name="lab", daemon=True)

    @property
    def port(self) -> int:
        """The loopback port."""
        return int(self._server.server_address[1])

    @property
    def endpoint_url(self) -> str:
        """What AWS clients take as their endpoint URL."""
        return f"http://{LOOPBACK}:{self.port}"

    @classmethod
    @contextmanager
    def in_process(
        cls, state: str | None = None, port: int = 0, host: str = LOOPBACK, *, enforce: bool = False
    ) -> Iterator["Lab"]:
        """A running lab, emptied and stopped at the end of the block.

        `state` seeds the estate ("before" or "after"; None leaves it empty); `port` 0 takes a free one; `enforce`
        authorises every call once it is seeded. Raises LabError for another host than 127.0.0.1, an unknown state, or
        a port in use.
        """
        lab = cls._bind(state, port, host, debug=False)
        try:
            lab._begin()
            if enforce:
                lab.enforce()
            yield lab
        finally:
            lab.stop()

    def enforce(self, *, seed_key: bool = False) -> Keys:
        """Authorise every call from now on, and give an administrator's keys of the management account.

        `seed_key` lets the key "lab" go on as an administrator of the management account.
        """
        from watchword.lab.gate.administrator import administrator

        self._administrator = administrator()
        self._gate.enforce(seed_key=seed_key)
        return self._administrator

    @classmethod
    def _bind(cls, state: str | None, port: int, host: str, debug: bool) -> "Lab":
        _require_known(state)
        _require_loopback(host)
        instance = os.urandom(16).hex()
        identity = {"pid": os.getpid(), "state": state, "instance": instance}
        server, gate = _make_server(port, identity, debug)
        return cls(server, gate, state, instance)

    def _begin(self) -> None:
        _empty()
        self._thread.start()
        if self._state is not None:
            _seed_estate(self._state, self.endpoint_url)

    def stop(self) -> None:
        """Stop answering and forget everything; safe to call twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        _empty()

    def process(self) -> LabProcess:
        """This lab as a detached one is recorded."""
        return LabProcess(os.getpid(), self.port, self._state, self._instance, self._administrator)


def start_detached(
    state_dir: Path,
    port: int = 0,
    state: str | None = "before",
    ready_within: float = READY_WITHIN,
    *,
    enforce: bool = False,
) -> LabProcess:
    """Start a lab that outlives this process, and wait until it is seeded.

    `port` 0 takes a free one; `state` None leaves the estate empty; `enforce` authorises every call once it is seeded.
    `state_dir` receives lab.json (pid, port, state, instance id, an administrator's keys) and lab.log; it is made where
    missing. Raises AlreadyRunning where a lab of this directory answers, StartFailed with the end of the log where the
    new one dies or is not ready after `ready_within` seconds.
    """
    _require_known(state)
    state_dir.mkdir(parents=True, exist_ok=True)
    running = status(state_dir)
    if running is not None:
        raise AlreadyRunning(
            f"The lab is running already at {running.endpoint_url} (process {running.pid}, state {running.state or 'empty'}).",
            "Use it, or end it first with `watchword lab down`.",
        )
    (state_dir / _RECORD).unlink(missing_ok=True)
    return _await_ready(_spawn(state_dir, port, state, enforce=enforce), state_dir, ready_within)


def status(state_dir: Path) -> LabProcess | None:
    """The lab that runs from this directory; None where there is none, or where the record is stale."""
    recorded = _recorded(state_dir)
    return recorded if recorded is not None and _answers(recorded) else None


def stop(state_dir: Path, within: float = 10.0) -> bool:
    """End the lab of this directory and remove its record; False where none was running.

    Only a process that proves to be ours is touched: its endpoint must give the recorded instance id and pid. Raises
    NotOurs where the recorded process lives but does not prove it, unless the port is free, which makes the record
    stale.
    """
    recorded = _recorded(state_dir)
    ended = False
    if recorded is not None:
        if _answers(recorded):
            _end(recorded.pid, within)
            ended = True
        elif _listening(recorded.port) and _alive(recorded.pid):
            raise NotOurs(
                f"Process {recorded.pid} on port {recorded.port} does not say that it is the lab of {state_dir}.",
                f"If it is, end it yourself and remove {state_dir / _RECORD}.",
            )
    (state_dir / _RECORD).unlink(missing_ok=True)
    return ended


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; what `start_detached` runs. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="watchword.lab.server", description="Run the emulated AWS of Company ABC."
    )
    parser.add_argument("--host", default=LOOPBACK, help="only 127.0.0.1 is accepted")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--state", choices=STATES, default=None, help="seed the estate; default: leave it empty"
    )
    parser.add_argument("--state-dir", type=Path, required=True, help="where lab.json is written when ready")
    parser.add_argument("--enforce", action="store_true", help="authorise every call once it is seeded")
    parser.add_argument("--debug", action="store_true", help="log every request")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        return _serve(options)
    except LabError as error:
        sys.stderr.write(f"{error.diagnosis()}\n")
        return 1


def _serve(options: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    lab = Lab._bind(options.state, options.port, options.host, options.debug)
    try:
        lab._begin()
        if options.enforce:
            lab.enforce()
        _record(options.state_dir, lab.process())
        ended.wait()
    finally:
        lab.stop()
    return 0


def _require_known(state: str | None) -> None:
    if state is not None and state not in STATES:
        raise LabError(f"The lab has no state {state!r}.", f"Choose one of: {', '.join(STATES)}.")


def _require_loopback(host: str) -> None:
    if host != LOOPBACK:
        raise LabError(
            f"The lab accepts every credential, so it does not listen on {host!r}.",
            f"Leave the host at {LOOPBACK}.",
        )


def _make_server(port: int, identity: Mapping[str, object], debug: bool) -> tuple[Any, Any]:
    """A bound werkzeug server of moto with our backends behind gateway and gate, and the gate."""
    os.environ.pop("MOTO_ACCOUNT_ID", None)  # would give every request the same account
    os.environ.update(_MOTO_ENVIRONMENT)
    from watchword.lab import backends, wire
    from watchword.lab.gate.gate import Gate

    backends.install()
    wire.remember_operations()
    _require_free(port)
    gate = Gate(wire.Dispatcher())
    return wire.bind(LOOPBACK, port, Gateway(gate, identity), debug), gate


def _require_free(port: int) -> None:
    if port and _listening(port):
        raise LabError(f"Port {port} is in use.", "Choose another, or 0 for a free one.")


def _empty() -> None:
    """Forget all state and let moto's made-up ids begin anew, so that two runs of a seed give the same estate."""
    from moto.iam.models import iam_backends
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.models import moto_api_backend

    # Moto's reset would load AWS's 1,500 policies anew for each account, and then throw them away.
    iam_backends.clear()
    moto_api_backend.reset()
    mock_random.seed(_SEED)


def _seed_estate(state: str, endpoint_url: str) -> None:
    from watchword.lab.estate import seed

    seed(state, endpoint_url)


def _spawn(state_dir: Path, port: int, state: str | None, *, enforce: bool) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "watchword.lab.server",
        "--port",
        str(port),
        "--state-dir",
        str(state_dir),
        *(["--enforce"] if enforce else []),
        *([] if state is None else ["--state", state]),
    ]
    with (state_dir / _LOG).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - this Python, this module and our own options
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_child_environment(os.environ),
            start_new_session=True,
        )


def _child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the user's AWS settings: nothing in the lab can reach a real account, even by mistake."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    away = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return kept | away


def _await_ready(child: subprocess.Popen[bytes], state_dir: Path, within: float) -> LabProcess:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        recorded = _recorded(state_dir)
        if recorded is not None and recorded.pid == child.pid and _answers(recorded):
            return recorded
        if child.poll() is not None:
            raise _start_failed(f"The lab's server ended with code {child.returncode}.", state_dir)
        time.sleep(0.05)
    child.kill()
    child.wait()
    raise _start_failed(f"The lab was not ready after {within:g} seconds.", state_dir)


def _start_failed(what: str, state_dir: Path) -> StartFailed:
    log = state_dir / _LOG
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    return StartFailed(f"{what} Its log ends:\n{tail}\n", f"The whole log is in {log}.")


def _record(state_dir: Path, process: LabProcess) -> None:
    partial = state_dir / f"{_RECORD}.{process.pid}"
    partial.write_text(json.dumps(asdict(process)))
    partial.replace(state_dir / _RECORD)


def _recorded(state_dir: Path) -> LabProcess | None:
    """What lab.json says; None where it is missing or not a record of ours."""
    try:
        told = json.loads((state_dir / _RECORD).read_text())
        keys = told.pop("administrator", None)
        return LabProcess(**told, administrator=Keys(**keys) if keys else None)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _answers(process: LabProcess) -> bool:
    """Whether the recorded endpoint proves to be the recorded process."""
    try:
        identity = _identity(process.port)
    except (HTTPException, OSError, ValueError):
        return False
    return bool(identity.get("instance") == process.instance and identity.get("pid") == process.pid)


def _identity(port: int) -> Mapping[str, object]:
    with closing(HTTPConnection(LOOPBACK, port, timeout=5)) as connection:
        connection.request("GET", IDENTITY_PATH)
        identity = json.load(connection.getresponse())
    return identity if isinstance(identity, dict) else {}


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(pid: int, within: float) -> None:
    """Ask the process to end; insist where it has not after `within` seconds."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    if _alive(pid):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
