"""Formats: what each must hold, checked by the services' own models where there is one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from tests.report.fakes import NASTY, assessment
from watchword.model.verdict import Verdict
from watchword.report.assessment import Assessment
from watchword.report.formats import FORMATS
from watchword.report.formats.plain import COLUMNS, csv_line


@pytest.fixture
def made(tmp_path: Path) -> Assessment:
    return assessment(tmp_path)


def text(made: Assessment, form: str) -> str:
    return "".join(FORMATS[form].pieces(made))


def test_json_holds_standing_and_all_findings(made: Assessment) -> None:
    document = json.loads(text(made, "json"))
    assert len(document["findings"]) == len(list(made.findings()))
    assert document["requirements"]["R10"]["verdict"] == "gap"
    assert document["requirements"]["R2"]["verdict"] == "not_applicable"
    assert document["pillars"]["data"]["lowest_stage"] is None
    assert document["controls"]["LG-01"]["gap"] == 1
    assert {hole["reason"] for hole in document["holes"]} == {"denied", "throttled"}


def test_ndjson_has_a_finding_a_line(made: Assessment) -> None:
    lines = [json.loads(line) for line in text(made, "ndjson").splitlines()]
    assert [line["id"] for line in lines] == [one.id for one in made.findings()]


def test_csv_has_a_finding_a_row_under_its_headings(made: Assessment) -> None:
    rows = list(csv.DictReader(io.StringIO(text(made, "csv"))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["id"] for row in rows] == [one.id for one in made.findings()]
    assert {row["account_name"] for row in rows} == {"prod", "dev"}


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_disarms_formulas(formula: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_line([formula, "fine"]), newline=""))
    assert row == [f"'{formula}", "fine"]


def test_ocsf_findings_have_what_the_class_requires(made: Assessment) -> None:
    findings = json.loads(text(made, "ocsf"))
    required = (
        "activity_id",
        "category_uid",
        "class_uid",
        "compliance",
        "finding_info",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
    )
    for one in findings:
        assert all(one[key] is not None for key in required)
        assert (one["class_uid"], one["type_uid"]) == (2003, 200301)
        assert one["time"] == 1780272180000
    statuses = {one["compliance"]["status_id"] for one in findings}
    assert statuses == {0, 1, 3}
    assert all((one["severity_id"] > 1) == (one["compliance"]["status_id"] == 3) for one in findings)


def shape(operation: str) -> Any:
    return Session().get_service_model("securityhub").operation_model(operation).input_shape


def test_asff_findings_are_accepted_by_security_hubs_model(made: Assessment) -> None:
    findings = json.loads(text(made, "asff"))
    report = ParamValidator().validate({"Findings": findings}, shape("BatchImportFindings"))
    assert not report.has_errors(), report.generate_report()
    unknown = set(findings[0]) - set(shape("BatchImportFindings").members["Findings"].member.members)
    assert not unknown
    assert {one["Compliance"]["Status"] for one in findings} == {"PASSED", "FAILED", "NOT_AVAILABLE"}
    assert all(len(one["Title"]) <= 256 and len(one["Description"]) <= 1024 for one in findings)
    assert all(len(one["Remediation"]["Recommendation"]["Text"]) <= 512 for one in findings)
    assert all(one["AwsAccountId"].isdigit() for one in findings)


def test_sarif_results_point_at_their_rules(made: Assessment) -> None:
    log = json.loads(text(made, "sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["LG-01", "LG-04", "LG-05"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["level"]) in {("fail", "error"), ("review", "none")}
    wanted = [one.id for one in made.findings() if one.verdict in {Verdict.GAP, Verdict.UNKNOWN}]
    assert [one["partialFingerprints"]["watchwordFinding/v1"] for one in run["results"]] == wanted


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_what_a_resource_is_called_breaks_no_format(made: Assessment, form: str) -> None:
    assert NASTY.replace('"', '\\"') in text(made, form) or NASTY.replace('"', '""') in text(made, form)
