"""What a terminal gets: colours or none, and lines that fit."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.commands.conftest import NO_WAY_TO_AWS, as_process

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(folder: Path, columns: int, *arguments: str | Path, **env: str) -> str:
    """What a command draws on a terminal of so many columns, standard error included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    left = ("AWS_", "WATCHWORD_", "NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "PY_COLORS", "TERM", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left)}
    process = subprocess.Popen(
        [sys.executable, "-m", "watchword", *map(str, arguments)],
        cwd=folder,
        env=kept | NO_WAY_TO_AWS | {"TERM": "xterm-256color"} | env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    process.wait(60)
    os.close(ours)
    return b"".join(pieces).decode()


@pytest.mark.parametrize("columns", [60, 80, 150])
def test_the_summary_fits_the_terminal(assessed: Path, tmp_path: Path, columns: int) -> None:
    # The paths of the files stand as they are, so that they can be copied.
    judge = ("assess", "--snapshot", "latest", "--store", assessed, "-o", "out")
    drawn = STYLE.sub("", on_a_terminal(tmp_path, columns, *judge))
    lines = [line.rstrip() for line in drawn.splitlines() if not line.startswith("Data:")]
    assert "Do this next" in drawn
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("columns", [40, 100])
def test_the_list_of_controls_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    drawn = STYLE.sub("", on_a_terminal(tmp_path, columns, "controls", "list"))
    assert max(len(line.rstrip()) for line in drawn.splitlines()) <= columns


def test_a_terminal_gets_colours_and_none_where_none_are_wanted(assessed: Path, tmp_path: Path) -> None:
    judge = ("assess", "--snapshot", "latest", "--store", assessed, "-o", "out")
    coloured = on_a_terminal(tmp_path, 100, *judge)
    plain = on_a_terminal(tmp_path, 100, *judge, NO_COLOR="1")
    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    assert STYLE.sub("", plain) == STYLE.sub("", coloured)


def test_an_error_has_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    wrong = ("controls", "show", "XX-99")
    assert COLOUR.search(on_a_terminal(tmp_path, 100, *wrong))
    assert not COLOUR.search(on_a_terminal(tmp_path, 100, *wrong, NO_COLOR="1"))


def test_help_has_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    assert not COLOUR.search(on_a_terminal(tmp_path, 100, "assess", "--help", NO_COLOR="1"))


def test_a_pipe_gets_no_colours(assessed: Path, tmp_path: Path) -> None:
    ended = as_process("assess", "--snapshot", "latest", "--store", assessed, "-o", "out", folder=tmp_path)
    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "watchword", "policy", "readonly"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    told = process.stderr.read()
    process.wait(60)
    assert "Traceback" not in told
    assert "Exception ignored" not in told
