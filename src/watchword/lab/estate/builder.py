"""The hand that builds the estate: AWS clients for any account and region of the lab, and a book of references.

Clients talk to the lab's endpoint on the loopback interface only.  Which account a call is for is decided, as in AWS,
by the role that was assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from watchword.lab.estate.company import HOME, LabAccount, State

_ROLE = "OrganizationAccountAccessRole"


@dataclass(slots=True)
class Builder:
    """Builds one state of the company at ``endpoint_url``.

    ``refs`` keeps what one area makes and another needs, under ``kind/account/region/name``
    (``vpc/prod/eu-west-1/app`` → ``vpc-0abc…``).
    """

    state: State
    endpoint_url: str
    refs: dict[str, str] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    _keys: dict[str, dict[str, str]] = field(default_factory=dict)
    # One session for every account: each would read the services' models, seconds of work, anew.
    _boto: boto3.Session = field(default_factory=boto3.Session)

    @property
    def after(self) -> bool:
        """Whether the programme is done."""
        return self.state is State.AFTER

    def client(self, service: str, account: LabAccount, region: str = HOME) -> Any:
        """A boto3 client of ``service`` that acts in ``account`` and ``region``."""
        key = (service, account.id, region)
        if key not in self._clients:
            make: Any = self._boto.client
            self._clients[key] = make(
                service,
                region_name=region,
                endpoint_url=self.endpoint_url,
                config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
                **self._keys_of(account.id),
            )
            self._clients[key].meta.events.register("before-sign.s3-control", self._at_one_host)
        return self._clients[key]

    def remember(self, kind: str, account: LabAccount, region: str, name: str, value: str) -> str:
        """Keep a reference for other areas, and give it back."""
        self.refs[f"{kind}/{account.alias}/{region}/{name}"] = value
        return value

    def ref(self, kind: str, account: LabAccount, region: str, name: str) -> str:
        """A reference that an earlier area kept.

        Raises:
            KeyError: none was kept; the areas' order is wrong.
        """
        return self.refs[f"{kind}/{account.alias}/{region}/{name}"]

    def _at_one_host(self, request: Any, **_: object) -> None:
        """The endpoint rules of S3 Control put the account before any host's name: take it out again."""
        host = urlsplit(self.endpoint_url).netloc
        request.url = urlsplit(request.url)._replace(netloc=host).geturl()

    def _keys_of(self, account: str) -> dict[str, str]:
        """Credentials of the role that administers an account, as clients take them."""
        if account not in self._keys:
            sts = self._boto.client(
                "sts",
                region_name=HOME,
                endpoint_url=self.endpoint_url,
                aws_access_key_id="lab",
                aws_secret_access_key="lab",
            )
            role = f"arn:aws:iam::{account}:role/{_ROLE}"
            given = sts.assume_role(RoleArn=role, RoleSessionName="lab-estate")["Credentials"]
            self._keys[account] = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self._keys[account]
