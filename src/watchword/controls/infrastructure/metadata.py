"""Controls of the instance metadata service: no credentials for whoever can make a machine send a request."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from watchword.controls.registry import Per, control, gap, met
from watchword.controls.sweep import sweep
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_INSTANCES: Final = "ec2.instances"
_TEMPLATES: Final = "ec2.launch_template_versions"
_CONFIGURATIONS: Final = "autoscaling.launch_configurations"
_DEFAULTS: Final = "ec2.instance_metadata_defaults"
_GONE: Final = frozenset({"terminated", "shutting-down"})


@control(
    "IN-05",
    per=Per.REGION,
    reads=(_INSTANCES, _TEMPLATES, _CONFIGURATIONS, _DEFAULTS),
    about="instances and launch templates",
)
def imdsv2_everywhere(view: AccountView, region: Region) -> Iterator[Judgement]:
    """Machines, and what machines are started from, demand session tokens and keep them one hop near."""
    yield from sweep(
        view,
        region,
        {
            _INSTANCES: _instance,
            _TEMPLATES: partial(_template, view=view, region=region),
            _CONFIGURATIONS: _configuration,
        },
    )


def _instance(row: Resource) -> Judgement | None:
    if row.text("State.Name") in _GONE:
        return None
    return _judged(
        row, row.document("MetadataOptions"), "MetadataOptions", row.text("MetadataOptions.HttpTokens")
    )


def _template(row: Resource, *, view: AccountView, region: Region) -> Judgement:
    path = "LaunchTemplateData.MetadataOptions"
    options = row.document(path, absent=Document(row.where, {}))
    tokens = options.text("HttpTokens", absent="")
    if tokens or options.text("HttpEndpoint", absent="") == "disabled":
        return _judged(row, options, path, tokens)
    default = _default_tokens(view, region)
    if default == "required":
        return met(
            f"the template leaves it to the default of {region}, which demands IMDSv2", row.evidence(path)
        )
    return gap(
        f"the default version of the template does not demand IMDSv2, and neither does {region}'s default",
        row.evidence(path),
    )


def _configuration(row: Resource) -> Judgement:
    options = row.document("MetadataOptions", absent=Document(row.where, {}))
    return _judged(row, options, "MetadataOptions", options.text("HttpTokens", absent=""))


def _default_tokens(view: AccountView, region: Region) -> str:
    """The account's default for new instances in the region (``""`` where none is set)."""
    rows = view.rows(_DEFAULTS, region)
    if not rows:
        raise EvidenceMissing(f"the metadata defaults of {region} are missing")
    return rows[0].text("AccountLevel.HttpTokens", absent="")


def _judged(row: Resource, options: Document, path: str, tokens: str) -> Judgement:
    facts = row.evidence(path)
    if options.text("HttpEndpoint", absent="enabled") == "disabled":
        return met("the metadata service is switched off", facts)
    if tokens != "required":
        return gap("IMDSv1 answers: session tokens are optional", facts)
    hops = int(options.number("HttpPutResponseHopLimit", absent=1))
    if hops > 1:
        return gap(
            f"IMDSv2 is demanded, but its answers travel {hops} hops, which lets containers fetch the role's credentials",
            facts,
            severity=Severity.LOW,
        )
    return met("IMDSv2 is demanded and its answers travel one hop", facts)
