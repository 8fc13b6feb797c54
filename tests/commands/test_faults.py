"""What a user meets when things go wrong: each fault by the whole command line, against a server that misbehaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collect.small import populate
from tests.collect.stub import (
    HTML,
    MANAGEMENT,
    PROD,
    Said,
    StubAws,
    accounts,
    assume_role,
    fails,
    says,
    stub_aws,
    xml_error,
)
from tests.commands.conftest import NO_WAY_TO_AWS, Cli, Ended
from tests.commands.quiet import directory
from tests.commands.test_results import refused

SERVICES = ("--services", "kms,secretsmanager")
Assess = Callable[..., Ended]


@pytest.fixture
def stub() -> Iterator[StubAws]:
    """A server that plays an organisation of two accounts, each with a few keys and secrets."""
    with stub_aws() as made:
        populate(made)
        yield made


@pytest.fixture
def assess(cli: Cli, stub: StubAws, tmp_path: Path) -> Assess:
    """``watchword assess`` of the stub, into ``store``, its files in ``out``."""

    def run(*more: str) -> Ended:
        return cli(*target(stub), "--store", tmp_path / "store", "-o", tmp_path / "out", *more)

    return run


def target(stub: StubAws, command: str = "assess") -> tuple[str, ...]:
    return (command, "--endpoint-url", stub.url, *SERVICES)


def document(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "out" / "assessment.json").read_text())
    return found


def holes(tmp_path: Path) -> set[tuple[str, str, str]]:
    """Account, table and reason of the holes that are not of the user's own choice."""
    found = document(tmp_path)["holes"]
    return {(one["account"], one["table"], one["reason"]) for one in found if one["reason"] != "out_of_scope"}


def snapshots(tmp_path: Path) -> list[str]:
    folder = tmp_path / "store" / "snapshots"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def test_without_credentials_it_says_how_to_get_some(
    assess: Assess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    refused(assess(), 1, "no AWS credentials", "AWS_PROFILE", "watchword lab up")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken"])
def test_credentials_that_aws_does_not_accept_are_told(
    assess: Assess, stub: StubAws, tmp_path: Path, code: str
) -> None:
    stub.on("sts", "GetCallerIdentity", xml_error(code, 403))
    refused(assess(), 1, code, "get-caller-identity")
    assert list(tmp_path.iterdir()) == []


def test_a_profile_that_is_not_there_is_told(assess: Assess) -> None:
    refused(assess("--profile", "nobody"), 1, "nobody", "--profile")


@pytest.mark.parametrize("said", [Said(HTML, kind="text/html"), Said(HTML, 403, "text/html"), Said("", 502)])
def test_a_proxy_that_answers_for_aws_is_told(
    assess: Assess, stub: StubAws, tmp_path: Path, said: Said
) -> None:
    stub.on("sts", "GetCallerIdentity", said)
    refused(assess(), 1, "did not say who you are", stub.url)
    assert list(tmp_path.iterdir()) == []


def test_an_endpoint_where_nobody_listens_is_told(cli: Cli, tmp_path: Path) -> None:
    refused(cli("assess", "--endpoint-url", "http://127.0.0.1:1"), 1, "http://127.0.0.1:1")
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_none_is_told(cli: Cli, tmp_path: Path) -> None:
    refused(cli("assess", "--endpoint-url", "nonsense"), 2, "nonsense", "--endpoint-url")
    assert list(tmp_path.iterdir()) == []


def test_a_member_account_assesses_itself_and_says_so(assess: Assess, stub: StubAws, tmp_path: Path) -> None:
    stub.on("organizations", "ListAccounts", fails("AccessDeniedException"))
    ended = assess()
    assert ended.code == 0
    said = f"only {MANAGEMENT} read: the organisation's accounts could not be listed"
    assert said in " ".join(ended.out.split())
    assert said in (tmp_path / "out" / "report.html").read_text().replace("&#39;", "'")
    assert [one["id"] for one in document(tmp_path)["accounts"]] == [MANAGEMENT]


def test_a_member_account_that_is_asked_for_the_organisation_is_refused(
    assess: Assess, stub: StubAws
) -> None:
    stub.on("organizations", "ListAccounts", fails("AWSOrganizationsNotInUseException"))
    refused(assess("--org"), 2, "AWSOrganizationsNotInUseException", "delegated administrator")


def test_what_is_denied_is_unknown_and_the_rest_is_judged(
    assess: Assess, stub: StubAws, tmp_path: Path
) -> None:
    stub.on("secretsmanager", "ListSecrets", fails("AccessDeniedException", message="not you"))
    ended = assess()
    assert ended.code == 0
    assert "2 denied" in ended.out
    assert {(one, "secretsmanager.secrets", "denied") for one in (MANAGEMENT, PROD)} <= holes(tmp_path)
    keys = [one for one in document(tmp_path)["findings"] if ":key/" in one["resource"]]
    assert keys
    assert "not you" in (tmp_path / "out" / "report.html").read_text()


def test_where_everything_is_denied_nothing_was_collected(
    assess: Assess, stub: StubAws, tmp_path: Path
) -> None:
    for service, operation in (("kms", "ListKeys"), ("secretsmanager", "ListSecrets")):
        stub.on(service, operation, fails("AccessDeniedException"))
    refused(assess(), 3, "nothing at all", "denied", "watchword policy readonly")
    assert not (tmp_path / "out").exists()


def test_an_account_in_which_there_is_nothing_is_no_failure(cli: Cli, stub: StubAws, tmp_path: Path) -> None:
    answers = {"ListKeys": {"Keys": []}, "ListAliases": {"Aliases": []}}
    for operation, answer in answers.items():
        stub.on("kms", operation, says(answer))
    ended = cli(
        "assess", "--endpoint-url", stub.url, "--services", "kms", "--no-org", "--store", tmp_path / "store"
    )
    assert ended.code == 0, ended.err


def test_throttling_that_passes_leaves_no_hole(assess: Assess, stub: StubAws, tmp_path: Path) -> None:
    calm = dict(stub.scripts)
    assess()
    expected = document(tmp_path)["findings"]
    for name in ("ListKeys", "DescribeKey"):
        stub.on(
            "kms",
            name,
            lambda asked, name=name: (
                fails("ThrottlingException") if asked.before % 2 == 0 else calm["kms", name](asked)
            ),
        )
    stub.asked.clear()
    assert assess().code == 0
    assert {reason for _, _, reason in holes(tmp_path)} <= {"not_implemented"}
    assert [one["id"] for one in document(tmp_path)["findings"]] == [one["id"] for one in expected]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(delay=3), "unreachable"),
        (Said(reset=True), "unreachable"),
        (Said(HTML, kind="text/html"), "malformed"),
        (Said("[1, 2"), "malformed"),
        (Said("", 503), "unreachable"),
    ],
    ids=["hangs", "resets", "answers a page", "answers half", "is out of service"],
)
def test_a_service_that_misbehaves_makes_holes_and_the_rest_is_judged(
    assess: Assess, stub: StubAws, tmp_path: Path, said: Said, reason: str
) -> None:
    (tmp_path / "watchword.toml").write_text("[aws]\nread_timeout = 0.4\n")
    stub.on("secretsmanager", "ListSecrets", said)
    ended = assess()
    assert ended.code == 0
    assert f"2 {reason}" in ended.out
    assert {(one, "secretsmanager.secrets", reason) for one in (MANAGEMENT, PROD)} <= {
        (one, "secretsmanager.secrets", why) for one, _, why in holes(tmp_path)
    }
    assert any(":key/" in one["resource"] for one in document(tmp_path)["findings"])


