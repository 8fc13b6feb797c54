"""The table of ends of support is well formed, and versions are looked up in it without guessing."""

from datetime import date

import pytest

from watchword.controls.endpoints.lifecycle import line_of_platform, lines, version_of_platform


@pytest.mark.parametrize("line", lines().values(), ids=lambda line: line.key)
def test_every_product_has_a_source_and_its_extension_ends_later(line) -> None:
    assert line.source.startswith("https://")
    assert line.ends
    assert line.extended.keys() <= line.ends.keys()
    assert all(end > line.ends[version] for version, end in line.extended.items())


@pytest.mark.parametrize(
    ("product", "version", "release"),
    [
        ("postgres", "16.7", "16"),
        ("postgres", "9.6.24", "9.6"),
        ("postgres", "1", None),
        ("amazon-linux", "2", "2"),
        ("amazon-linux", "2023", "2023"),
        ("amazon-linux", "2023.6.20250115", "2023"),
        ("ubuntu", "22.04", "22.04"),
        ("red-hat", "8.10", "8"),
        ("red-hat", "80", None),
        ("mysql", "8.0.41", "8.0"),
        ("lambda", "python3.13", "python3.13"),
        ("lambda", "python3.1", None),
        ("windows-server", "2012 R2 Standard", "2012 R2"),
        ("windows-server", "2012 Datacenter", "2012"),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.5", "5.7"),
    ],
)
def test_a_version_belongs_to_the_longest_listed_release_that_begins_it(product, version, release) -> None:
    assert lines()[product].release(version) == release


@pytest.mark.parametrize(
    ("platform", "version", "product", "looked_up"),
    [
        ("Amazon Linux AMI", "2018.03", "amazon-linux", "2018.03"),
        ("Ubuntu", "24.04", "ubuntu", "24.04"),
        ("Microsoft Windows Server 2019 Datacenter", "10.0.17763", "windows-server", "2019 Datacenter"),
        ("Red Hat Enterprise Linux Server", "7.9", "red-hat", "7.9"),
    ],
)
def test_a_platform_is_found_by_the_name_that_systems_manager_gives(
    platform, version, product, looked_up
) -> None:
    line = line_of_platform(platform)
    assert line is not None
    assert line.key == product
    assert version_of_platform(line, platform, version) == looked_up


def test_an_unlisted_platform_is_not_guessed() -> None:
    assert line_of_platform("Haiku") is None


def test_dates_are_days() -> None:
    assert lines()["lambda"].ends["python3.8"] == date(2024, 10, 14)
