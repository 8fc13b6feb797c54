"""Measures the code against the rules of the house and refuses what breaks them.

It reads Python files with ``ast`` (standard library only) and prints sizes, complexity, how much is typed and
documented, the ratio of tests to code and the number of import cycles. It neither imports nor runs what it
measures, and it does not repeat what ruff, mypy and import-linter already check.

What is counted:

* a function's size: its lines from ``def`` to its end, without the docstring and without functions inside it;
* a file's size: all its lines;
* cyclomatic complexity (McCabe): 1 + if, for, while, except, case and loops of comprehensions;
* code for the ratio: lines that are neither blank nor only a comment, in ``src`` and ``scripts`` against ``tests``;
* import cycles: among the modules of the package, by imports that run when a module is loaded.

An exception carries its reason in the code: ``# house: why`` on the line of the ``def``, or on line 1 of the file.

Exit codes: 0 all rules hold, 1 some do not.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

PACKAGE = "watchword"
EXCUSE = re.compile(r"#\s*house:\s*\S.{7,}")
"""The comment that excuses a function or a file; eight characters are the least that can be a reason."""
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"})
UNFINISHED = "NotImplemented" + "Error"
UNTESTED = re.compile("pragma:" + r"\s*no\s+cover")
CLIENT_BUILDERS = frozenset({"create_client"})
"""Calls that build an AWS client; only aws.py and the lab may make them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds. Sizes in lines; shares and the ratio as fractions."""

    function_median: float = 8
    function_p95: float = 40
    function_max: int = 70
    file_median: float = 160
    file_max: int = 600
    complexity_max: int = 12
    typed_share: float = 1.0
    documented_share: float = 1.0
    # The aim is 1.2. A ratchet stands at what is held today, a third of the code being the lab, which is itself
    # equipment for tests: it may be raised, never lowered.
    test_ratio: float = 0.5
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method as measured; ``name`` is dotted inside its file."""

    path: Path
    line: int
    name: str
    lines: int
    complexity: int
    typed: bool
    excused: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One file as measured. ``code_lines`` leaves out blank lines and pure comments."""

    path: Path
    module: str
    lines: int
    code_lines: int
    excused: bool
    functions: tuple[Function, ...]
    public: int
    undocumented: tuple[str, ...]
    imports: frozenset[str]
    offences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    """Everything measured: the files of ``src`` and ``scripts``, and the lines of code in ``tests``."""

    sources: tuple[Source, ...]
    test_lines: int

    @property
    def functions(self) -> list[Function]:
        """All functions of all files."""
        return [function for source in self.sources for function in source.functions]

    @property
    def code_lines(self) -> int:
        """Lines of code outside tests."""
        return sum(source.code_lines for source in self.sources)


# --- one file ---------------------------------------------------------------------------------------------


def read_source(path: Path, root: Path) -> Source:
    """Measures one file.

    Args:
        path: the file.
        root: the project's folder; paths are told relative to it.

    Raises:
        SyntaxError: the file is not Python; the message names file and line.
    """
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text, filename=str(path))
    here = path.relative_to(root)
    public = list(public_definitions(tree, here.stem))
    return Source(
        path=here,
        module=module_name(here),
        lines=len(lines),
        code_lines=count_code(lines),
        excused=bool(lines) and EXCUSE.search(lines[0]) is not None,
        functions=tuple(measure_functions(tree, here, lines)),
        public=len(public),
        undocumented=tuple(f"{here}:{line} {name}" for name, line, documented in public if not documented),
        imports=frozenset(imported(tree, module_name(here), here.name == "__init__.py")),
        offences=tuple(offences(tree, here, lines)),
    )


def module_name(path: Path) -> str:
    """The dotted name of a module: ``src/watchword/model/arn.py`` is ``watchword.model.arn``."""
    parts = list(path.with_suffix("").parts)
    if parts[0] == "src":
        parts = parts[1:]
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def count_code(lines: Iterable[str]) -> int:
    """Lines that are neither blank nor only a comment."""
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))


def measure_functions(tree: ast.AST, path: Path, lines: Sequence[str]) -> Iterator[Function]:
    """Every function of a file, also nested ones and methods."""
    for name, node in named_functions(tree, ""):
        yield Function(
            path=path,
            line=node.lineno,
            name=name,
            lines=function_lines(node),
            complexity=complexity(node),
            typed=is_typed(node),
            excused=EXCUSE.search(lines[node.lineno - 1]) is not None,
        )


def named_functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    """Functions below a node with their dotted names, outermost first."""
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, FunctionNode | ast.ClassDef):
            name = f"{prefix}.{child.name}".lstrip(".")
        if isinstance(child, FunctionNode):
            yield name, child
        yield from named_functions(child, name)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes defined inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FunctionNode | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def span(node: ast.AST) -> int:
    """Lines that a node covers, with its decorators not counted."""
    return int(node.end_lineno) - int(node.lineno) + 1  # type: ignore[attr-defined]


def function_lines(node: FunctionNode) -> int:
    """The size of a function: without its docstring, without functions inside it."""
    docstring = span(node.body[0]) if ast.get_docstring(node, clean=False) is not None else 0
    inner = sum(span(child) for child in inner_functions(node))
    return span(node) - docstring - inner


def inner_functions(node: ast.AST) -> Iterator[FunctionNode]:
    """Functions defined directly inside a function, not those inside these again."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield child
        else:
            yield from inner_functions(child)


BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.comprehension,
)  # fmt: skip


def complexity(node: FunctionNode) -> int:
    """McCabe's number: how many independent paths lead through a function."""
    return 1 + sum(isinstance(child, BRANCHES) for child in own_nodes(node))


def is_typed(node: FunctionNode) -> bool:
    """Whether every argument (but self and cls) and the result have an annotation."""
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    arguments += [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    named = [argument for argument in arguments if argument.arg not in ("self", "cls")]
    return node.returns is not None and all(argument.annotation is not None for argument in named)


def public_definitions(tree: ast.Module, stem: str) -> Iterator[tuple[str, int, bool]]:
    """The public names of a module as (name, line, has a docstring), the module itself first."""
    if stem.startswith("_") and not stem.startswith("__"):
        return
    yield "the module", 1, ast.get_docstring(tree) is not None
    yield from public_members(tree.body, "")


def public_members(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, int, bool]]:
    """Public functions, classes and methods; overloads and overrides are described where they are declared."""
    for node in body:
        if not isinstance(node, FunctionNode | ast.ClassDef):
            continue
        if node.name.startswith("_") or described_elsewhere(node):
            continue
        yield prefix + node.name, node.lineno, ast.get_docstring(node) is not None
        if isinstance(node, ast.ClassDef):
            yield from public_members(node.body, f"{prefix}{node.name}.")


