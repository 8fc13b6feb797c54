"""Resources of services that no table of ours knows, by the forms of ARNs that AWS publishes.

What it does: fills the variables of an action's ARN forms from members of the request that bear the variable's name, or
takes an ARN of the service that the request gives. What it does not do: guess: a form with a variable that no member
names is left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from watchword.analysis.iam.universe import default
from watchword.lab.gate.reading import Asked

_VARIABLE = re.compile(r"\$\{([^}]+)\}")

# What a member may be called beyond the variable's own name.
_ENDINGS: Final = ("", "name", "id", "identifier")


def is_on_everything(action: str) -> bool:
    """Whether an action is authorised on `*` only, whatever its request names."""
    found = default().find(action)
    return found is not None and not found.resources


def arns(asked: Asked, action: str, account: str) -> Iterator[str]:
    """The resources of an action, by the first of its types that the request tells."""
    given = {name.lower(): value for name, value in asked.params.items() if isinstance(value, str)}
    prefix = action.partition(":")[0]
    start = f"arn:aws:{prefix}:"
    whole = [value for name, value in given.items() if name.endswith("arn") and value.startswith(start)]
    if whole:
        yield whole[0]
        return
    for form in _forms(action):
        filled = _filled(form, given, {"Partition": "aws", "Region": asked.region, "Account": account})
        if filled is not None:
            yield filled
            return


def _filled(form: str, given: Mapping[str, str], known: Mapping[str, str]) -> str | None:
    """A form with every variable filled; None where one is not told."""
    values = dict(known)
    for variable in _VARIABLE.findall(form):
        value = values.get(variable) or next(
            (given[name] for name in _names(variable) if name in given), None
        )
        if value is None:
            return None
        values[variable] = value
    return _VARIABLE.sub(lambda found: values[found[1]], form)


def _names(variable: str) -> list[str]:
    """What a member may be called that tells a variable: "AppId" by appid, appname, app."""
    stems = [variable.lower().removesuffix(ending) for ending in _ENDINGS]
    return [f"{stem}{ending}" for stem in stems if stem for ending in _ENDINGS]


def _forms(action: str) -> Iterator[str]:
    """The ARN forms of the action's resource types, required ones first."""
    found = default().find(action)
    if found is None:
        return
    for wanted in sorted(found.resources, key=lambda each: not each.required):
        kind = default().resource_type(found.service, wanted.type)
        if kind is not None:
            yield from kind.arn_templates
