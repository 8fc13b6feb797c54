"""IAM users: people who still have one, and the credentials that live long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchword.analysis.iam.credentials import (
    active_keys,
    has_console_password,
    is_break_glass,
    is_root,
)
from watchword.controls.identity.rows import days, judge_each
from watchword.controls.registry import control, gap, met, met_if
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

KEY_LIFE: Final = timedelta(days=90)
"""How old an access key may become."""

BREAK_GLASS_LIMIT: Final = 2
"""How many emergency users an account may have."""


@control("ID-05", each="iam.credential_report", about="IAM users with a console password")
def console_users_have_mfa(row: Resource, _view: AccountView) -> Judgement | None:
    """Whoever can sign in to the console by password needs a second factor."""
    if is_root(row) or not has_console_password(row):
        return None
    return met_if(
        row.flag("mfa_active"),
        "the user signs in with a password and MFA",
        "the user can sign in to the console with a password alone",
        row.evidence("password_enabled"),
        row.evidence("mfa_active"),
    )


@control("ID-08", reads=("iam.users", "iam.credential_report"))
def people_are_federated(view: AccountView) -> Iterator[Judgement]:
    """No person has an IAM user, emergency identities aside."""
    users = {row.arn: row for row in view.rows("iam.users")}
    report = [row for row in view.rows("iam.credential_report") if not is_root(row)]
    people = [row for row in report if has_console_password(row)]
    emergency = {row.arn for row in people if row.arn in users and is_break_glass(users[row.arn], view)}

    def judge(row: Resource) -> Judgement:
        shown = row.evidence("password_enabled")
        if row.arn not in emergency:
            return gap("a person signs in as this IAM user instead of through the identity provider", shown)
        return met_if(
            len(emergency) <= BREAK_GLASS_LIMIT,
            "the user is an emergency identity",
            f"the account has {len(emergency)} emergency users; {BREAK_GLASS_LIMIT} are enough",
            shown,
        )

    if not people:
        yield met("no IAM user of the account has a console password")
    yield from judge_each(people, judge)


@control("ID-14", each="iam.credential_report", about="IAM users")
def keys_are_short_lived(row: Resource, view: AccountView) -> Judgement | None:
    """People have no access keys, and no workload's key is older than ninety days."""
    if is_root(row):
        return None
    keys = active_keys(row)
    if not keys:
        return met(
            "the user has no active access key",
            row.evidence("access_key_1_active"),
            row.evidence("access_key_2_active"),
        )
    ages = ", ".join(
        f"access key {key.number} is {days((view.now - key.since).total_seconds())} old" for key in keys
    )
    shown = tuple(row.evidence(key.path) for key in keys)
    if has_console_password(row):
        return gap(f"a person has long-lived access keys: {ages}", row.evidence("password_enabled"), *shown)
    old = any(view.now - key.since > KEY_LIFE for key in keys)
    return met_if(not old, ages, f"{ages}; {KEY_LIFE.days} days are the limit", *shown)
