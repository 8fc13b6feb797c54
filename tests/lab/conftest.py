"""A real moto server with our backends on a random loopback port, emptied after each test."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture(scope="session")
def lab_server() -> Iterator[str]:
    """The URL of the server, for the whole session; most tests want `lab_endpoint`, which starts empty."""
    from moto.server import ThreadedMotoServer

    from watchword.lab import backends

    backends.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lab_endpoint(lab_server: str) -> Iterator[str]:
    """The URL of a server without state; what the test creates is gone afterwards."""
    yield lab_server
    reset = Request(f"{lab_server}/moto-api/reset", method="POST")
    with urlopen(reset) as answer:
        assert answer.status == 200


@pytest.fixture
def client(lab_endpoint: str) -> Callable[..., Any]:
    """client(service, account=…, region=…, unchecked=True): a boto3 client of the lab.

    `unchecked` switches off botocore's own check of parameters, so that the server's is seen.
    """

    def make(
        service: str, account: str = "123456789012", region: str = "us-east-1", unchecked: bool = False
    ) -> Any:
        config = Config(parameter_validation=not unchecked, retries={"total_max_attempts": 1})
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=lab_endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=config,
        )
        made.meta.events.register(
            "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account)
        )
        return made

    return make
