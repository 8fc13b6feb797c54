"""Whole accounts for controls that ask the evaluator: every table that it reads is there, empty unless said otherwise."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.iam import MANAGEMENT, PARTNER, SIBLING, Row, Rows, trust
from watchword.controls.access import READS
from watchword.model.estate import Estate
from watchword.model.ids import AccountId
from watchword.model.snapshot import Account, AccountView

MEMBER = Account(ACCOUNT, "member", ou_ids=("r-root", "ou-work"), path=("Root", "Workloads"))
PARTNERS = Estate(partners={AccountId(PARTNER): "the auditors"})
ORGANIZATION = {"Id": "o-abc1234567", "MasterAccountId": SIBLING}
SWITCHED_ON = [
    {"Type": kind, "Status": "ENABLED"} for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
]
_GLOBAL = ("iam.", "s3.account_")
_ABOVE = ("organizations.", "sso-admin.")
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
REGIONAL = (
    *("cloudtrail.trails", "guardduty.detectors", "config.recorders", "config.delivery_channels"),
    *("securityhub.hubs", "kms.aliases", "macie2.findings"),
)


def above(*scps: Row, rcps: Rows = (), denied: tuple[str, ...] = ()) -> AccountView:
    """An organisation whose root has these statements as its service (and resource) control policies, beside the full ones."""
    tables: dict[str, Rows] = {
        "organizations.organization": [ORGANIZATION],
        "organizations.accounts": [{"_arn": one, "Id": one} for one in (ACCOUNT, SIBLING)],
        "organizations.roots": [{"PolicyTypes": SWITCHED_ON}],
        "organizations.service_control_policies": [_control("full", FULL), _control("scp", *scps)],
        "organizations.resource_control_policies": [
            _control("rcp-full", FULL | {"Principal": "*"}),
            *([_control("rcp", *rcps)] if rcps else []),
        ],
        "eu-west-1:sso-admin.instances": [],
    }
    return organization(
        {table: rows for table, rows in tables.items() if table not in denied}, denied=list(denied)
    )


def _control(name: str, *statements: Row) -> Row:
    targets = [{"TargetId": one} for one in ("r-root", "ou-work", ACCOUNT)] if "full" in name else []
    return {
        "_arn": f"arn:aws:organizations::{SIBLING}:policy/o-abc1234567/service_control_policy/p-{name}",
        "_name": name,
        "Content": trust(*statements or (FULL,)),
        "Targets": targets or [{"TargetId": "r-root"}],
    }


def account(
    *,
    denied: tuple[str, ...] = (),
    organization: AccountView | None = None,
    who: Account = MEMBER,
    estate: Estate = PARTNERS,
    **tables: Any,
) -> AccountView:
    """An account with these tables (``iam__users=[…]``); those in ``denied`` were not read."""
    named = {name.replace("__", "."): rows for name, rows in tables.items()}
    own = (one for one in (*READS, *REGIONAL) if not one.startswith(_ABOVE) and one not in denied)
    everything = {_placed(one): named.pop(one, []) for one in dict.fromkeys(own)}
    everything |= {_placed(name): rows for name, rows in named.items()}
    return view(
        everything,
        denied=[_placed(one) for one in denied],
        account=who,
        organization=above() if organization is None else organization,
        estate=estate,
    )


def _placed(table: str) -> str:
    return f"global:{table}" if table.startswith(_GLOBAL) else table


__all__ = ["MANAGEMENT", "MEMBER", "PARTNERS", "above", "account"]
