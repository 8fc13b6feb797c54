"""``iam can``, ``who-can``, ``check`` and ``simulate``: on a snapshot, on policy files, and in pipelines."""

from __future__ import annotations

import csv
import io
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.commands.answers import ACCOUNT, ANN, DEPLOY, PAPER, allowing, organisation
from tests.commands.conftest import NO_WAY_TO_AWS, Cli, Ended, as_process, in_process
from tests.commands.test_results import refused
from watchword.commands.iam_inputs import context_of
from watchword.errors import UsageError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one snapshot."""
    folder = tmp_path_factory.mktemp("iam")
    ended = in_process(
        "collect", "--from-directory", organisation(folder / "answers"), "--store", folder / "store"
    )
    assert ended.code == 0, ended.err
    return folder / "store"


def told(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def written(folder: Path, name: str, document: Any) -> Path:
    file = folder / name
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


# --- can, on a snapshot ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "action", "resource", "decision"),
    [
        ("ann", "s3:GetObject", PAPER, "Allowed"),
        (ANN, "s3:GetObject", PAPER, "Allowed"),
        ("prod/ann", "s3:PutObject", PAPER, "ImplicitlyDenied"),
        ("deploy", "s3:PutObject", PAPER, "Conditional"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run", "s3:PutObject", PAPER, "Conditional"),
        ("anna", "sqs:SendMessage", "*", "Unknown"),
        ("*", "s3:GetObject", PAPER, "Allowed"),
        ("*", "s3:PutObject", PAPER, "ImplicitlyDenied"),
        ("service:sns.amazonaws.com", "s3:GetObject", PAPER, "Allowed"),
        (f"arn:aws:iam::{ACCOUNT}:root", "ec2:RunInstances", "*", "Allowed"),
    ],
)
def test_a_snapshot_is_asked_what_a_principal_may_do(
    cli: Cli, store: Path, who: str, action: str, resource: str, decision: str
) -> None:
    found = told(cli("iam", "can", who, action, resource, "--store", store, "--format", "json"))
    assert (found["decision"], found["action"], found["resource"]) == (decision, action, resource)


def test_keys_of_the_context_are_given_and_others_absent_if_the_request_is_complete(
    cli: Cli, store: Path
) -> None:
    asked = ("iam", "can", "deploy", "s3:PutObject", PAPER, "--store", store, "--format", "json")
    assert told(cli(*asked, "-c", "aws:MultiFactorAuthPresent=true"))["decision"] == "Allowed"
    assert told(cli(*asked, "--complete"))["decision"] == "ImplicitlyDenied"
    condition = told(cli(*asked))["allowed_if"]
    assert condition == {"operator": "Bool", "key": "aws:MultiFactorAuthPresent", "values": ["true"]}


def test_for_people_the_answer_is_a_sentence_with_what_decides(cli: Cli, store: Path) -> None:
    allowed = cli("iam", "can", "ann", "s3:GetObject", PAPER, "--store", store)
    assert allowed.out.startswith("✓ allowed\n")
    assert "Allow by statement 'One' of identity[0] (inline policy work)" in allowed.out
    conditional = cli("iam", "can", "deploy", "s3:PutObject", PAPER, "--store", store)
    assert "? allowed on a condition" in conditional.out
    assert "if aws:MultiFactorAuthPresent Bool true" in conditional.out
    denied = cli("iam", "can", "ann", "s3:PutObject", PAPER, "--store", store)
    assert "✗ denied: nothing allows it" in denied.out
    assert "stands in the way: identity policies" in denied.out
    assert denied.err == ""


def test_what_is_not_known_is_told_on_standard_error(cli: Cli, store: Path) -> None:
    unknown = cli("iam", "can", "anna", "sqs:SendMessage", "*", "--store", store)
    assert unknown.out.startswith("? unknown: evidence is missing")
    assert "not known: group ghosts of" in unknown.err
    owner = cli("iam", "can", "ann", "s3:GetObject", "arn:aws:s3:::elsewhere/k", "--store", store)
    assert "note: the snapshot does not show the resource" in owner.err
    outside = cli("iam", "can", "arn:aws:iam::555566667777:user/eve", "s3:GetObject", PAPER, "--store", store)
    assert "note: the principal is outside the organisation" in outside.err


def test_an_answer_is_one_row_of_csv(cli: Cli, store: Path) -> None:
    ended = cli("iam", "can", "deploy", "s3:PutObject", PAPER, "--store", store, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert row["decision"] == "Conditional"
    assert json.loads(row["allowed_if"])["key"] == "aws:MultiFactorAuthPresent"
    assert json.loads(row["blocked_by"]) == ["identity"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("an", "s3:GetObject"), ("no principal is called 'an'", ANN)),
        (("nobody", "s3:GetObject"), ("no principal is called 'nobody'", "account/name")),
        (("ann", "GetObject"), ("action: something like s3:GetObject",)),
        (("ann", "s3:*"), ("action: one action is expected",)),
        (("ann", "s3:GetObject", ""), ("resource: an ARN or * is expected",)),
        (
            ("ann", "s3:GetObject", "*", "-c", "aws:SourceIp"),
            ("'aws:SourceIp' is not KEY=VALUE", "--context"),
        ),
        (("ann", "s3:GetObject", "*", "-c", "=x"), ("'=x' is not KEY=VALUE",)),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_remedy(
    cli: Cli, store: Path, arguments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    ended = cli("iam", "can", *arguments, "--store", store)
    refused(ended, 2, *said)


def test_an_action_that_aws_does_not_have_is_warned_of(cli: Cli, store: Path) -> None:
    ended = cli("iam", "can", "ann", "s3:GetObjekt", PAPER, "--store", store)
    assert ended.code == 0
    assert "warning: AWS has no action s3:GetObjekt" in ended.err
    assert "watchword data refresh" in ended.err
    assert "warning" not in cli("iam", "can", "ann", "S3:GETOBJECT", PAPER, "--store", store).err


def test_without_a_snapshot_it_is_told_how_to_make_one(cli: Cli, tmp_path: Path) -> None:
    refused(cli("iam", "can", "ann", "s3:GetObject", "--store", tmp_path / "none"), 1, "watchword collect")


def test_a_key_that_is_repeated_has_several_values() -> None:
    found = context_of(["a=1", "b=x=y", "a=2", "c="])
    assert found == {"a": ["1", "2"], "b": "x=y", "c": ""}
    with pytest.raises(UsageError):
        context_of(["a"])


# --- can, on policy files --------------------------------------------------------------------------------------------


def test_policy_files_of_every_layer_are_asked_instead_of_a_snapshot(cli: Cli, tmp_path: Path) -> None:
    full = written(tmp_path, "full.json", allowing("*"))
    reads = written(tmp_path, "reads.json", allowing("s3:Get*"))
    bucket = written(tmp_path, "bucket.json", allowing("s3:*", Principal={"AWS": ACCOUNT}))
    keep = allowing("s3:DeleteObject", Principal="*")
    keep["Statement"][0]["Effect"] = "Deny"
    rcp = written(tmp_path, "rcp.json", keep)

    def can(action: str, *more: str | Path) -> Any:
        found = told(cli("iam", "can", ANN, action, PAPER, "--format", "json", *more))
        return found["decision"], found["blocked_by"]

    assert can("s3:PutObject", "--identity-policy", full) == ("Allowed", [])
    assert can("s3:PutObject", "--identity-policy", reads, "--identity-policy", full) == ("Allowed", [])
    assert can("s3:PutObject", "--identity-policy", full, "--boundary", reads) == (
        "ImplicitlyDenied",
        ["boundary"],
    )
    assert can("s3:PutObject", "--identity-policy", full, "--session-policy", reads) == (
        "ImplicitlyDenied",
        ["session"],
    )
    assert can("s3:PutObject", "--identity-policy", full, "--scp", full, "--scp", reads) == (
        "ImplicitlyDenied",
        ["scp"],
    )
    assert can("s3:PutObject", "--identity-policy", full, "--scp", f"{reads},{full}") == ("Allowed", [])
    assert can("s3:DeleteObject", "--identity-policy", full, "--rcp", rcp) == ("ExplicitlyDenied", ["rcp"])
    owner = ("--resource-account", "444455556666")
    assert can("s3:PutObject", "--identity-policy", full, *owner) == ("ImplicitlyDenied", ["resource"])
    assert can("s3:PutObject", "--identity-policy", full, "--resource-policy", bucket, *owner) == (
        "Allowed",
        [],
    )
    endpoint = ("--endpoint-policy", bucket, "-c", "aws:SourceVpce=vpce-1")
    assert can("s3:PutObject", "--identity-policy", full, *endpoint) == ("Allowed", [])
    assert can("ec2:RunInstances", "--identity-policy", full, *endpoint) == ("ImplicitlyDenied", ["endpoint"])


def test_the_policy_that_decides_is_named_by_its_file(cli: Cli, tmp_path: Path) -> None:
    full = written(tmp_path, "full.json", allowing("*"))
    assert str(full) in cli("iam", "can", ANN, "s3:GetObject", "--identity-policy", full).out.replace(
        "\n", ""
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", ("not JSON", "policy.json /")),
        ({"Statement": [{"Effect": "allow", "Action": "*"}]}, ("Allow or Deny is expected", "policy.json /Statement/0/Effect")),
        (allowing("*", Principal="*"), ("says nothing of principals", "/Statement/0/Principal", "correct the policy")),
        ("[" * 100_000, ("too deep",)),
    ],
)  # fmt: skip
def test_a_policy_that_aws_would_refuse_is_refused_with_file_and_place(
    cli: Cli, tmp_path: Path, document: Any, said: tuple[str, ...]
) -> None:
    file = written(tmp_path, "policy.json", document)
    ended = cli("iam", "can", ANN, "s3:GetObject", "--identity-policy", file)
    refused(ended, 2, "policy.json", *said)


def test_files_that_cannot_be_read_are_told(cli: Cli, tmp_path: Path) -> None:
    refused(
        cli("iam", "can", ANN, "s3:GetObject", "--identity-policy", tmp_path / "no.json"),
        2,
        "cannot read",
        "no.json",
    )
    latin = tmp_path / "latin.json"
    latin.write_bytes(b"\xff")
    refused(
        cli("iam", "can", ANN, "s3:GetObject", "--identity-policy", latin), 2, "cannot read", "latin.json"
    )


def test_with_policy_files_the_principal_is_named_by_its_arn_and_the_action_told(
    cli: Cli, tmp_path: Path
) -> None:
    full = written(tmp_path, "full.json", allowing("*"))
    refused(
        cli("iam", "can", "ann", "s3:GetObject", "--identity-policy", full),
        2,
        "names no principal",
        "by its ARN",
    )
    refused(cli("iam", "can", ANN, "--identity-policy", full), 2, "which action?")


# --- who-can ---------------------------------------------------------------------------------------------------------


def test_everybody_who_may_is_listed_with_the_policy_that_lets_him(cli: Cli, store: Path) -> None:
    rows = told(cli("iam", "who-can", "s3:GetObject", PAPER, "--store", store, "--format", "json"))
    found = {row["principal"]: (row["kind"], row["decision"]) for row in rows}
    assert found == {
        ANN: ("user", "Allowed"),
        f"{ANN}a": ("user", "Unknown"),
        DEPLOY: ("role", "Allowed"),
        "*": ("Anonymous", "Allowed"),
    }
    assert "inline policy work" in next(row["by"] for row in rows if row["principal"] == ANN)
    assert {row["account"] for row in rows} == {f"prod ({ACCOUNT})", ""}


def test_who_can_says_how_many_and_on_which_condition(cli: Cli, store: Path) -> None:
    ended = cli("iam", "who-can", "s3:PutObject", PAPER, "--store", store)
    assert "2 of 3 principals may s3:PutObject on arn:aws:s3:::papers/q3.pdf" in ended.out
    told = cli("iam", "who-can", "s3:PutObject", PAPER, "--store", store, "--format", "json")
    found = {row["principal"]: row for row in json.loads(told.out)}
    assert found[DEPLOY]["if"] == "aws:MultiFactorAuthPresent Bool true"
    anna = found[f"arn:aws:iam::{ACCOUNT}:user/anna"]
    assert (anna["decision"], anna["not known"].startswith("group ghosts")) == ("Unknown", True)
    everybody = cli("iam", "who-can", "s3:GetObject", PAPER, "--store", store)
    assert "3 of 3 principals, and everybody, may" in everybody.out


def test_who_can_is_written_to_a_file_whole(cli: Cli, store: Path, tmp_path: Path) -> None:
    ended = cli("iam", "who-can", "s3:GetObject", PAPER, "--store", store, "-o", tmp_path / "who.csv")
    assert (ended.code, ended.out) == (0, "")
    rows = list(csv.DictReader((tmp_path / "who.csv").open()))
    assert {row["principal"] for row in rows} >= {ANN, DEPLOY}


def test_who_can_refuses_a_pattern_and_tells_what_was_not_read(cli: Cli, store: Path, tmp_path: Path) -> None:
    refused(cli("iam", "who-can", "s3:*", "*", "--store", store), 2, "one action is expected")
    answers = organisation(tmp_path / "answers")
    (answers / ACCOUNT / "global" / "iam" / "get-account-authorization-details.json").write_text("{")
    assert cli("collect", "--from-directory", answers, "--store", tmp_path / "st").code == 0
    ended = cli("iam", "who-can", "s3:GetObject", PAPER, "--store", tmp_path / "st")
    assert "not known, and not listed: iam.users" in ended.err
    missing = cli("iam", "can", "ann", "s3:GetObject", PAPER, "--store", tmp_path / "st")
    refused(missing, 2, "no principal is called 'ann'; iam.users")


# --- check -----------------------------------------------------------------------------------------------------------


def test_a_policy_without_fault_passes(cli: Cli, tmp_path: Path) -> None:
    ended = cli("iam", "check", written(tmp_path, "a.json", allowing("s3:Get*")), "--format", "json")
    assert (ended.code, json.loads(ended.out)) == (0, [])


def test_what_is_refused_and_what_is_doubtful_is_told_with_its_place(cli: Cli, tmp_path: Path) -> None:
    doubtful = written(tmp_path, "doubtful.json", allowing(["s3:Get*", "s4:Get"]))
    broken = written(tmp_path, "broken.json", allowing("*", Effect="allow"))
    ended = cli("iam", "check", doubtful, broken, "--format", "json")
    assert ended.code == 1
    assert [(Path(row["file"]).name, row["at"], row["refused"]) for row in json.loads(ended.out)] == [
        ("doubtful.json", "/Statement/0/Action/1", ""),
        ("broken.json", "/Statement/0/Effect", "yes"),
    ]
    assert cli("iam", "check", doubtful).code == 0


@pytest.mark.parametrize(
    ("kind", "code"),
    [("identity", 1), ("scp", 1), ("resource", 0), ("rcp", 0), ("endpoint", 0), ("session", 1)],
)
def test_a_policy_is_checked_as_the_kind_that_it_is(cli: Cli, tmp_path: Path, kind: str, code: int) -> None:
    file = written(tmp_path, "p.json", allowing("s3:*", Principal={"AWS": ACCOUNT}))
    assert cli("iam", "check", file, "--kind", kind).code == code


def test_a_policy_larger_than_its_quota_is_refused_until_the_quota_is_raised(
    cli: Cli, tmp_path: Path
) -> None:
    many = [f"arn:aws:s3:::papers-{number}/*" for number in range(400)]
    file = written(tmp_path, "large.json", allowing("s3:GetObject", Resource=many))
    ended = cli("iam", "check", file, "--format", "json")
    assert ended.code == 1
    assert "limit 6144" in json.loads(ended.out)[0]["what"]
    raised = tmp_path / "watchword.toml"
    raised.write_text('[iam]\nquotas = { "managed policy" = 20000 }\n')
    assert cli("iam", "check", file, "--config", raised).code == 0


def test_a_kind_or_file_that_there_is_not_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = written(tmp_path, "p.json", allowing("s3:*"))
    refused(
        cli("iam", "check", file, "--kind", "bucket"), 2, "no kind of policy 'bucket'", "identity, boundary"
    )
    refused(cli("iam", "check", tmp_path / "none.json"), 2, "cannot read", "none.json")


# --- simulate --------------------------------------------------------------------------------------------------------

ASK: dict[str, Any] = {
    "principal": ANN,
    "action": "s3:GetObject",
    "resource": PAPER,
    "policies": {"identity": [allowing("s3:Get*")]},
}
BAD = b'{"id": "bad", "action": \xff}\n'


def lines(*found: Any) -> bytes:
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in found)


def answers(text: str) -> list[tuple[Any, str]]:
    return [(one["id"], one.get("decision", "error")) for one in map(json.loads, text.splitlines())]


def test_lines_of_a_file_are_answered_in_order(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ask.jsonl"
    file.write_bytes(
        lines(ASK | {"id": 1}, b"\n", {"id": "s", "define": {}}, ASK | {"id": 2, "policies": "s"})
    )
    ended = cli("iam", "simulate", file)
    assert (ended.code, ended.err) == (0, "")
    assert answers(ended.out) == [(1, "Allowed"), (2, "ImplicitlyDenied")]
    to_file = cli("iam", "simulate", file, "--trace", "-o", tmp_path / "answers.jsonl")
    assert (to_file.code, to_file.out) == (0, "")
    first = json.loads((tmp_path / "answers.jsonl").read_text().splitlines()[0])
    assert first["trace"][0]["outcome"] == "matched"


def test_bad_lines_are_answered_and_end_with_code_1(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ask.jsonl"
    file.write_bytes(lines(ASK | {"id": 1}, BAD, b"\x00\x01\n", ASK | {"id": 2}, b'{"id": 3'))
    for more in ((), ("-o", tmp_path / "answers.jsonl")):
        ended = cli("iam", "simulate", file, *more)
        assert ended.code == 1
        assert "3 bad lines; 2 requests were answered" in ended.err
        text = ended.out or (tmp_path / "answers.jsonl").read_text()
        assert [one for _, one in answers(text)] == ["Allowed", "error", "error", "Allowed", "error"]


def test_a_file_of_lines_that_is_not_there_is_told(cli: Cli, tmp_path: Path) -> None:
    refused(cli("iam", "simulate", tmp_path / "none.jsonl"), 2, "cannot read", "none.jsonl", "JSON lines")
    ended = cli("iam", "simulate", tmp_path / "none.jsonl", "-o", tmp_path / "out.jsonl")
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_20_megabytes_is_refused_and_the_next_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "ask.jsonl"
    with file.open("wb") as opened:
        opened.write(lines(ASK | {"id": 1}))
        opened.write(b'{"id": "' + b"x" * 20_000_000 + b'"}\n')
        opened.write(lines(ASK | {"id": 2}))
    ended = as_process("iam", "simulate", file, folder=tmp_path)
    assert ended.code == 1
    assert answers(ended.out) == [(1, "Allowed"), (None, "error"), (2, "Allowed")]
    assert "has more than" in ended.out


@contextmanager
def piped(folder: Path) -> Iterator[tuple[IO[bytes], queue.Queue[bytes], subprocess.Popen[bytes]]]:
    """``simulate -`` as a process: where to write, and what it answers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "WATCHWORD_", "PYTHONUNBUFFERED"))
    }
    command = [sys.executable, "-m", "watchword", "iam", "simulate", "-"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=kept | NO_WAY_TO_AWS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said: queue.Queue[bytes] = queue.Queue()
        reader = threading.Thread(target=lambda out: [said.put(line) for line in out], args=(process.stdout,))
        reader.start()
        try:
            yield process.stdin, said, process
        finally:
            process.stdin.close()
            process.wait(60)
            reader.join(60)


def test_an_answer_comes_before_the_next_line_is_sent(tmp_path: Path) -> None:
    with piped(tmp_path) as (stdin, said, process):
        for number, (line, expected) in enumerate([(ASK, "Allowed"), (BAD, "error"), (ASK, "Allowed")]):
            stdin.write(line if isinstance(line, bytes) else lines(line | {"id": number}))
            stdin.flush()
            # Waits as long as a slow machine needs; were answers held back, none would come at all.
            assert answers(said.get(timeout=120).decode()) == [
                (None if expected == "error" else number, expected)
            ]
        stdin.close()
        assert process.wait(60) == 1
