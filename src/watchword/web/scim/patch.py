"""PATCH: a list of operations on a document, all of them or none (RFC 7644 §3.5.2).

``applied`` gives a new document and leaves the old one as it was; where an operation cannot be done it raises, and nothing has
happened.  What the RFC leaves open, and the dialects of large identity providers:

- Names of operations are read in whatever case ("Add").
- Without a path, keys of the value may be paths themselves: ``name.familyName``, ``urn:…:User:department``,
  ``emails[type eq "work"].value``.  Unknown and read-only ones are passed over, as they are in a POST.
- ``remove`` with a value removes only those values of a multi-valued attribute: ``members`` with ``[{"value": "…"}]``.
- ``remove`` of what is not there is no error: what it asks for is so already.
- ``add`` to ``emails[type eq "work"].value`` where there is no such value makes one, with what the filter says it is.
- A value may be wrapped: ``[{"value": "x"}]`` or ``{"value": "x"}`` for a plain attribute, ``"x"`` for a complex one.
- Null and an empty text remove.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from watchword.model.scim import Compared, Document, Every, Filter, Operator, ScimRefused, fold
from watchword.web.scim.filters import PatchPath, parse_path
from watchword.web.scim.matching import Test, inside, is_empty, matcher
from watchword.web.scim.resources import distinct, identity, said_schemas, settled, value_of
from watchword.web.scim.schemas import Attribute, Mutability, ResourceType, Target, Type

PATCH_URN: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST: Final = 1_000
"""Operations of one request."""
MOST_KEYS: Final = 200
"""Keys of a value without a path."""


class Op(StrEnum):
    """What an operation does."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; ``path`` is ``None`` where the resource itself is meant."""

    op: Op
    path: PatchPath | None
    value: Any = None


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation on one place: the attribute, which of its values are meant, and what about them."""

    op: Op
    target: Target
    within: Filter | None
    value: Any

    @property
    def attribute(self) -> Attribute:
        return self.target.attribute


def operations(body: object) -> tuple[Operation, ...]:
    """The operations of a request.

    Raises:
        ScimRefused: 400 ``invalidSyntax``, ``invalidPath`` or ``noTarget``.
    """
    if not isinstance(body, Mapping):
        raise _refused("the body is no JSON object", "invalidSyntax")
    said_schemas(body, PATCH_URN)
    each = _named(body).get("operations")
    if not isinstance(each, list) or not 0 < len(each) <= MOST:
        raise _refused(f"Operations must be a list of 1 to {MOST} operations", "invalidSyntax")
    return tuple(_operation(one) for one in each)


def applied(kind: ResourceType, document: Document, each: tuple[Operation, ...]) -> dict[str, Any]:
    """The document after all operations, as it may be kept.

    Raises:
        ScimRefused: 400 ``invalidPath``, ``noTarget``, ``mutability``, ``invalidFilter``, ``invalidValue``; 413: too large.
    """
    work: dict[str, Any] = _copied(document)
    for one in each:
        if one.path is None:
            _without_path(kind, work, one)
        else:
            _at(work, _step(kind, one.op, one.path, one.value))
    return settled(kind, work)


def _copied(value: Any) -> Any:  # noqa: ANN401
    """A copy whose objects and lists may be changed; the values of lists are replaced as a whole, never changed."""
    if isinstance(value, Mapping):
        return {name: _copied(one) for name, one in value.items()}
    return list(value) if isinstance(value, list | tuple) else value


def _operation(raw: object) -> Operation:
    given = _named(raw) if isinstance(raw, Mapping) else {}
    name, path, value = given.get("op"), given.get("path"), given.get("value")
    try:
        op = Op(fold(name) if isinstance(name, str) else "")
    except ValueError:
        raise _refused("op must be add, replace or remove", "invalidSyntax") from None
    if path is not None and not isinstance(path, str):
        raise _refused("path must be a text", "invalidPath")
    if op is Op.REMOVE and not path:
        raise _refused("remove needs a path", "noTarget")
    if op is not Op.REMOVE and "value" not in given:
        raise _refused(f"{op} needs a value", "invalidValue")
    if not path and not isinstance(value, Mapping):
        raise _refused("without a path the value must be an object", "invalidValue")
    return Operation(op, parse_path(path) if path else None, value)


def _named(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {fold(name): value for name, value in raw.items()}


def _refused(what: str, scim_type: str) -> ScimRefused:
    return ScimRefused(400, what, scim_type=scim_type)


def _without_path(kind: ResourceType, work: dict[str, Any], one: Operation) -> None:
    """Take each key of the value as a path."""
    if len(one.value) > MOST_KEYS:
        raise _refused(f"the value has more than {MOST_KEYS} keys", "invalidValue")
    for key, value in one.value.items():
        try:
            path = parse_path(key)
        except ScimRefused:
            continue
        target = kind.resolve(path.path)
        if target is None or target.attribute.read_only or target.leaf.read_only:
            continue
        _at(work, _step(kind, one.op, path, value))


def _step(kind: ResourceType, op: Op, path: PatchPath, value: Any) -> _Step:  # noqa: ANN401
    """The place of an operation, which must be there and may be written."""
    target = kind.resolve(path.path)
    if target is None:
        raise _refused(f"there is no attribute {str(path.path)[:200]}", "invalidPath")
    if target.attribute.read_only or target.leaf.read_only:
        raise _refused(f"{target.path} is read-only", "mutability")
    if path.within is not None and not target.attribute.multi:
        raise _refused(f"{target.attribute.name} has one value, of which none can be chosen", "invalidPath")
    if target.attribute.multi and target.sub is not None and target.sub.mutability is Mutability.IMMUTABLE:
        raise _refused(f"{target.path} cannot be changed; remove the value, and add another", "mutability")
    if op is Op.REMOVE and target.leaf.required and path.within is None and not target.attribute.multi:
        raise _refused(f"{target.path} is required", "mutability")
    return _Step(op, target, path.within, value)


def _at(work: dict[str, Any], step: _Step) -> None:
    """Do one step on the document that is being made."""
    holder_name = step.target.holder
    holder = work.setdefault(holder_name, {}) if holder_name else work
    if step.attribute.multi:
        _several(holder, step)
    elif step.target.sub is not None:
        parent = holder.setdefault(step.attribute.name, {})
        _put(parent, step.target.sub, step)
        _prune(holder, step.attribute.name)
    else:
        _put(holder, step.attribute, step)
    if holder_name:
        _prune(work, holder_name)


def _prune(holder: dict[str, Any], name: str) -> None:
    if is_empty(holder.get(name)):
        holder.pop(name, None)


def _put(holder: dict[str, Any], attribute: Attribute, step: _Step) -> None:
    """Write an attribute with one value; of a complex one, the sub-attributes that are given."""
    raw = _unwrapped(attribute, step.value)
    value = None if step.op is Op.REMOVE else value_of(attribute, raw)
    old = holder.get(attribute.name)
    merges = isinstance(raw, Mapping) or (isinstance(raw, str) and value is not None)
    if attribute.mutability is Mutability.IMMUTABLE and old is not None and value != old:
        raise _refused(f"{attribute.name} cannot be changed", "mutability")
    if step.op is not Op.REMOVE and attribute.type is Type.COMPLEX and isinstance(old, Mapping) and merges:
        holder[attribute.name] = _merged(attribute, old, raw, value or {})
        _prune(holder, attribute.name)
    elif value is None:
        holder.pop(attribute.name, None)
    else:
        holder[attribute.name] = value


def _merged(
    attribute: Attribute,
    old: Mapping[str, Any],
    raw: object,
    new: Mapping[str, Any],
) -> dict[str, Any]:
    """A complex value with the sub-attributes of another: what is given as null goes, what is not given stays."""
    given = _named(raw) if isinstance(raw, Mapping) else {}
    gone = {one.name for one in attribute.sub if fold(one.name) in given and one.name not in new}
    merged: dict[str, Any] = {name: value for name, value in old.items() if name not in gone}
    for name, value in new.items():
        child = attribute.child(name)
        below = merged.get(name)
        if (
            child is not None
            and child.type is Type.COMPLEX
            and isinstance(below, Mapping)
            and not child.multi
        ):
            merged[name] = _merged(child, below, given.get(fold(name)), value)
        else:
            merged[name] = value
    return merged


def _unwrapped(attribute: Attribute, raw: Any) -> Any:  # noqa: ANN401
    """A value without the list or object around it that some clients write for an attribute with one value."""
    if attribute.multi:
        return raw
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if attribute.type is not Type.COMPLEX and isinstance(raw, Mapping):
        return _named(raw).get("value", raw)
    return raw


def _several(holder: dict[str, Any], step: _Step) -> None:
    """Do a step on a multi-valued attribute."""
    values: list[Any] = list(holder.get(step.attribute.name) or [])
    if step.within is None and step.target.sub is None:
        made = _all(values, step)
    else:
        made = _chosen(values, step)
    if made:
        holder[step.attribute.name] = distinct(step.attribute, made)
    else:
        holder.pop(step.attribute.name, None)


def _all(values: list[Any], step: _Step) -> list[Any]:
    """A step on the attribute as a whole."""
    attribute = step.attribute
    given = value_of(attribute, step.value) or []
    if step.op is Op.REMOVE:
        return [] if is_empty(step.value) else _less(attribute, values, given)
    if step.op is Op.REPLACE:
        return list(given)
    known = {identity(attribute, _plain(attribute, one)) for one in values}
    fresh = [one for one in given if identity(attribute, one) not in known]
    return _one_primary(values, fresh)


def _less(attribute: Attribute, values: list[Any], given: list[Any]) -> list[Any]:
    """Values without those given, which are told by ``value`` where they have one."""

    def told(one: Any) -> str:  # noqa: ANN401
        by_value = isinstance(one, Mapping) and "value" in one
        return str(one["value"]) if by_value else identity(attribute, _plain(attribute, one))

    gone = {told(one) for one in given}
    return [one for one in values if told(one) not in gone]


def _plain(attribute: Attribute, value: Any) -> Any:  # noqa: ANN401
    """A value without what only we write."""
    if not isinstance(value, Mapping):
        return value
    return {one.name: value[one.name] for one in attribute.sub if not one.read_only and one.name in value}


def _one_primary(values: list[Any], fresh: list[Any]) -> list[Any]:
    """Old values and new ones; where a new one is primary, the old ones are no longer (RFC 7644 §3.5.2)."""
    if any(isinstance(one, Mapping) and one.get("primary") is True for one in fresh):
        values = [_no_primary(one) for one in values]
    return [*values, *fresh]


def _no_primary(one: Any) -> Any:  # noqa: ANN401
    return {**one, "primary": False} if isinstance(one, Mapping) and one.get("primary") is True else one


def _chosen(values: list[Any], step: _Step) -> list[Any]:
    """A step on the values within a filter, or on a sub-attribute of all values."""
    test: Test = lambda _: True  # noqa: E731
    if step.within is not None:
        test = matcher(step.within, inside(step.attribute))
    hits = [isinstance(one, Mapping) and test(one) for one in values]
    if step.op is Op.REMOVE and step.target.sub is None:
        return [one for one, hit in zip(values, hits, strict=True) if not hit]
    if not any(hits):
        return _none_chosen(values, step)
    changed = [_changed(one, step) if hit else one for one, hit in zip(values, hits, strict=True)]
    primary = [hit and one.get("primary") is True for one, hit in zip(changed, hits, strict=True)]
    if any(primary) and _sets_primary(step):
        changed = [one if ours else _no_primary(one) for one, ours in zip(changed, primary, strict=True)]
    return [one for one in changed if not is_empty(one)]


def _sets_primary(step: _Step) -> bool:
    sub = step.target.sub
    if sub is not None:
        return sub.name == "primary"
    return isinstance(step.value, Mapping) and "primary" in _named(step.value)


def _changed(value: Mapping[str, Any], step: _Step) -> dict[str, Any]:
    """One of the chosen values after the step."""
    one = dict(value)
    if step.target.sub is not None:
        _put(one, step.target.sub, step)
        return one
    raw = step.value[0] if isinstance(step.value, list) and len(step.value) == 1 else step.value
    made = value_of(step.attribute, raw)
    if not made or len(made) != 1:
        raise _refused(f"{step.attribute.name} needs one value here", "invalidValue")
    new = made[0]
    fixed = [one.name for one in step.attribute.sub if one.mutability is Mutability.IMMUTABLE]
    if any(value.get(name) is not None and new.get(name) != value[name] for name in fixed):
        raise _refused(f"{step.attribute.name} cannot be changed; remove it, and add another", "mutability")
    return new if step.op is Op.REPLACE else _merged(step.attribute, value, raw, new)


def _none_chosen(values: list[Any], step: _Step) -> list[Any]:
    """A step whose filter no value passes: ``add`` makes one as the filter says, ``replace`` has no target."""
    if step.op is Op.REMOVE:
        return values
    said = {} if step.within is None else _said(step.within, step.attribute)
    if said is None or (step.op is Op.REPLACE and step.within is not None):
        raise _refused(f"no value of {step.attribute.name} is meant by the path", "noTarget")
    sub = step.target.sub
    raw = step.value if sub is None else {**said, sub.name: _unwrapped(sub, step.value)}
    if sub is None and isinstance(raw, Mapping):
        raw = {**said, **raw}
    return _one_primary(values, value_of(step.attribute, raw) or [])


def _said(within: Filter, attribute: Attribute) -> dict[str, Any] | None:
    """What a value must be to pass a filter of equalities; ``None`` where the filter says something else."""
    parts = within.parts if isinstance(within, Every) else (within,)
    said: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, Compared) or part.operator is not Operator.EQ or part.value is None:
            return None
        target = inside(attribute)(part.path)
        if target is None:
            return None
        said[target.attribute.name] = part.value
    return said
