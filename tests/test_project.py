"""What holds for the project as a whole: what its files say, what it pins, what starting it loads."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import watchword

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))

# Joined from pieces, so that this file does not hold what it looks for.
FOREIGN = {
    "the host of a package registry": [
        "pypi" + r"\.org",
        "python" + "hosted",
        "registry" + r"\.npm",
        "npm" + r"js\.(org|com)",
        "j" + r"frog\.io",
        r"d\d*\.codeartifact\." + r"[a-z0-9-]+\.amazon",
    ],
    "a path of somebody's machine": [
        r"(?<![\w.])/wo" + r"rk/",
        r"\.\./sha" + "red",
        r"\.lib" + r"rary\b",
        r"/tm" + r"p/br" + "ief",
        r"/ho" + r"me/[a-z]+/",
        r"(?<![\w/])/ro" + r"ot/",
    ],
    "a word of the workshop": [
        r"\bcla" + r"ude\b",
        r"\banth" + "ropic",
        r"\bchat" + "gpt",
        r"\bsub" + r"-?agents?\b",
        r"\bfacts/" + r"\w+\.md",
        r"\b(issue|ticket|pull request) ?" + r"#?\d+",
        r"\bas an a" + r"i\b",
    ],
}

# Starting the program for its help or version must not wait for these.
HEAVY = {"alembic", "boto3", "botocore", "duckdb", "fastapi", "jinja2", "moto", "pydantic", "sqlalchemy"}


def tracked() -> list[Path]:
    """The files of the project: what git tracks, or in an unpacked archive all files but hidden folders' own."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(".")
    ]


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of each tracked file that still exists and is text."""
    for path in tracked():
        if path.is_file() and b"\0" not in (raw := path.read_bytes()):
            yield str(path.relative_to(ROOT)), raw.decode("utf-8", errors="replace")


def foreign(text: str, patterns: list[str]) -> list[str]:
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return [match.group() for match in found if match]


@pytest.mark.parametrize("kind", FOREIGN)
def test_no_tracked_file_holds(kind: str) -> None:
    assert {name: found for name, text in texts() if (found := foreign(text, FOREIGN[kind]))} == {}


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("the host of a package registry", "--index-url https://py" + "pi.org/simple"),
        ("a path of somebody's machine", "see /wo" + "rk/main"),
        ("a path of somebody's machine", "read ../sha" + "red/x"),
        ("a word of the workshop", "fixes iss" + "ue #12"),
    ],
)
def test_the_search_for_foreign_words_finds_them(kind: str, example: str) -> None:
    assert foreign(example, FOREIGN[kind])


def test_ordinary_words_are_not_taken_for_foreign_ones() -> None:
    ordinary = "framework/x /artwork/ shared/x library issue a grant, ticket office, https://docs.aws.amazon.com/ AIDA"
    assert all(foreign(ordinary, patterns) == [] for patterns in FOREIGN.values())


def pins(path: Path) -> dict[str, str]:
    """What a requirements file pins, by name: the whole entry with version, marker and hashes."""
    joined = path.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return {line.split("==")[0].split("[")[0].strip(): line for line in lines}


def test_there_are_requirements_for_running_its_extras_development_and_uv() -> None:
    assert [path.name for path in REQUIREMENTS] == [
        f"{name}.txt" for name in ("dev", "lab", "ldap", "runtime", "saml", "uv")
    ]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_a_hash_and_none_by_an_address(path: Path) -> None:
    assert pins(path)
    wrong = [
        line
        for line in pins(path).values()
        if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ]
    assert wrong == []
    assert (
        re.findall(r"\S*://\S*|\S+ @ \S+|--(?:extra-)?index-url|--find-links|file:", path.read_text()) == []
    )


def test_the_sets_of_requirements_agree_on_every_version_and_hash() -> None:
    sets = [pins(ROOT / "requirements" / f"{name}.txt") for name in ("runtime", "saml", "lab", "dev")]
    # A larger set may need a package on more systems, so the markers may differ.
    runtime, saml, lab, dev = (
        {re.sub(r"( ;.*?)?\s+--hash", " --hash", pin) for pin in each.values()} for each in sets
    )
    assert runtime - lab == set()
    assert runtime - saml == set()
    assert (lab | saml) - dev == set()


def names_in(file: str) -> set[str]:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))}


def test_the_package_asks_for_what_the_requirements_files_pin() -> None:
    assert names_in("runtime.in") == set(PROJECT["project"]["dependencies"])
    for extra in ("ldap", "saml"):
        assert names_in(f"{extra}.in") == set(PROJECT["project"]["optional-dependencies"][extra])
    assert names_in("lab.in") == set(PROJECT["project"]["optional-dependencies"]["lab"])


def test_no_lock_file_that_names_a_registry_is_tracked() -> None:
    assert [path.name for path in tracked() if path.name in {"uv.lock", "poetry.lock", "Pipfile.lock"}] == []
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_check_of_changes_runs_what_a_developer_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text().splitlines()


def test_every_make_target_only_calls_dev() -> None:
    recipes = [line.strip() for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("\t")]
    assert [line for line in recipes if not line.startswith(("@./dev ", "@echo "))] == []


def test_make_test_runs_the_checks_and_then_the_tests() -> None:
    assert shutil.which("make"), (
        "make is needed to work on watchword; install it by the system's package manager"
    )
    # The tests may run under make themselves, whose settings are not those of a make of one's own.
    alone = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    plan = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    )
    assert plan.stdout.splitlines() == ["./dev run scripts/lint", "./dev run pytest -n 2 tests"]


def test_the_version_is_the_same_in_the_code_and_in_the_package() -> None:
    assert watchword.__version__ == PROJECT["project"]["version"]


def test_the_version_has_an_entry_in_the_list_of_changes() -> None:
    assert f"## {watchword.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def start(*arguments: str) -> tuple[str, set[str]]:
    """Runs the program; gives what it printed and the top-level packages that Python loaded for it."""
    command = [sys.executable, "-X", "importtime", "-m", "watchword", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", done.stderr, re.MULTILINE)
    return done.stdout, {name.split(".")[0] for name in loaded}


def test_the_version_is_told_without_loading_anything_heavy() -> None:
    printed, loaded = start("--version")
    assert watchword.__version__ in printed
    assert "watchword" in loaded
    assert loaded & HEAVY == set()


def test_the_help_is_told_without_loading_anything_heavy() -> None:
    printed, loaded = start("--help")
    assert "Usage" in printed
    assert "watchword" in loaded
    assert loaded & HEAVY == set()
