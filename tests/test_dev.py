"""./dev on machines that have less than this one: stand-ins for Python and uv write down how they were called."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Says that it is new enough and where it is; has venv, pip and pip's configuration only as told by HAS_*.
PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$*" in
    *"print(sys.executable)"*) echo "$0" ;;
    "-c "*) exit 0 ;;
    "-m venv "*)
        [ -n "${HAS_VENV:-}" ] || { echo "ensurepip is not available" >&2; exit 1; }
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip --version") [ -n "${HAS_PIP:-}" ] || exit 1 ;;
    "-m pip config get global.index-url")
        if [ -n "${PIP_CONFIGURED:-}" ]; then echo "$PIP_CONFIGURED"; else exit 1; fi ;;
    "-m pip config get"*) exit 1 ;;
    "-m pip install "*"--target "*) mkdir -p "$FAKE_ROOT/.dev/lib/bin" && cp "$FAKE_UV" "$FAKE_ROOT/.dev/lib/bin/uv" ;;
    "-m pip install "*) cp "$FAKE_UV" "$FAKE_ROOT/.dev/venv/bin/uv" ;;
    *) exit 9 ;;
esac
"""

UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
echo "index ${UV_DEFAULT_INDEX:-none}" >>"$CALLS"
case "$*" in
    --version) echo "uv 0" ;;
    "venv "*) for last; do :; done; mkdir -p "$last/bin" && cp "$WATCHWORD_PYTHON" "$last/bin/python" ;;
    "pip sync "*) [ -z "${SYNC_FAILS:-}" ] || exit 1 ;;
