"""The lab's people: there once, with what they type in a file of their own, whatever happens on the way."""

from __future__ import annotations

import json
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchword import clock
from watchword.access import people, roles
from watchword.access.people import Search
from watchword.lab import people as cast
from watchword.lab.console import told
from watchword.lab.people import CAST, LabPeopleMissing, Sample, load, settle
from watchword.lab.staff import directories
from watchword.model.people import Principal, PrincipalKind, PrincipalStatus
from watchword.model.roles import ASSIGNABLE
from watchword.store.state import factor_store
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.login import sign_in
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.desk import Desk, Policy
from watchword.web.login.passkeys import Site
from watchword.web.login.progress import Asked, SignedIn
from watchword.web.login.tokens import draw
from watchword.web.serve import Setup, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


def settings(folder: Path) -> Setup:
    web = WebSettings(company="Company ABC", passwords=True)
    return Setup(web, f"sqlite:///{folder}/state.sqlite", folder, tell=lambda _: None)


@pytest.fixture(scope="module")
def plane(folder: Path) -> Iterator[ControlPlane]:
    with opened(settings(folder)) as made:
        settle(made, folder)
        yield made


def who(plane: ControlPlane, user_name: str) -> Principal:
    with plane.database.reading() as connection:
        found = factor_store.by_user_name(connection, "local", user_name)
    assert found is not None
    return found


def test_there_is_one_of_each_role_who_is_active(plane: ControlPlane) -> None:
    for user_name, name, role in CAST:
        one = who(plane, user_name)
        given = {each.role for each in roles.every(plane.database, principal=one.id)}
        assert (one.display_name, one.status, given) == (name, PrincipalStatus.ACTIVE, {role} & ASSIGNABLE)


def test_the_guest_has_a_sponsor_of_the_company_and_an_end(plane: ControlPlane) -> None:
    guest = who(plane, "gino")
    assert guest.kind is PrincipalKind.GUEST
    assert guest.sponsor == who(plane, "uma").id
    assert guest.end_date is not None
    assert guest.end_date > clock.now()


@pytest.mark.parametrize("user_name", [one[0] for one in CAST])
def test_each_signs_in_with_password_and_code(plane: ControlPlane, folder: Path, user_name: str) -> None:
    one = next(sample for sample in load(folder) if sample.user_name == user_name)
    web = plane.settings
    policy = Policy(preset=plane.preset, passwords=True)
    desk = Desk(plane.database, plane.vault, Site.of(web.public_url, web.company), policy)
    now = clock.now()
    visit = Visit(Arrival("192.0.2.7"), now, secrets.token_bytes, browser=draw(secrets.token_bytes))
    asked = sign_in.prove_password(desk, user_name, one.password, visit)
    assert isinstance(asked, Asked)
    signed = sign_in.prove_totp(desk, asked.flow, one.code(now), visit)
    assert isinstance(signed, SignedIn)
    assert signed.session.principal == who(plane, user_name).id


def test_what_they_type_is_for_the_owner_of_the_file_only_and_in_no_repr(
    folder: Path, plane: ControlPlane
) -> None:
    assert stat.S_IMODE((folder / cast.FILE).stat().st_mode) == 0o600
    for one in load(folder):
        assert one.password not in repr(one)
        assert one.seed not in repr(one)


def test_a_second_start_changes_nothing(folder: Path, plane: ControlPlane) -> None:
    before = [*people.find(plane.database, Search())]
    assert settle(plane, folder) == load(folder)
    assert [*people.find(plane.database, Search())] == before


@pytest.mark.parametrize("after", range(1, 6))
def test_a_crash_on_the_way_is_made_good_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The process dies while the lab makes its people: after so many of them, with one half made."""
    real, count = cast._equip, 0

    def dies(*given: object) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt
        real(*given)  # type: ignore[arg-type]

    with opened(settings(tmp_path)) as plane:
        monkeypatch.setattr(cast, "_equip", dies)
        with pytest.raises(KeyboardInterrupt):
            settle(plane, tmp_path)
        words = load(tmp_path)
        monkeypatch.setattr(cast, "_equip", real)
        assert settle(plane, tmp_path) == words
        for user_name, _, role in CAST:
            one = who(plane, user_name)
            with plane.database.reading() as connection:
                kinds = [each.kind.value for each in factor_store.of_principal(connection, one.id)]
            assert sorted(kinds) == ["password", "totp"]
            assert len(roles.every(plane.database, principal=one.id)) == (role in ASSIGNABLE)


def test_without_the_file_it_is_told_how_to_begin_anew(tmp_path: Path) -> None:
    with pytest.raises(LabPeopleMissing) as missing:
        load(tmp_path)
    assert "serve --lab" in missing.value.remedy
    (tmp_path / cast.FILE).write_text(json.dumps([{"user_name": "ada"}]))
    with pytest.raises(LabPeopleMissing):
        load(tmp_path)


def test_the_table_names_each_with_role_password_and_the_code_of_the_moment() -> None:
    now = clock.now()
    one = Sample("ada", "Ada", "administrator", "aaaa-bbbb", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    line = list(told([one], now))[-1]
    assert line.split() == ["ada", "administrator", "aaaa-bbbb", one.code(now)]


def test_the_directories_of_the_company_say_the_same_each_time_they_are_read() -> None:
    now = clock.now()
    for _, _, reader in directories(now).values():
        assert list(reader.accounts()) == list(reader.accounts())
        members = {one for group in reader.groups() for one in group.accounts}
        assert members == {one.subject for one in reader.accounts()}
        inner = {one for group in reader.groups() for one in group.groups}
        assert inner <= {group.subject for group in reader.groups()}
