"""The script that measures the code: each rule is broken once on a made-up project and must be noticed."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.house import Limits, complexity, import_cycles, import_graph, main, measure, quantile, violations

Write = Callable[[str, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that keeps every rule: one typed, documented function, and more lines of tests than of code."""
    room = tmp_path / "src" / "watchword"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('"""A package."""\n')
    (room / "arn.py").write_text(
        '"""Names of things."""\n\n\ndef region(arn: str) -> str:\n    """The region."""\n    return arn\n'
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_arn.py").write_text("assert True\n" * 4000)
    return tmp_path


@pytest.fixture
def write(project: Path) -> Write:
    def to_package(name: str, text: str) -> None:
        path = project / "src" / "watchword" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    return to_package


def broken(project: Path) -> list[str]:
    return violations(measure(project), Limits())


def long_function(lines: int, remark: str = "") -> str:
    """A documented function that has this many lines without its docstring."""
    body = "\n".join(["    x = 1"] * (lines - 1))
    return f'"""A module."""\n\n\ndef long() -> None:{remark}\n    """Does much."""\n{body}\n'


def test_a_project_that_keeps_the_rules_passes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert broken(project) == []
    assert main(["--root", str(project)]) == 0
    assert "NO " not in capsys.readouterr().out


def test_a_function_of_70_lines_is_taken(project: Path, write: Write) -> None:
    write("long.py", long_function(70))
    assert broken(project) == []


def test_a_function_of_71_lines_is_refused(
    project: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("long.py", long_function(71))
    assert broken(project) == ["src/watchword/long.py:4 long has 71 lines, over 70"]
    assert main(["--root", str(project)]) == 1
    assert "long has 71 lines" in capsys.readouterr().out


def test_a_long_function_with_a_reason_on_its_first_line_is_taken(project: Path, write: Write) -> None:
    write("long.py", long_function(71, "  # house: one table, read from top to bottom"))
    assert broken(project) == []


@pytest.mark.parametrize("remark", ["  # house:", "  # house: ok", "  # a table, read from top to bottom"])
def test_a_remark_without_a_reason_excuses_nothing(project: Path, write: Write, remark: str) -> None:
    write("long.py", long_function(71, remark))
    assert len(broken(project)) == 1


def test_a_docstring_and_inner_functions_do_not_add_to_the_size_of_a_function(
    project: Path, write: Write
) -> None:
    write(
        "nested.py",
        '''
        """A module."""
        def outer() -> int:
            """Says
            in three
            lines."""
            def inner() -> int:
                return 1
            return inner()
        ''',
    )
    sizes = {function.name: function.lines for function in measure(project).functions}
    assert sizes == {"region": 2, "outer": 2, "outer.inner": 2}


def test_a_file_of_601_lines_is_refused_unless_its_first_line_says_why(project: Path, write: Write) -> None:
    write("tall.py", '"""A module."""\n' + "X = 1\n" * 600)
    assert broken(project) == ["src/watchword/tall.py:1 has 601 lines, over 600"]
    write("tall.py", '"""A module."""  # house: data of the standard, as printed\n' + "X = 1\n" * 600)
    assert broken(project) == []


def test_a_function_with_13_paths_is_refused(project: Path, write: Write) -> None:
    branches = "\n".join(["    if x:", "        x -= 1"] * 12)
    write("branchy.py", f'"""A module."""\ndef branchy(x: int) -> None:\n    """Decides."""\n{branches}\n')
    assert broken(project) == ["src/watchword/branchy.py:2 branchy has complexity 13, over 12"]


def test_complexity_counts_each_kind_of_branch_and_not_those_of_inner_functions() -> None:
    import ast

    tree = ast.parse(
        textwrap.dedent(
            """
            def f(x):
                for a in x:
                    while a:
                        try:
                            b = [c for c in x]
                        except ValueError:
                            pass
                match x:
                    case 1:
                        pass
                    case _:
                        pass
                def g():
                    if x:
                        pass
            """
        )
    )
    assert isinstance(tree.body[0], ast.FunctionDef)
    assert complexity(tree.body[0]) == 7


@pytest.mark.parametrize(
    "signature",
    ["(a) -> int", "(a: int)", "(*a) -> int", "(**a) -> int", "(*, a) -> int", "(a, /) -> int"],
)
def test_a_function_without_all_its_types_is_refused(project: Path, write: Write, signature: str) -> None:
    write(
        "loose.py",
        f'"""A module."""\ndef loose{signature}:  # house: types cannot be excused\n    """Is."""\n    return 1\n',
    )
    assert broken(project) == ["src/watchword/loose.py:2 loose has arguments or a result without a type"]


def test_public_names_without_a_docstring_are_refused_and_private_ones_are_not(
    project: Path, write: Write
) -> None:
    write(
        "silent.py",
        """
        class Loud:
            def said(self) -> None:
                pass

            def _kept(self) -> None:
                pass

            def __str__(self) -> str:
                return ""

        class _Quiet:
            def said(self) -> None:
                pass
        """,
    )
    assert broken(project) == [
        "src/watchword/silent.py:1 the module has no docstring",
        "src/watchword/silent.py:2 Loud has no docstring",
        "src/watchword/silent.py:3 Loud.said has no docstring",
    ]


def test_overloads_overrides_and_setters_are_described_where_they_are_declared(
    project: Path, write: Write
) -> None:
    write(
        "again.py",
        '''
        """A module."""
        import typing
        class Box:
            """Holds."""
            @typing.override
            def held(self) -> int:
                return 1
            @property
            def size(self) -> int:
                """The size."""
                return 1
            @size.setter
            def size(self, value: int) -> None:
                pass
        @typing.overload
        def of(x: int) -> Box: ...
        ''',
    )
    assert broken(project) == []


def test_two_modules_that_load_each_other_are_a_cycle(project: Path, write: Write) -> None:
    write("egg.py", '"""Egg."""\nfrom watchword import hen\n')
    write("hen.py", '"""Hen."""\nfrom watchword.egg import shell\n')
    assert broken(project) == ["import cycle: watchword.egg <-> watchword.hen"]


def test_a_cycle_through_three_modules_and_relative_imports_is_found(project: Path, write: Write) -> None:
    write("room/__init__.py", '"""A room."""\nfrom .a import x\n')
    write("room/a.py", '"""A."""\nfrom . import b\n')
    write("room/b.py", '"""B."""\nfrom .c import y\n')
    write("room/c.py", '"""C."""\nimport watchword.room.a\n')
    cycles = import_cycles(import_graph(measure(project).sources))
    assert cycles == [["watchword.room.a", "watchword.room.b", "watchword.room.c"]]


def test_a_package_and_its_module_that_load_each_other_are_a_cycle(project: Path, write: Write) -> None:
    write("room/__init__.py", '"""A room."""\nfrom .a import x\n')
    write("room/a.py", '"""A."""\nfrom watchword.room import y\n')
    assert broken(project) == ["import cycle: watchword.room <-> watchword.room.a"]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import json\nexcept ImportError:\n    from watchword import hen\n",
        "if 1:\n    import json\nelse:\n    from watchword import hen\n",
        "try:\n    import json\nfinally:\n    from watchword import hen\n",
        "class Egg:\n    'An egg.'\n    from watchword import hen\n",
    ],
)
def test_an_import_that_runs_in_any_branch_counts_for_cycles(project: Path, write: Write, text: str) -> None:
    write("egg.py", f'"""Egg."""\n{text}')
    write("hen.py", '"""Hen."""\nimport watchword.egg\n')
    assert broken(project) == ["import cycle: watchword.egg <-> watchword.hen"]