esac
"""


class Machine:
    """A copy of the project's set-up files in an empty place, with a machine around it that has what is told."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.calls = folder / "calls"
        self.python = folder / "python3"
        self.uv = folder / "spare" / "uv"
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        for name in ("dev", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        self.uv.parent.mkdir()
        for path, text in ((self.python, PYTHON), (self.uv, UV)):
            path.write_text(text)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def dev(self, *arguments: str, **has: str) -> subprocess.CompletedProcess[str]:
        """Runs ./dev with only the system's own commands on PATH."""
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.root),
            "CALLS": str(self.calls),
            "FAKE_UV": str(self.uv),
            "FAKE_ROOT": str(self.root),
            "WATCHWORD_PYTHON": str(self.python),
        }
        command = [str(self.root / "dev"), *arguments]
        return subprocess.run(command, env=env | has, capture_output=True, text=True, check=False)

    def called(self, tool: str) -> list[str]:
        """How a tool was called, in order."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.removeprefix(f"{tool} ") for line in lines if line.startswith(f"{tool} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def needs_no_system_uv() -> None:
    if shutil.which("uv", path="/usr/bin:/bin"):
        pytest.skip("this machine has uv among the system's commands, so its absence cannot be played")


def test_uv_is_bootstrapped_with_hashes_into_an_environment_of_its_own(machine: Machine) -> None:
    needs_no_system_uv()
    done = machine.dev("setup", HAS_VENV="1")
    assert done.returncode == 0, done.stderr
    assert "-m pip install --quiet --require-hashes -r requirements/uv.txt" in machine.called("python")
    assert any(
        "pip sync" in call and "--require-hashes requirements/dev.txt" in call
        for call in machine.called("uv")
    )


def test_without_venv_uv_is_installed_beside_it_by_pip(machine: Machine) -> None:
    needs_no_system_uv()
    done = machine.dev("setup", HAS_PIP="1")
    assert done.returncode == 0, done.stderr
    assert "has no venv" in done.stderr
    assert [call for call in machine.called("python") if "--require-hashes --target" in call]


def test_without_venv_and_pip_the_message_names_the_remedy(machine: Machine) -> None:
    needs_no_system_uv()
    done = machine.dev("setup")
    assert done.returncode == 1
    assert "neither venv/ensurepip nor pip" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_uv_in_the_home_folder_is_used_and_nothing_is_bootstrapped(machine: Machine) -> None:
    (machine.root / ".local" / "bin").mkdir(parents=True)
    shutil.copy(machine.uv, machine.root / ".local" / "bin" / "uv")
    assert machine.dev("setup").returncode == 0
    assert [call for call in machine.called("python") if call.startswith(("-m venv", "-m pip install"))] == []


def test_a_second_setup_does_nothing_until_the_requirements_change(machine: Machine) -> None:
    assert machine.dev("setup", HAS_VENV="1").returncode == 0
    machine.calls.unlink()
    assert machine.dev("setup", HAS_VENV="1").returncode == 0
    assert machine.called("uv") == []
    with (machine.root / "requirements" / "dev.txt").open("a") as file:
        file.write("# changed\n")
    assert machine.dev("setup", HAS_VENV="1").returncode == 0
    assert [call for call in machine.called("uv") if call.startswith("pip sync")]


def test_a_setup_that_failed_is_done_again(machine: Machine) -> None:
    assert machine.dev("setup", HAS_VENV="1", SYNC_FAILS="1").returncode == 1
    machine.calls.unlink()
    assert machine.dev("setup", HAS_VENV="1").returncode == 0
    assert [call for call in machine.called("uv") if call.startswith("pip sync")]


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ({}, "none"),
        ({"PIP_CONFIGURED": "https://a.invalid"}, "https://a.invalid"),
        ({"PIP_CONFIGURED": "https://a.invalid", "PIP_INDEX_URL": "https://b.invalid"}, "https://b.invalid"),
        (
            {"PIP_INDEX_URL": "https://b.invalid", "UV_DEFAULT_INDEX": "https://c.invalid"},
            "https://c.invalid",
        ),
    ],
)
def test_uv_asks_the_index_that_the_user_configured(
    machine: Machine, told: dict[str, str], used: str
) -> None:
    assert machine.dev("setup", HAS_VENV="1", **told).returncode == 0
    assert machine.called("index")[-1] == used


def test_run_passes_arguments_and_the_exit_code_through(machine: Machine) -> None:
    done = machine.dev("run", "sh", "-c", 'echo "$1|$VIRTUAL_ENV"; exit 7', "sh", "two words", HAS_VENV="1")
    assert done.stdout == f"two words|{machine.root / '.venv'}\n"
    assert done.returncode == 7


def test_an_unknown_command_is_a_usage_error_and_no_command_is_help(machine: Machine) -> None:
    assert machine.dev("dance").returncode == 2
    done = machine.dev()
    assert done.returncode == 0
    assert "./dev COMMAND" in done.stdout


def test_the_script_is_executable_and_plain_posix_shell() -> None:
    assert os.access(ROOT / "dev", os.X_OK)
    assert subprocess.run(["sh", "-n", str(ROOT / "dev")], check=False).returncode == 0


DPKG = """#!/bin/sh
for last; do :; done
case " $INSTALLED " in *" $last "*) echo "install ok installed" ;; *) exit 1 ;; esac
"""

APT = """#!/bin/sh
echo "apt-get $*" >>"$CALLS"
case "$1" in "${APT_FAILS:-nothing}") exit 100 ;; esac
"""

PACKAGES = "chromium fonts-liberation slapd ldap-utils libldap2-dev libsasl2-dev gcc libc6-dev"


def debian(machine: Machine, installed: str, **has: str) -> subprocess.CompletedProcess[str]:
    tools = machine.root.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in (("dpkg-query", DPKG), ("apt-get", APT)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return machine.dev("system", PATH=f"{tools}:/usr/bin:/bin", INSTALLED=installed, **has)


def test_what_is_missing_of_the_systems_packages_is_installed_and_nothing_else(machine: Machine) -> None:
    assert debian(machine, PACKAGES.replace("slapd ", "")).returncode == 0
    assert [call for call in machine.called("apt-get") if " install" in f" {call}"] == [
        "install --quiet=2 --yes --no-install-recommends slapd"
    ]


def test_where_all_packages_are_there_apt_is_not_even_asked(machine: Machine) -> None:
    done = debian(machine, PACKAGES)
    assert (done.returncode, done.stdout, machine.called("apt-get")) == (0, "", [])


@pytest.mark.parametrize(("fails", "said"), [("update", "update failed"), ("install", "sudo ./dev system")])
def test_an_apt_that_fails_is_told_with_the_remedy(machine: Machine, fails: str, said: str) -> None:
    done = debian(machine, "", APT_FAILS=fails)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_system_without_apt_is_told_what_it_would_miss(machine: Machine) -> None:
    tools = machine.root.parent / "few"
    tools.mkdir()
    for name in ("sh", "dirname", "grep", "cat"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = machine.dev("system", PATH=str(tools))
    assert done.returncode == 1
    assert "no apt-get" in done.stderr
    assert "chromium" in done.stderr
