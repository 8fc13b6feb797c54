"""Controls of AWS Lambda: nobody calls a function without saying who they are."""

from __future__ import annotations

from typing import Final

from watchword.analysis.iam.audience import Home
from watchword.analysis.iam.exposure import exposures, widest
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_FUNCTIONS: Final = "lambda.functions"


@control(
    "IN-11",
    each=_FUNCTIONS,
    reads=("organizations.organization", "organizations.accounts"),
    about="Lambda functions",
)
def functions_ask_who_calls(row: Resource, view: AccountView) -> Judgement:
    """No function URL without authentication, no resource policy that lets everybody in."""
    if view.estate.is_public_by_intent(row.arn):
        return met("the function is declared to be for everybody", row.evidence("UrlConfigs"))
    urls = row.items("UrlConfigs")
    open_urls = [
        one.text("FunctionArn").rpartition(":function:")[2] for one in urls if one.text("AuthType") == "NONE"
    ]
    if open_urls:
        names = ", ".join(open_urls)
        return gap(
            f"the URL of {names} asks for no authentication (AuthType NONE)",
            row.evidence("UrlConfigs"),
        )
    return _by_policy(row, view, len(urls))


def _by_policy(row: Resource, view: AccountView, urls: int) -> Judgement:
    document = row.raw("Policy")
    facts = (row.evidence("UrlConfigs"), row.evidence("Policy"))
    said = "its URL demands signed requests" if urls else "it has no URL"
    if document is None:
        return met(f"{said}, and it has no resource policy", *facts)
    try:
        found = exposures(parse(document), Home.of(view, row.arn))
    except PolicyError as error:
        raise EvidenceMissing(f"Policy of {row.where} cannot be read: {error}") from error
    public = widest(one for one in found if one.is_public and one.is_certain)
    if public is not None:
        return gap(f"its policy is public: {public.sentence}", *facts)
    perhaps = widest(one for one in found if one.is_public)
    if perhaps is not None:
        return unknown(f"its policy may be public, which a condition decides: {perhaps.sentence}", *facts)
    return met(f"{said}, and its policy lets in only those that it names", *facts)
