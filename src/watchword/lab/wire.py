"""The lab's server between socket and backend, made as quick as moto allows.

What it does: configures werkzeug's request handler, and remembers two answers that moto works out again for every
request (half of the time of a small one). What it does not do: decide what any operation answers.
"""

from functools import cache

from moto.backends import list_of_moto_modules
from moto.core import responses, utils
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from watchword.lab.gateway import Application, NotEmulated


class Dispatcher(DomainDispatcherApplication):
    """Moto's choice of backend by host name, found once for each host name instead of for each request."""

    def __init__(self) -> None:
        """Serve every service that moto knows by now, ours included."""
        super().__init__(create_backend_app)
        self._found: dict[str, str] = {}

    def get_backend_for_host(self, host: str | None) -> str | None:
        """The name of the backend for a host name, which may be that name itself; None for no host.

        Raises NotEmulated for a service that moto doesn't have.
        """
        if host is None:
            return None
        if host not in self._found:
            self._found[host] = self._find(host)
        return self._found[host]

    def _find(self, host: str) -> str:
        if host in list_of_moto_modules():
            return host
        for backend, pattern in self.backend_url_patterns:
            if pattern.match(f"http://{host}"):
                return str(backend)
        raise NotEmulated(f"no service answers at {host}")


def remember_operations() -> None:
    """Let moto list the operations of a service once, not at each request; call it when all are installed."""
    vars(responses)["method_names_from_class"] = cache(utils.method_names_from_class)


def bind(host: str, port: int, app: Application, debug: bool) -> ThreadedWSGIServer:
    """A server with its socket open, not yet answering; it logs each request only with `debug`."""
    return ThreadedWSGIServer(host, port, app, _Loud if debug else _Quiet)


class _Loud(WSGIRequestHandler):
    # Kept-alive connections exchange small messages: none shall wait for the receipt of the one before.
    disable_nagle_algorithm = True


class _Quiet(_Loud):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing; werkzeug still logs what goes wrong."""
