"""Whom AWS reaches when it sees something wrong."""

from __future__ import annotations

from watchword.controls.registry import control, gap, met_if
from watchword.model.finding import Judgement
from watchword.model.snapshot import AccountView


@control("LG-13", reads=("account.security_contact",), about="security contacts")
def account_has_a_security_contact(view: AccountView) -> Judgement:
    """AWS knows an address for security notices beside that of the root user."""
    rows = view.rows("account.security_contact")
    if not rows:
        return gap("the account has no security contact: AWS writes to the root user's address only")
    address = rows[0].text("EmailAddress")
    return met_if(
        bool(address.strip()),
        f"AWS writes security notices to {address}",
        "the security contact has no address",
        rows[0].evidence("EmailAddress"),
    )