def test_an_account_that_cannot_be_entered_is_named_and_the_others_are_judged(
    assess: Assess, stub: StubAws, tmp_path: Path
) -> None:
    stub.on("sts", "AssumeRole", lambda asked: xml_error("AccessDenied", 403))
    ended = assess()
    assert ended.code == 0
    assert f"account prod ({PROD}): AccessDenied" in " ".join(ended.out.split())
    assert (PROD, "*", "not_assumed") in holes(tmp_path)
    of_prod = {one["verdict"] for one in document(tmp_path)["findings"] if one["account"] == PROD}
    assert of_prod <= {"unknown", "not_applicable"}


def test_an_account_that_cannot_be_entered_is_read_when_its_snapshot_is_resumed(
    assess: Assess, cli: Cli, stub: StubAws, tmp_path: Path
) -> None:
    stub.on("sts", "AssumeRole", xml_error("AccessDenied", 403))
    assess()
    stub.on("sts", "AssumeRole", assume_role)
    (name,) = snapshots(tmp_path)
    ended = cli(*target(stub, "collect"), "--resume", name, "--store", tmp_path / "store")
    assert (ended.code, ended.out.strip()) == (0, name), ended.err
    again = cli("assess", "--snapshot", name, "--store", tmp_path / "store", "-o", tmp_path / "out")
    assert again.code == 0
    assert "not_assumed" not in {reason for _, _, reason in holes(tmp_path)}


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
limit = int(sys.argv.pop(1))
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from watchword.__main__ import main
main()
"""
"""The command line, whose files may have so many bytes; a full disk looks like that to a writer.  It can be interrupted
though it was started by a shell in the background."""


def started(stub: StubAws, folder: Path, *more: str, limit: int = 0) -> subprocess.Popen[str]:
    """``watchword collect`` of the stub in a process of its own, whose files may have ``limit`` bytes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WATCHWORD_"))}
    return subprocess.Popen(
        [sys.executable, "-c", LIMITED, str(limit), *target(stub, "collect"), "--store", "store", *more],
        cwd=folder,
        env=kept | NO_WAY_TO_AWS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def slow(stub: StubAws) -> None:
    """Twelve members, and keys that take a while to describe."""
    many = [(f"{number:012}", f"team-{number}") for number in range(1, 13)]
    stub.on("organizations", "ListAccounts", accounts((MANAGEMENT, "management"), *many))
    stub.on("kms", "DescribeKey", lambda asked: Said(json.dumps({"KeyMetadata": {}}), delay=0.05))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)],
    ids=["killed", "interrupted"],
)
def test_a_collection_that_was_ended_is_continued_by_resume(
    cli: Cli, stub: StubAws, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    slow(stub)
    process = started(stub, tmp_path)
    until(lambda: stub.counts()["ListSecrets"] > 6)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == code, told
    assert "Traceback" not in told
    name = snapshots(tmp_path)[0]
    if number is signal.SIGINT:
        assert f"watchword collect --resume {name}" in told
    assert "unfinished" in cli("snapshots", "--store", tmp_path / "store").out
    ended = cli(*target(stub, "collect"), "--resume", "--store", tmp_path / "store")
    assert ended.code == 0, ended.err
    assert ended.out.strip() == name
    assert "unfinished" not in cli("snapshots", "--store", tmp_path / "store").out
    whole = cli(*target(stub, "collect"), "--store", tmp_path / "store")
    listed = json.loads(cli("snapshots", "--store", tmp_path / "store", "--format", "json").out)
    assert whole.code == 0
    assert len({(one["accounts"], one["rows"]) for one in listed}) == 1


def test_interrupted_before_anything_was_begun_it_ends_with_the_code_of_an_interruption(
    stub: StubAws, tmp_path: Path
) -> None:
    stub.on("organizations", "ListAccounts", Said('{"Accounts": []}', delay=1))
    process = started(stub, tmp_path)
    until(lambda: stub.counts()["ListAccounts"] > 0)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_resume_without_anything_unfinished_is_told(cli: Cli, stub: StubAws, tmp_path: Path) -> None:
    refused(
        cli(*target(stub, "collect"), "--resume", "--store", tmp_path / "store"), 2, "unfinished", "collect"
    )


def test_two_collections_into_one_store_at_once_make_two_snapshots(
    cli: Cli, stub: StubAws, tmp_path: Path
) -> None:
    both = [started(stub, tmp_path) for _ in range(2)]
    printed = [process.communicate(timeout=120)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(printed) == snapshots(tmp_path)
    listed = json.loads(cli("snapshots", "--store", tmp_path / "store", "--format", "json").out)
    assert len(listed) == len({one["id"] for one in listed}) == 2
    assert len({one["rows"] for one in listed}) == 1


def test_a_full_disk_is_told_and_the_collection_goes_on_when_there_is_space(
    cli: Cli, stub: StubAws, tmp_path: Path
) -> None:
    populate(stub, keys=20)
    stub.on(
        "kms", "DescribeKey", lambda asked: says({"KeyMetadata": {"Description": os.urandom(5000).hex()}})
    )
    process = started(stub, tmp_path, limit=100_000)
    out, told = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert told.startswith("error: ")
    assert "Traceback" not in told
    assert "--resume" in told
    assert cli(*target(stub, "collect"), "--resume", "--store", tmp_path / "store").code == 0


def test_a_full_disk_while_judging_is_told_and_leaves_no_half_file(assessed: Path, tmp_path: Path) -> None:
    before = sorted((assessed / "assessments").iterdir())
    (tmp_path / "watchword.toml").write_text('[estate]\nadmin_roles = ["x"]\n')
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, "4000", "assess", "--snapshot", "latest", "--store", str(assessed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    refused(Ended(ended.returncode, ended.stdout, ended.stderr), 1, str(assessed), "space")
    made = set((assessed / "assessments").iterdir()) - set(before)
    assert [one for folder in made for one in folder.rglob("*") if one.name.startswith(".")] == []
    assert not any((folder / "summary.json").exists() for folder in made)


def test_a_file_that_is_no_json_is_told_with_its_place_and_the_rest_is_judged(
    cli: Cli, tmp_path: Path
) -> None:
    answers = directory(tmp_path / "answers")
    broken = answers / "111122223333" / "eu-west-1" / "kms" / "list-keys.json"
    broken.parent.mkdir()
    broken.write_text('{"Keys": [\n  {"KeyId": }\n]}')
    ended = cli("assess", "--from-directory", answers, "--store", tmp_path / "store", "-o", tmp_path / "out")
    assert ended.code == 0
    found = [one for one in document(tmp_path)["holes"] if one["table"] == "kms.keys"]
    assert [one["reason"] for one in found] == ["malformed"]
    assert "kms/list-keys.json line 2 column 13" in found[0]["detail"]
    assert "list-keys.json line 2" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("made", ["nothing", "file", "empty"])
def test_a_directory_without_answers_is_told(cli: Cli, tmp_path: Path, made: str) -> None:
    answers = tmp_path / "answers"
    if made == "file":
        answers.write_text("{}")
    elif made == "empty":
        answers.mkdir()
    refused(cli("assess", "--from-directory", answers, "--store", tmp_path / "store"), 1, str(answers))
    assert not (tmp_path / "store").exists()
