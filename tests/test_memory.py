"""The allocator's setting is made where the C library has it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from watchword import memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_threads_share_few_arenas_of_the_allocator() -> None:
    assert arenas("share") <= memory.ARENAS + 1
    assert arenas("") > memory.ARENAS + 1


def arenas(how: str) -> int:
    """How many arenas twenty-four busy threads make, by what malloc_info tells."""
    script = """
import ctypes, sys, tempfile, threading
from watchword import memory
if sys.argv[1]:
    assert memory.share_arenas()
gate = threading.Barrier(24)
def work():
    kept = [bytearray(3000) for _ in range(100)]
    gate.wait()
    del kept
threads = [threading.Thread(target=work) for _ in range(24)]
for one in threads: one.start()
for one in threads: one.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
name = tempfile.mktemp()
file = ctypes.c_void_p(libc.fopen(name.encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(open(name).read().count("<heap nr="))
"""
    found = subprocess.run([sys.executable, "-c", script, how], capture_output=True, text=True, check=True)
    return int(found.stdout)
