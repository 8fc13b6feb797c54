"""What schemas are made of (RFC 7643 §7), and how an attribute path finds its attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from watchword.model.scim import AttributePath, ScimKind, fold


class Type(StrEnum):
    """Types of attributes, RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """Who may write an attribute, RFC 7643 §2.2."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """When an attribute is in an answer, RFC 7643 §2.4."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute; the defaults are those of RFC 7643 §2.2."""

    name: str
    type: Type = Type.STRING
    description: str = ""
    sub: tuple[Attribute, ...] = ()
    multi: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    unique: bool = False
    suggested: tuple[str, ...] = ()
    """``canonicalValues``: usual ones; others are taken as well."""
    refers: tuple[str, ...] = ()
    """``referenceTypes``."""
    _names: Mapping[str, Attribute] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make sub-attributes findable by name."""
        object.__setattr__(self, "_names", by_name(self.sub))

    def child(self, name: str) -> Attribute | None:
        """The sub-attribute of that name, in whatever case."""
        return self._names.get(fold(name))

    @property
    def read_only(self) -> bool:
        """Whether clients cannot write it."""
        return self.mutability is Mutability.READ_ONLY


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its URN, its name, its attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an attribute path leads: an attribute, or one of its sub-attributes.

    ``holder`` is the URN of the extension under which the attribute stands in a document; empty for the core.
    """

    holder: str
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def leaf(self) -> Attribute:
        """What is compared or written."""
        return self.sub or self.attribute

    @property
    def path(self) -> AttributePath:
        """The path as the schema spells it."""
        return AttributePath(self.attribute.name, self.sub.name if self.sub else "", self.holder)

    def values(self, document: Mapping[str, Any]) -> Iterator[Any]:
        """Every value that a document has there; nothing where it has none."""
        holder = document.get(self.holder) if self.holder else document
        found = holder.get(self.attribute.name) if isinstance(holder, Mapping) else None
        each = found if isinstance(found, list | tuple) else [found]
        for one in each:
            value = one.get(self.sub.name) if self.sub is not None and isinstance(one, Mapping) else one
            if value is not None:
                yield value


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource: where it is found, its schema and its extensions.

    An extension stands in a document as a complex attribute whose name is the extension's URN; ``attributes`` has it so.
    """

    kind: ScimKind
    endpoint: str
    description: str
    schema: Schema
    common: tuple[Attribute, ...]
    extensions: tuple[Schema, ...] = ()
    attributes: tuple[Attribute, ...] = field(default=(), init=False, compare=False)
    _names: Mapping[str, Attribute] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put all attributes together."""
        held = (
            Attribute(one.id, Type.COMPLEX, one.description, sub=one.attributes) for one in self.extensions
        )
        whole = (*self.common, *self.schema.attributes, *held)
        object.__setattr__(self, "attributes", whole)
        object.__setattr__(self, "_names", by_name(whole))

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, in whatever case; an extension by its URN."""
        return self._names.get(fold(name))

    def resolve(self, path: AttributePath) -> Target | None:
        """Where a path leads, or ``None`` where this resource has nothing of that name."""
        schema = fold(path.schema)
        if not schema or schema == fold(self.schema.id):
            found = self.attribute(path.name)
            return _target("", found, path.sub)
        whole = self.attribute(f"{path.schema}:{path.name}")
        if whole is not None and not path.sub:
            return Target("", whole)
        extension = self.attribute(path.schema)
        return None if extension is None else _target(extension.name, extension.child(path.name), path.sub)


def by_name(attributes: Iterable[Attribute]) -> dict[str, Attribute]:
    """Attributes by their names, case folded."""
    return {fold(one.name): one for one in attributes}


def _target(holder: str, attribute: Attribute | None, sub: str) -> Target | None:
    if attribute is None or not sub:
        return None if attribute is None else Target(holder, attribute)
    below = attribute.child(sub)
    return None if below is None else Target(holder, attribute, below)
