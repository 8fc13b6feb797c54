"""The hub itself: enabling, describing, configuring it, and the products that send it findings.

What it does not do: ask for the products' consent. Services of AWS are connected when the hub is enabled.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-internal-providers.html
"""

from typing import Any

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.securityhub.standards import subscribe_defaults
from watchword.lab.backends.securityhub.state import SecurityHubState, hub_of, securityhub_states, state_of

# Services of AWS whose findings arrive without being asked for.
CONNECTED = ("access-analyzer", "config", "firewall-manager", "guardduty", "health", "inspector", "macie")


def _enable_security_hub(call: Call) -> None:
    backend = hub_of(call.account, call.region)
    if backend.enabled:
        raise Refusal("ResourceConflictException", "Account is already subscribed to Security Hub")
    backend.enable_security_hub(False, call.params.get("Tags", {}))
    state = securityhub_states[call.account][call.region]
    state.reset()
    state.generator = call.params.get("ControlFindingGenerator", "SECURITY_CONTROL")
    state.products = {_subscription(state, f"aws/{product}") for product in CONNECTED}
    if call.params.get("EnableDefaultStandards", True):
        subscribe_defaults(state)


def _subscription(state: SecurityHubState, product: str) -> str:
    owner = f"arn:{state.partition}:securityhub:{state.region_name}:{state.account_id}"
    return f"{owner}:product-subscription/{product}"


def _disable_security_hub(call: Call) -> None:
    state_of(call).reset()
    hub_of(call.account, call.region).disable_security_hub()


def _describe_hub(call: Call) -> dict[str, Any]:
    state = state_of(call)
    if call.params.get("HubArn", state.arn) != state.arn:
        raise Refusal("ResourceNotFoundException", f"Hub {call.params['HubArn']} not found")
    return {
        "HubArn": state.arn,
        "SubscribedAt": hub_of(call.account, call.region).enabled_at,
        "AutoEnableControls": state.auto_enable_controls,
        "ControlFindingGenerator": state.generator,
    }


def _update_security_hub_configuration(call: Call) -> None:
    state = state_of(call)
    state.auto_enable_controls = call.params.get("AutoEnableControls", state.auto_enable_controls)
    state.generator = call.params.get("ControlFindingGenerator", state.generator)


def _list_enabled_products_for_import(call: Call) -> dict[str, Any]:
    return call.page("ProductSubscriptions", sorted(state_of(call).products))


def _enable_import_findings_for_product(call: Call) -> dict[str, Any]:
    state, product_arn = state_of(call), call.params["ProductArn"]
    _, found, product = product_arn.partition(":product/")
    if not found or not product_arn.startswith("arn:"):
        raise call.refuse(f"Invalid parameter 'ProductArn': {product_arn}")
    subscription = _subscription(state, product)
    if subscription in state.products:
        raise Refusal("ResourceConflictException", f"{product_arn} is already enabled")
    state.products.add(subscription)
    return {"ProductSubscriptionArn": subscription}


def _disable_import_findings_for_product(call: Call) -> None:
    state, subscription = state_of(call), call.params["ProductSubscriptionArn"]
    if subscription not in state.products:
        raise Refusal("ResourceNotFoundException", f"Product subscription {subscription} not found")
    state.products.discard(subscription)


OPERATIONS: dict[str, Handler] = {
    "EnableSecurityHub": _enable_security_hub,
    "DisableSecurityHub": _disable_security_hub,
    "DescribeHub": _describe_hub,
    "UpdateSecurityHubConfiguration": _update_security_hub_configuration,
    "ListEnabledProductsForImport": _list_enabled_products_for_import,
    "EnableImportFindingsForProduct": _enable_import_findings_for_product,
    "DisableImportFindingsForProduct": _disable_import_findings_for_product,
}
