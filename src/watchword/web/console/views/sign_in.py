"""Signing in, and setting up what one signs in with: a page a step, each of which is a plain form.

The pages know nothing of whether somebody exists: what they show follows from what the server has decided already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup

from watchword.web.console.look import links
from watchword.web.console.look.pictures import qr


@dataclass(frozen=True, slots=True)
class Federated:
    """A directory that one can sign in with: its id and name, and where its button leads (by POST)."""

    directory: str
    label: str
    action: str


@dataclass(frozen=True, slots=True)
class PasskeyIsland:
    """What the passkey script needs: options as JSON, whether it creates or gets, where the answer goes.

    ``auto`` starts without a click, ``conditional`` offers passkeys within the browser's own autofill.
    """

    options: str
    ceremony: str
    action: str
    conditional: bool = False

    @classmethod
    def of(
        cls, options: Mapping[str, Any], ceremony: str, action: str, *, conditional: bool = False
    ) -> PasskeyIsland:
        """From options as values (https://www.w3.org/TR/webauthn-3/, JSON forms of §5.1).

        Raises:
            ValueError: the ceremony is neither ``create`` nor ``get``.
        """
        if ceremony not in {"create", "get"}:
            raise ValueError(f"{ceremony!r} is no ceremony of passkeys: create and get are")
        return cls(json.dumps(options), ceremony, action, conditional)


@dataclass(frozen=True, slots=True)
class IdentifyView:
    """The first page: who are you, or: with a passkey, with another directory.

    ``fields`` are hidden ones, sent back as they are.  ``with_name`` says that a name with a password can be given; ``choices``
    are the directories (id, name) that hold passwords, where there are several.
    """

    template: ClassVar[str] = "sign_in.html.j2"
    action: str
    error: str = ""
    company: str = ""
    passkey: PasskeyIsland | None = None
    federated: tuple[Federated, ...] = ()
    with_name: bool = True
    fields: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordView:
    """The password of a directory's account, or of ours."""

    template: ClassVar[str] = "password.html.j2"
    action: str
    user_name: str
    directory: str = ""
    error: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CodeView:
    """A code of an authenticator app, or a recovery code."""

    template: ClassVar[str] = "code.html.j2"
    action: str
    error: str = ""
    passkey: PasskeyIsland | None = None
    fields: tuple[tuple[str, str], ...] = ()
    why: str = ""
    button: str = "Sign in"


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey is asked for: to sign in, or to prove again who one is; ``why`` says what for."""

    template: ClassVar[str] = "passkey.html.j2"
    island: PasskeyIsland
    title: str = "Use your passkey"
    why: str = ""
    error: str = ""
    other: str = ""
    """Where another way is offered; empty where there is none."""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolPasskeyView:
    """A passkey is set up."""

    template: ClassVar[str] = "enrol_passkey.html.j2"
    island: PasskeyIsland
    name: str = ""
    first: bool = False
    totp_href: str = ""
    error: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolTotpView:
    """An authenticator app is set up: the secret to type, the address that opens an app on this device."""

    template: ClassVar[str] = "enrol_totp.html.j2"
    action: str
    secret: str = field(repr=False)
    address: str = field(repr=False)
    error: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def issuer(self) -> str:
        """The name under which apps list it."""
        return parse_qs(urlsplit(self.address).query).get("issuer", [""])[0]

    @property
    def picture(self) -> Markup:
        """The address as a QR code, for an app on another device."""
        return qr(self.address, "A QR code with the key, for an authenticator app")


@dataclass(frozen=True, slots=True)
class RecoveryCodesView:
    """Codes shown once, to be kept for the day on which a factor is lost."""

    template: ClassVar[str] = "recovery_codes.html.j2"
    codes: tuple[str, ...] = field(repr=False)
    onward: str = links.ME


@dataclass(frozen=True, slots=True)
class WelcomeView:
    """Somebody comes with an invitation: what it is for, until when it holds."""

    template: ClassVar[str] = "welcome.html.j2"
    action: str
    purpose: str
    name: str = ""
    expires: datetime | None = None
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    asks_name: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class AwayView:
    """The browser goes to another site to sign in there: by itself, or by a click.

    A page and no redirection: the policy of our pages lets forms lead to ourselves only, and browsers hold every
    address to it to which the answer to a form redirects, the provider's own further ones included.
    """

    template: ClassVar[str] = "away.html.j2"
    label: str
    address: str = field(repr=False)
    by_itself: bool = True

    @property
    def target(self) -> str:
        """The address if it leads to another site over TLS, or to this machine; else nowhere."""
        loopback = re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/", self.address)
        return self.address if loopback else links.safe_href(self.address)


@dataclass(frozen=True, slots=True)
class OnwardView:
    """What another site has sent is sent on from our own page, so that our cookies come along; by itself, or by a click."""

    template: ClassVar[str] = "onward.html.j2"
    action: str
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    by_itself: bool = True


@dataclass(frozen=True, slots=True)
class SignedOutView:
    """One has signed out."""

    template: ClassVar[str] = "signed_out.html.j2"
    others: int = 0
    """Sessions of the same person that go on."""
