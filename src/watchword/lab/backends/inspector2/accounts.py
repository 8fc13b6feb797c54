"""Which scans are on, by account: enabled, disabled, asked for.

AWS passes through ENABLING and DISABLING; here the change is done when the call returns.
https://docs.aws.amazon.com/inspector/latest/user/getting_started_tutorial.html
"""

from typing import Any

from watchword.lab.backends.call import Call
from watchword.lab.backends.inspector2.state import SCANS, inspector2_states, watched_by
from watchword.lab.backends.registry import Handler


def _targets(call: Call) -> tuple[list[str], list[dict[str, Any]]]:
    """The accounts that the caller may touch, and failures for the others; itself where none is named."""
    wanted = call.params.get("accountIds") or [call.account]
    allowed = watched_by(call.account, call.region)
    failed = [
        {
            "accountId": account,
            "errorCode": "ACCESS_DENIED",
            "errorMessage": f"The caller doesn't administer account {account}",
        }
        for account in wanted
        if account not in allowed
    ]
    return [account for account in wanted if account in allowed], failed


def _account(call: Call, account: str) -> dict[str, Any]:
    state = inspector2_states[account][call.region]
    return {"accountId": account, "status": state.status, "resourceStatus": state.statuses()}


def _enable(call: Call) -> dict[str, Any]:
    accounts, failed = _targets(call)
    for account in accounts:
        inspector2_states[account][call.region].scans |= set(call.params["resourceTypes"])
    return {"accounts": [_account(call, account) for account in accounts], "failedAccounts": failed}


def _disable(call: Call) -> dict[str, Any]:
    accounts, failed = _targets(call)
    for account in accounts:
        inspector2_states[account][call.region].scans -= set(call.params.get("resourceTypes") or SCANS)
    return {"accounts": [_account(call, account) for account in accounts], "failedAccounts": failed}


def _batch_get_account_status(call: Call) -> dict[str, Any]:
    accounts, failed = _targets(call)
    described = []
    for account in accounts:
        state = inspector2_states[account][call.region]
        described.append(
            {
                "accountId": account,
                "state": {"status": state.status},
                "resourceState": {name: {"status": status} for name, status in state.statuses().items()},
            }
        )
    return {"accounts": described, "failedAccounts": failed}


OPERATIONS: dict[str, Handler] = {
    "Enable": _enable,
    "Disable": _disable,
    "BatchGetAccountStatus": _batch_get_account_status,
}
