"""The part of AWS Config's query language that the lab understands, and nothing beyond it.

    SELECT * | expression [, expression …]    expression: a property, or COUNT(*)
    [WHERE condition [AND condition …]]       condition: property = value, property IN (value, …),
                                              property LIKE 'prefix%'
    [GROUP BY property [, property …]]

Values are 'text', numbers, true and false. Whatever else the language has (OR, NOT, BETWEEN, ORDER BY, other
aggregate functions, patterns with a wildcard elsewhere than at the end) raises `NotUnderstood`: a query that were
answered in part would be answered wrongly.
https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COUNT = "COUNT(*)"

# The scalar properties that `SELECT *` stands for, and those that hold more. Nothing else stands at the top.
SCALARS = (
    "accountId",
    "awsRegion",
    "arn",
    "availabilityZone",
    "configurationItemCaptureTime",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceType",
    "version",
)
TOP = frozenset((*SCALARS, "configuration", "supplementaryConfiguration", "tags", "relationships"))

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<count>COUNT\s*\(\s*\*\s*\))|(?P<word>[A-Za-z_][\w.:\-]*)|(?P<sign>[=,()*]))",
    re.IGNORECASE,
)


class NotUnderstood(ValueError):
    """A query that AWS or the lab doesn't understand; the message says where."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property must be: one of `values`, or beginning with `prefix`. A list satisfies it by one member."""

    path: str
    values: tuple[Any, ...] = ()
    prefix: str | None = None

    def holds(self, item: Mapping[str, Any]) -> bool:
        """Whether an item satisfies it; an absent property never does."""
        found = list(_scalars(item, self.path.split(".")))
        if self.prefix is not None:
            return any(isinstance(value, str) and value.startswith(self.prefix) for value in found)
        return any(_same(value, wanted) for value in found for wanted in self.values)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: `fields` in the order asked for, COUNT(*) among them."""

    fields: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    grouping: tuple[str, ...] = ()

    @property
    def aggregates(self) -> bool:
        """Whether the answer is counts rather than resources."""
        return COUNT in self.fields or bool(self.grouping)

    def run(self, items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the answer, in the order of the items."""
        chosen = [item for item in items if all(condition.holds(item) for condition in self.conditions)]
        if not self.aggregates:
            return [_project(item, self.fields) for item in chosen]
        groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for item in chosen:
            key = tuple(repr(list(_scalars(item, path.split(".")))) for path in self.grouping)
            groups.setdefault(key, []).append(item)
        if not self.grouping:
            groups = {(): chosen}
        return [self._row(members) for members in groups.values()]

    def _row(self, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        plain = [field for field in self.fields if field != COUNT]
        row = _project(members[0], plain) if members else {}
        return {COUNT: len(members), **row} if COUNT in self.fields else row


def _same(value: Any, wanted: Any) -> bool:
    """Equality as Config has it: true is not 1, and texts are compared with their case."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _scalars(value: Any, names: Sequence[str]) -> Iterable[Any]:
    if isinstance(value, list):
        for member in value:
            yield from _scalars(member, names)
    elif not names:
        if not isinstance(value, Mapping) and value is not None:
            yield value
    elif isinstance(value, Mapping):
        for length in range(len(names), 0, -1):  # a key may contain dots itself
            key = ".".join(names[:length])
            if key in value:
                yield from _scalars(value[key], names[length:])
                return


def _project(item: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in fields:
        _merge(row, _cut(item, field.split(".")))
    return {key: _pruned(value) for key, value in row.items()}


def _cut(value: Any, names: Sequence[str]) -> Any:
    """What is left of a value when only one path in it is kept; {} stands for members that don't have it."""
    if not names:
        return value
    if isinstance(value, list):
        return [_cut(member, names) for member in value]
    if isinstance(value, Mapping) and names[0] in value:
        return {names[0]: _cut(value[names[0]], names[1:])}
    return {}


def _merge(row: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        row[key] = _merged(row[key], value) if key in row else value


def _merged(old: Any, new: Any) -> Any:
    """Two cuts of one value put together again; lists of both have the same members."""
    if isinstance(old, dict) and isinstance(new, dict):
        _merge(old, new)
        return old
    if isinstance(old, list) and isinstance(new, list):
        return [_merged(one, other) for one, other in zip(old, new, strict=True)]
    return new


def _pruned(value: Any) -> Any:
    if isinstance(value, list):
        return [_pruned(member) for member in value if member != {}]
    if isinstance(value, dict):
        return {key: _pruned(member) for key, member in value.items()}
    return value


def parse(expression: str) -> Query:
    """The query in an expression; raises `NotUnderstood`."""
    return _Parser(_tokens(expression)).query()


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, position, text = [], 0, expression.rstrip().removesuffix(";").rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            rest = text[position:].lstrip()
            raise NotUnderstood(f"unexpected '{rest[:20]}' at position {len(text) - len(rest) + 1}")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    """Descends through the tokens once, from left to right."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def query(self) -> Query:
        self._expect("SELECT")
        fields = self._fields()
        conditions: list[Condition] = []
        if self._accept("WHERE"):
            conditions.append(self._condition())
            while self._accept("AND"):
                conditions.append(self._condition())
        grouping: tuple[str, ...] = ()
        if self._accept("GROUP"):
            self._expect("BY")
            grouping = tuple(self._list_of_properties())
        if self._next < len(self._tokens):
            raise NotUnderstood(f"'{self._peek()[1]}' is not supported here")
        return _checked(Query(tuple(fields), tuple(conditions), grouping))

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "the end")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, word: str) -> bool:
        kind, text = self._peek()
        found = kind in ("word", "sign") and text.upper() == word
        self._next += found
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise NotUnderstood(f"expected {word} but found '{self._peek()[1]}'")

    def _fields(self) -> list[str]:
        if self._accept("*"):
            return list(SCALARS)
        fields = [self._field()]
        while self._accept(","):
            fields.append(self._field())
        return fields

    def _field(self) -> str:
        if self._peek()[0] == "count":
            self._next += 1
            return COUNT
        return self._property()

    def _property(self) -> str:
        text = self._take()[1]
        if text.partition(".")[0] not in TOP:
            raise NotUnderstood(f"expected a property but found '{text}'")
        return text

    def _list_of_properties(self) -> list[str]:
        found = [self._property()]
        while self._accept(","):
            found.append(self._property())
        return found

    def _condition(self) -> Condition:
        path = self._property()
        if self._accept("="):
            return Condition(path, (self._value(),))
        if self._accept("IN"):
            self._expect("(")
            values = [self._value()]
            while self._accept(","):
                values.append(self._value())
            self._expect(")")
            return Condition(path, tuple(values))
        if self._accept("LIKE"):
            return Condition(path, prefix=self._prefix())
        raise NotUnderstood(f"'{self._peek()[1]}' is not supported as a comparison")

    def _value(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise NotUnderstood(f"expected a value but found '{text}'")

    def _prefix(self) -> str:
        pattern = self._value()
        if not isinstance(pattern, str) or not pattern.endswith("%"):
            raise NotUnderstood("LIKE is supported with a text that ends in % alone")
        prefix = pattern[:-1]
        if "%" in prefix or "_" in prefix:
            raise NotUnderstood(f"the pattern '{pattern}' has a wildcard elsewhere than at its end")
        return prefix


def _checked(query: Query) -> Query:
    if query.aggregates:
        loose = [field for field in query.fields if field != COUNT and field not in query.grouping]
        if loose:
            raise NotUnderstood(f"{loose[0]} must stand in GROUP BY, because the query aggregates")
    return query