def test_imports_in_functions_and_for_types_only_are_no_cycle(project: Path, write: Write) -> None:
    write(
        "egg.py",
        '''
        """Egg."""
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from watchword.hen import Hen
        def lay() -> None:
            """Lays."""
            from watchword import hen
        ''',
    )
    write("hen.py", '"""Hen."""\nimport watchword.egg\n')
    assert broken(project) == []


def test_a_file_with_a_vague_name_is_refused(project: Path, write: Write) -> None:
    write("utils.py", '"""Everything."""\n')
    assert broken(project) == ["src/watchword/utils.py:1 the name 'utils' does not say what the file holds"]


def test_promised_code_is_refused_but_the_same_error_of_others_may_be_caught(
    project: Path, write: Write
) -> None:
    error = "NotImplemented" + "Error"
    write("later.py", f'"""A module."""\ntry:\n    raise {error}("later")\nexcept {error}:\n    pass\n')
    assert broken(project) == ["src/watchword/later.py:3 promises code that is not there"]


def test_code_hidden_from_the_measurement_of_tests_is_refused(project: Path, write: Write) -> None:
    write("hidden.py", '"""A module."""\nX = 1  # pragma: ' + "no cover\n")
    assert broken(project) == ["src/watchword/hidden.py:2 hides code from the measurement of tests"]


def test_aws_clients_are_built_in_one_file_and_in_the_lab_only(project: Path, write: Write) -> None:
    text = '"""A module."""\ndef client(session: object) -> object:\n    """A client."""\n    return session.create_client("iam")\n'
    for name in ("aws.py", "lab/estate.py", "collect/aws.py"):
        write(name, text)
    assert broken(project) == ["src/watchword/collect/aws.py:4 builds an AWS client; only aws.py does"]


def test_too_few_tests_fail_the_house(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "tests" / "test_arn.py").write_text("# only a comment\n\nassert True\n")
    assert main(["--root", str(project)]) == 1
    assert "NO  lines of tests per line of code" in capsys.readouterr().out


def test_the_worst_are_listed_longest_first_and_at_most_ten(
    project: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    for size in range(10, 30):
        write(f"long{size}.py", long_function(size))
    main(["--root", str(project), "--list"])
    shown = [
        line.split()
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("    ") or line.endswith(":")
    ]
    longest = shown[
        shown.index(["longest", "functions:"]) + 1 : shown.index(["most", "complex", "functions:"])
    ]
    assert [int(line[0]) for line in longest] == list(range(29, 19, -1))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0),
        ([7], 0.95, 7),
        ([1, 2, 3, 4], 0.5, 2),
        (list(range(1, 101)), 0.95, 95),
        (list(range(1, 102)), 0.95, 96),
    ],
)
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(
    values: list[int], share: float, expected: int
) -> None:
    assert quantile(values, share) == expected


def test_a_file_that_is_not_python_is_told_by_name_and_line(project: Path, write: Write) -> None:
    write("wrong.py", "def (:\n")
    with pytest.raises(SyntaxError, match=r"invalid syntax|wrong\.py") as error:
        measure(project)
    assert error.value.filename is not None
    assert error.value.filename.endswith("wrong.py")
    assert error.value.lineno == 1