def described_elsewhere(node: FunctionNode | ast.ClassDef) -> bool:
    """Whether a decorator says that the description stands at another definition."""
    names = {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter", "deleter"})


# --- imports ----------------------------------------------------------------------------------------------


def imported(tree: ast.Module, module: str, is_package: bool) -> Iterator[str]:
    """Dotted names that a module imports when it is loaded, relative ones made absolute."""
    for node in loaded_statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = import_origin(node, module, is_package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def loaded_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import: not those in functions, nor under TYPE_CHECKING."""
    for node in body:
        yield node
        if isinstance(node, FunctionNode) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from loaded_statements(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from loaded_statements(handler.body)


def import_origin(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute module of a ``from … import``."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + (1 if is_package else 0)
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])


def import_graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Which module of the package loads which other one; ``from a import b`` means module a.b where there is one."""
    known = {source.module: source for source in sources if source.module.split(".")[0] == PACKAGE}
    graph: dict[str, set[str]] = {}
    for module, source in known.items():
        targets = {name if name in known else name.rpartition(".")[0] for name in source.imports}
        graph[module] = {target for target in targets if target in known and target != module}
    return graph


def import_cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that load each other in a circle, sorted; empty if there is none."""
    reach = {module: reachable(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reach[module] if module in reach[other]))
        for module in graph
        if module in reach[module]
    }
    return [list(group) for group in sorted(groups)]


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Modules that loading ``start`` leads to; ``start`` itself only if a circle leads back to it."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(graph[module])
    return seen


# --- what no file may hold --------------------------------------------------------------------------------


def offences(tree: ast.Module, path: Path, lines: Sequence[str]) -> Iterator[str]:
    """Vague file names, promises instead of code, code kept from measurement, AWS clients built elsewhere."""
    if path.stem in VAGUE_NAMES:
        yield f"{path}:1 the name {path.stem!r} does not say what the file holds"
    for number, line in enumerate(lines, 1):
        if UNTESTED.search(line):
            yield f"{path}:{number} hides code from the measurement of tests"
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None and UNFINISHED in ast.unparse(node.exc):
            yield f"{path}:{node.lineno} promises code that is not there"
        if isinstance(node, ast.Call) and builds_client(node) and not may_build_clients(path):
            yield f"{path}:{node.lineno} builds an AWS client; only aws.py does"


def builds_client(call: ast.Call) -> bool:
    """Whether a call makes an AWS client."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in CLIENT_BUILDERS


def may_build_clients(path: Path) -> bool:
    """Only src/watchword/aws.py builds clients; the lab plays AWS and may as well."""
    return path.parts[1:3] in ((PACKAGE, "aws.py"), (PACKAGE, "lab"))


# --- the whole --------------------------------------------------------------------------------------------


def python_files(folder: Path) -> list[Path]:
    """All Python files below a folder, sorted; none if the folder is not there."""
    return sorted(folder.rglob("*.py"))


def measure(root: Path) -> House:
    """Measures a project that has ``src``, ``scripts`` and ``tests`` below ``root``."""
    code = [*python_files(root / "src"), *python_files(root / "scripts")]
    tests = python_files(root / "tests")
    return House(
        sources=tuple(read_source(path, root) for path in code),
        test_lines=sum(count_code(path.read_text(encoding="utf-8").splitlines()) for path in tests),
    )


def quantile(values: Sequence[int], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed; 0 for no values."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def fraction(part: int, whole: int) -> float:
    """A share; of nothing, everything holds."""
    return part / whole if whole else 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary: a measure, its limit, and whether it holds."""

    label: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value is on the right side of the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{'ok ' if self.holds else 'NO '} {self.label:<34}{self.value:>9.4g}   {sign} {self.limit:g}"


def summary(house: House, limits: Limits) -> list[Line]:
    """The measures of the whole house against their limits; excused functions and files do not count as worst."""
    functions = house.functions
    sizes = [function.lines for function in functions]
    files = [source.lines for source in house.sources]
    unexcused = [function for function in functions if not function.excused]
    public = sum(source.public for source in house.sources)
    undocumented = sum(len(source.undocumented) for source in house.sources)
    typed = sum(function.typed for function in functions)
    return [
        Line("function lines, median", quantile(sizes, 0.5), limits.function_median),
        Line("function lines, 95th percentile", quantile(sizes, 0.95), limits.function_p95),
        Line("function lines, most", max((f.lines for f in unexcused), default=0), limits.function_max),
        Line("file lines, median", quantile(files, 0.5), limits.file_median),
        Line(
            "file lines, most",
            max((s.lines for s in house.sources if not s.excused), default=0),
            limits.file_max,
        ),
        Line("complexity, most", max((f.complexity for f in unexcused), default=0), limits.complexity_max),
        Line("functions typed", fraction(typed, len(functions)), limits.typed_share, at_least=True),
        Line(
            "public names documented",
            fraction(public - undocumented, public),
            limits.documented_share,
            at_least=True,
        ),
        Line(
            "lines of tests per line of code",
            fraction(house.test_lines, house.code_lines),
            limits.test_ratio,
            True,
        ),
        Line("import cycles", len(import_cycles(import_graph(house.sources))), limits.cycles),
    ]


def violations(house: House, limits: Limits) -> list[str]:
    """Each single place that breaks a rule, as ``path:line what``."""
    found: list[str] = []
    for source in house.sources:
        if source.lines > limits.file_max and not source.excused:
            found.append(f"{source.path}:1 has {source.lines} lines, over {limits.file_max}")
        found += [f"{place} has no docstring" for place in source.undocumented]
        found += source.offences
        found += [text for function in source.functions for text in function_violations(function, limits)]
    cycles = import_cycles(import_graph(house.sources))
    return found + [f"import cycle: {' <-> '.join(cycle)}" for cycle in cycles]


def function_violations(function: Function, limits: Limits) -> Iterator[str]:
    """What one function breaks; size and complexity can be excused, missing types cannot."""
    place = f"{function.path}:{function.line} {function.name}"
    if not function.typed:
        yield f"{place} has arguments or a result without a type"
    if function.lines > limits.function_max and not function.excused:
        yield f"{place} has {function.lines} lines, over {limits.function_max}"
    if function.complexity > limits.complexity_max and not function.excused:
        yield f"{place} has complexity {function.complexity}, over {limits.complexity_max}"


def worst(house: House, count: int = 10) -> Iterator[str]:
    """The longest and the most complex functions and the longest files, for those who want to improve something."""
    yield "longest functions:"
    for function in sorted(house.functions, key=lambda each: -each.lines)[:count]:
        yield f"  {function.lines:4}  {function.path}:{function.line} {function.name}"
    yield "most complex functions:"
    for function in sorted(house.functions, key=lambda each: -each.complexity)[:count]:
        yield f"  {function.complexity:4}  {function.path}:{function.line} {function.name}"
    yield "longest files:"
    for source in sorted(house.sources, key=lambda each: -each.lines)[:count]:
        yield f"  {source.lines:4}  {source.path}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the measures and what breaks a rule; gives the exit code."""
    parser = argparse.ArgumentParser(description="Measure the code against the rules of the house.")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent, help="project folder"
    )
    parser.add_argument("--list", action="store_true", help="also show the worst ten of each kind")
    options = parser.parse_args(arguments)
    house = measure(options.root)
    lines = summary(house, Limits())
    broken = violations(house, Limits())
    print(*lines, sep="\n")
    if options.list:
        print(*worst(house), sep="\n")
    if broken:
        print("broken rules:", *broken, sep="\n  ")
    return 1 if broken or not all(line.holds for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
