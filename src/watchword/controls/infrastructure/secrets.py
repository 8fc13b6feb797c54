"""Controls of credentials in plain text: variables, start scripts and parameters are no place for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchword.analysis.data.secrets import named_like_a_secret
from watchword.controls.registry import Per, control, gap, met, unknown
from watchword.controls.sweep import sweep
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Confidence

_FUNCTIONS: Final = "lambda.functions"
_TASKS: Final = "ecs.task_definitions"
_INSTANCES: Final = "ec2.instances"
_TEMPLATES: Final = "ec2.launch_template_versions"
_CONFIGURATIONS: Final = "autoscaling.launch_configurations"
_PARAMETERS: Final = "ssm.parameters"


@control(
    "IN-18",
    per=Per.REGION,
    reads=(_FUNCTIONS, _TASKS, _INSTANCES, _TEMPLATES, _CONFIGURATIONS, _PARAMETERS),
    about="places where credentials might stand",
)
def no_secrets_in_code(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No credential stands in variables, start scripts or parameters without encryption."""
    yield from sweep(
        view,
        region,
        {
            _FUNCTIONS: _function,
            _TASKS: _task_definition,
            _INSTANCES: _instance,
            _TEMPLATES: lambda row: _user_data(row, "LaunchTemplateData.UserData"),
            _CONFIGURATIONS: lambda row: _user_data(row, "UserData"),
            _PARAMETERS: _parameter,
        },
    )


def _function(row: Resource) -> Judgement:
    if row.has("Environment.Error"):
        return unknown("the function's variables could not be decrypted, so they were not seen")
    variables = row.raw("Environment.Variables") or {}
    found = [f"{name} ({form['kind']})" for name, form in _forms(row, variables).items() if form.get("kind")]
    facts = row.evidence("Environment.Variables")
    return _judged(found, f"none of {len(variables)} variables holds a credential", facts)


def _task_definition(row: Resource) -> Judgement:
    found = []
    seen = 0
    for container in row.items("containerDefinitions"):
        variables = {one.text("name"): one.raw("value") for one in container.items("environment")}
        seen += len(variables)
        where = container.text("name")
        found += [
            f"{where}: {name} ({form['kind']})"
            for name, form in _forms(row, variables).items()
            if form["kind"]
        ]
        for key in ("command", "entryPoint"):
            found += [f"{where}: {key} ({kind})" for kind in _kinds(container.raw(key))]
    return _judged(
        found, f"none of {seen} variables holds a credential", row.evidence("containerDefinitions")
    )


def _instance(row: Resource) -> Judgement | None:
    if row.text("State.Name") in {"terminated", "shutting-down"}:
        return None
    return _user_data(row, "UserData")


def _user_data(row: Resource, path: str) -> Judgement:
    facts = row.evidence(path)
    if not row.has(path):
        return met("there is no user data", facts)
    if not row.flag(f"{path}.readable"):
        return unknown("the user data is no text, so what stands in it is not known", facts)
    found = [f"{one.text('name') or 'a line'} ({one.text('kind')})" for one in row.items(f"{path}.secrets")]
    return _judged(found, "the user data holds no credential", facts)


def _parameter(row: Resource) -> Judgement | None:
    """Parameters whose name announces a credential; the values are not read."""
    kind = named_like_a_secret(row.text("Name").rpartition("/")[2])
    if kind is None:
        return None
    facts = row.evidence("Type")
    if row.text("Type") == "SecureString":
        return met(f"the parameter, by its name a {kind}, is encrypted", facts)
    return gap(
        f"the parameter, by its name a {kind}, has type {row.text('Type')}: its value is kept in plain text",
        facts,
        confidence=Confidence.MEDIUM,
    )


def _judged(found: list[str], clean: str, facts: Evidence) -> Judgement:
    if not found:
        return met(clean, facts)
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return gap(f"credentials in plain text: {', '.join(found[:4])}{more}", facts)


def _forms(row: Resource, variables: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401
    """The fingerprints of variables, as the collector writes them."""
    if not isinstance(variables, Mapping) or not all(isinstance(one, Mapping) for one in variables.values()):
        raise EvidenceMissing(f"the variables of {row.where} are not in the form of fingerprints")
    return variables


def _kinds(script: Any) -> list[str]:  # noqa: ANN401
    return [str(one.get("kind")) for one in script.get("secrets", ())] if isinstance(script, Mapping) else []
