"""The proof of an evaluation: gates in order, the statement that decides, the first part that failed; text, JSON, picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from watchword.analysis.iam import PolicySet, PublicAccessBlock, Request, compile_policy, evaluate
from watchword.report.gates import Gate, Says, gates, rule_of
from watchword.report.lettering import width
from watchword.report.proof import proof_json, proof_lines, proof_svg, proof_text

SVG = "{http://www.w3.org/2000/svg}"
ANN = "arn:aws:iam::111122223333:user/ann"
CI = "arn:aws:sts::111122223333:assumed-role/ci/run-7"
OBJECT = "arn:aws:s3:::reports/q3.pdf"


def policy(kind: str, *statements: Mapping[str, Any], name: str = "") -> Any:
    listed = [{"Resource": "*", **one} for one in statements]
    return compile_policy({"Version": "2012-10-17", "Statement": listed}, kind, name)


def allow(action: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, **more}


def deny(action: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, **more}


def shown(request: Request, policies: PolicySet) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates(evaluate(request, policies), request, policies)}


def read(who: str = ANN, account: str = "", *, complete: bool = True) -> Request:
    return Request.of(who, "s3:GetObject", OBJECT, account, complete=complete)


def test_gates_stand_in_the_order_in_which_an_access_is_told() -> None:
    levels = ((policy("scp", allow()),),) * 3
    found = gates(evaluate(read(), PolicySet(scps=levels)), read(), PolicySet(scps=levels))
    assert [one.name for one in found] == [
        *("SCP · root", "SCP · unit 1", "SCP · account", "RCP", "VPC endpoint", "Identity policies"),
        *("Permissions boundary", "Session policies", "Resource policy", "S3 public access block"),
    ]
    assert [one.step for one in found] == ["9.1"] * 3 + ["9.2", "9.3"] + ["10"] * 4 + ["9.4"]


def test_an_allow_that_matches_is_named_with_its_policy() -> None:
    gate = shown(read(), PolicySet(identity=(policy("identity", allow(Sid="Read"), name="readers"),)))[
        "Identity policies"
    ]
    assert (gate.says, gate.stands) == (Says.ALLOWS, False)
    assert gate.sentence == "statement Read of readers allows it"


def test_a_deny_that_matches_stands_in_the_way_though_others_allow() -> None:
    scps = ((policy("scp", allow()),), (policy("scp", allow(), deny("s3:*", Sid="NoS3"), name="no-s3"),))
    found = shown(read(), PolicySet(identity=(policy("identity", allow()),), scps=scps))
    assert [found[f"SCP · {place}"].says for place in ("root", "account")] == [Says.ALLOWS, Says.DENIES]
    assert found["SCP · account"].stands
    assert found["SCP · account"].sentence == "statement NoS3 of no-s3 denies it"
    assert not found["Identity policies"].stands


def test_a_silent_layer_tells_the_nearest_statement_and_the_first_part_that_failed() -> None:
    near = allow("s3:*", Sid="Near", Condition={"Bool": {"aws:SecureTransport": "true"}})
    far = allow("s3:*", Sid="Far", Resource="arn:aws:s3:::other/*")
    gate = shown(read(), PolicySet(identity=(policy("identity", far, near),)))["Identity policies"]
    assert (gate.says, gate.stands) == (Says.SILENT, True)
    assert gate.reason == "nearest: Near its condition does not hold (Bool aws:SecureTransport true)"


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ((), "nothing is attached, so nothing is allowed"),
        ((policy("identity", deny("ec2:*")),), "no statement allows anything"),
        ((policy("identity", allow("ec2:*")),), "no Allow covers the action"),
    ],
)
def test_why_a_layer_is_silent(identity: tuple[Any, ...], reason: str) -> None:
    assert shown(read(), PolicySet(identity=identity))["Identity policies"].reason == reason


def test_a_silent_layer_that_is_not_needed_does_not_stand_in_the_way() -> None:
    bucket = policy("resource", allow("s3:*", Principal={"AWS": ANN}))
    found = shown(read(account="111122223333"), PolicySet(resource=bucket))
    assert found["Identity policies"].says is Says.SILENT
    assert not found["Identity policies"].stands
    assert found["Identity policies"].reason.endswith("; not needed")
    assert found["Resource policy"].reason == "allows it, naming the principal itself"


def test_a_condition_on_an_unknown_key_is_told_in_words() -> None:
    only = allow(Sid="Vpce", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})
    gate = shown(read(complete=False), PolicySet(identity=(policy("identity", only),)))["Identity policies"]
    assert (gate.says, gate.condition) == (Says.CONDITIONAL, "aws:SourceVpce StringEquals vpce-1")
    assert gate.stands


def test_a_conditional_deny_is_told_before_a_plain_allow() -> None:
    no = deny(Sid="NotFromThere", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    gate = shown(read(complete=False), PolicySet(identity=(policy("identity", allow(), no),)))[
        "Identity policies"
    ]
    assert gate.says is Says.CONDITIONAL
    assert gate.statement == "NotFromThere"


def test_an_rcp_only_denies() -> None:
    rcps = (
        (policy("rcp", allow(Principal="*")),),
        (policy("rcp", deny("s3:*", Principal="*", Sid="Fence")),),
    )
    known = PolicySet(identity=(policy("identity", allow()),), rcps=rcps)
    found = shown(read(account="111122223333"), known)
    assert [found[f"RCP · {place}"].says for place in ("root", "account")] == [Says.ALLOWS, Says.DENIES]
    assert found["RCP · root"].reason == "denies nothing"


def test_s3_block_tells_whether_it_keeps_the_caller_out() -> None:
    public = policy("resource", allow("s3:*", Principal="*"))
    block = PublicAccessBlock(restrict_public_buckets=True)
    name = "S3 public access block"
    assert shown(read("*", "444455556666"), PolicySet(resource=public))[name].says is Says.ABSENT
    kept = shown(read("*", "444455556666"), PolicySet(resource=public, public_access_block=block))[name]
    assert (kept.says, kept.stands) == (Says.DENIES, True)
    own = shown(read(account="111122223333"), PolicySet(resource=public, public_access_block=block))[name]
    assert own.says is Says.ALLOWS


@pytest.mark.parametrize(
    ("who", "action", "resource", "account", "step"),
    [
        (ANN, "sts:GetCallerIdentity", "*", "", "2.1"),
        (ANN, "iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess", "", "2.2"),
        (ANN, "s3:GetObject", OBJECT, "111122223333", "10.1"),
        (CI, "s3:GetObject", OBJECT, "111122223333", "10.2"),
        ("arn:aws:sts::111122223333:federated-user/f", "s3:GetObject", OBJECT, "111122223333", "10.3"),
        ("arn:aws:iam::111122223333:root", "s3:GetObject", OBJECT, "111122223333", "10.4"),
        (ANN, "sts:AssumeRole", "arn:aws:iam::111122223333:role/r", "", "10.5"),
        (ANN, "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k", "", "10.5"),
        (CI, "s3:GetObject", OBJECT, "444455556666", "10.6"),
        ("*", "s3:GetObject", OBJECT, "444455556666", "10.7"),
        ("service:ec2.amazonaws.com", "s3:GetObject", OBJECT, "444455556666", "10.7"),
    ],
)
def test_the_rule_that_combines_the_gates_bears_its_number(
    who: str, action: str, resource: str, account: str, step: str
) -> None:
    request = Request.of(who, action, resource, account)
    assert rule_of(evaluate(request, PolicySet()), request).step == step


def example() -> tuple[Request, PolicySet]:
    bucket = policy(
        "resource",
        allow("s3:GetObject", Sid="Partner", Principal={"AWS": "777788889999"}),
        allow(
            "s3:GetObject",
            Sid="Through",
            Principal="*",
            Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        ),
        name="reports",
    )
    known = PolicySet(identity=(policy("identity", allow("s3:*", Sid="Read")),), resource=bucket)
    return read(CI, "444455556666", complete=False), known


def test_the_text_reads_from_the_request_to_the_decision() -> None:
    request, known = example()
    lines = proof_text(evaluate(request, known), request, known)
    assert lines[0].split()[:2] == ["1.1", "Principal"]
    assert any("444455556666, not 111122223333" in line for line in lines)
    assert any(
        line.startswith("  10  ? Resource policy") and line.endswith("stands in the way") for line in lines
    )
    assert any("Allowed if aws:SourceVpce StringEquals vpce-1" in line for line in lines)
    assert any("Allow Partner: does not name the principal" in line for line in lines)


def test_each_line_says_by_a_sign_what_it_says_by_colour() -> None:
    request, known = example()
    for line in proof_lines(evaluate(request, known), request, known):
        if any("green" in str(span.style) for span in line.spans):
            assert "✓" in line.plain
        if any("red" in str(span.style) for span in line.spans):
            assert "✗" in line.plain


def test_names_that_look_like_markup_stay_as_they_are() -> None:
    known = PolicySet(identity=(policy("identity", allow(Sid="Read"), name="[bold]x[/bold]"),))
    assert any("[bold]x[/bold]" in line for line in proof_text(evaluate(read(), known), read(), known))


def test_the_json_holds_all_of_the_proof() -> None:
    request, known = example()
    found = json.loads(json.dumps(proof_json(evaluate(request, known), request, known)))
    assert found["decision"] == "Conditional"
    assert found["rule"]["step"] == "10.6"
    assert found["request"]["resource_account"] == "444455556666"
    resource = next(one for one in found["gates"] if one["layer"] == "resource")
    assert resource["statement"] == {
        "policy": "resource",
        "statement": 1,
        "sid": "Through",
        "effect": "Allow",
    }
    assert resource["if"] == found["allowed_if"]
    assert [one["outcome"] for one in found["trace"]] == ["matched", "principal", "conditional"]


def test_without_the_policies_the_proof_is_the_same_but_for_names() -> None:
    request, known = example()
    evaluation = evaluate(request, known)
    bare, full = gates(evaluation, request), gates(evaluation, request, known)
    assert [(one.says, one.stands) for one in bare] == [(one.says, one.stands) for one in full]
    assert bare[3].policy == "identity[0]"


def pictures() -> list[tuple[Request, PolicySet]]:
    request, known = example()
    hostile = '<script>"&\x00' * 30
    levels = ((policy("scp", allow(Sid="A" * 60)),),) * 12
    odd = PolicySet(identity=(policy("identity", allow(Sid=hostile), name=hostile),), scps=levels)
    told = Request.of(
        CI + "x" * 300, "s3:GetObject", f"{OBJECT}/{hostile}", "", {f"k{n}": hostile for n in range(9)}
    )
    return [(request, known), (read("*", "444455556666"), PolicySet()), (told, odd), (read(), PolicySet())]


@pytest.mark.parametrize(("request_", "known"), pictures())
def test_the_picture_is_well_formed_and_keeps_every_text_inside(request_: Request, known: PolicySet) -> None:
    root = ET.fromstring(proof_svg(evaluate(request_, known), request_, known))
    across, down = float(root.get("width") or 0), float(root.get("height") or 0)
    assert across == 1280
    assert not list(root.iter(f"{SVG}script"))
    for one in root.iter(f"{SVG}text"):
        style = (one.get("class") or "").split()
        size = {"h1": 21, "lead": 13, "sign": 19}.get(style[0], 12)
        long = width(one.text or "", size, bold=style[0] in {"h1", "strong"})
        x = float(one.get("x") or 0) - (long if "end" in style else long / 2 if "mid" in style else 0)
        assert x >= 0
        assert x + long <= across
        assert float(one.get("y") or 0) <= down


def test_the_picture_shows_each_gate_with_its_sign_and_where_the_way_ends() -> None:
    request, known = example()
    root = ET.fromstring(proof_svg(evaluate(request, known), request, known))
    signs = [one.text for one in root.iter(f"{SVG}text") if "sign" in (one.get("class") or "")]
    assert signs == ["–", "–", "–", "✓", "–", "–", "?", "–", "?"]
    tracks = [one.get("class") for one in root.iter(f"{SVG}path") if "track" in (one.get("class") or "")]
    assert tracks == ["track"] * 7 + ["track doubt"] * 2


def test_the_same_evaluation_gives_the_same_picture() -> None:
    request, known = example()
    assert proof_svg(evaluate(request, known), request) == proof_svg(evaluate(request, known), request)
