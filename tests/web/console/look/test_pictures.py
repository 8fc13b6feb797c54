"""Pictures drawn as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.web.console.look.pictures import QUIET, qr

LINK = "otpauth://totp/Company%20ABC:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Company%20ABC"


def modules(svg: str) -> list[list[int]]:
    """The picture read back, module by module, without its quiet zone."""
    root = ET.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    seen = [[0] * size for _ in range(size)]
    path = next(one for one in root.iter() if one.tag == "path")
    for x, y, length, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"]):
        assert length == back
        for at in range(int(x), int(x) + int(length)):
            seen[int(y)][at] += 1
    edge = [*range(QUIET), *range(size - QUIET, size)]
    assert not any(seen[y][x] or seen[x][y] for y in edge for x in range(size))
    return [row[QUIET:-QUIET] for row in seen[QUIET:-QUIET]]


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=300))
def test_a_code_shows_each_module_once_where_it_belongs(text: str) -> None:
    matrix = segno.make(text, error="m", micro=False, boost_error=False).matrix
    assert modules(qr(text, "code")) == [list(row) for row in matrix]


def test_a_code_has_no_style_in_its_markup_and_a_title_that_is_escaped() -> None:
    svg = qr(LINK, "<b>")
    assert "style=" not in svg
    assert "<title>&lt;b&gt;</title>" in svg
    assert LINK not in svg
