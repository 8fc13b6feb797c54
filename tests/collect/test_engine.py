"""Collecting from a stub of AWS that answers well, badly, or not at all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.collect.small import READS, populate, source
from tests.collect.stub import (
    HTML,
    MANAGEMENT,
    PROD,
    Asked,
    Said,
    StubAws,
    accounts,
    fails,
    regions,
    says,
    xml_error,
)
from watchword.collect.engine import Listeners, Progress, Scope, collect, in_turn, resume
from watchword.collect.planning import DEFAULT_REGIONS
from watchword.collect.reads import Detail, Read
from watchword.collect.source import Source
from watchword.errors import CredentialsError, NothingCollected, UsageError
from watchword.model.evidence import EvidenceMissing, Hole, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.snapshot import AccountView, UnitKey
from watchword.store.snapshots import Snapshot
from watchword.store.status import State

HOME = Region("eu-west-1")


def collected(stub: StubAws, store: Path, scope: Scope | None = None, **settings: object) -> Snapshot:
    return collect(source(stub, **settings), scope or Scope(), store, threads=4, reads=READS)


def view(snapshot: Snapshot, account: str = PROD) -> AccountView:
    return snapshot.view(AccountId(account))


def reasons(snapshot: Snapshot, table: str) -> set[HoleReason]:
    return {hole.reason for hole in snapshot.holes() if hole.table == table and not hole.resource}


def test_every_account_is_read_with_its_own_credentials(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path)
    assert [one.label for one in snapshot.accounts()] == [f"management ({MANAGEMENT})", f"prod ({PROD})"]
    for account in (MANAGEMENT, PROD):
        keys = view(snapshot, account).rows("kms.keys", HOME)
        assert [key.text("KeyId") for key in keys] == [f"{account}-eu-west-1-{number}" for number in range(3)]
        assert {key.text("Origin") for key in keys} == {f"AWS_{account}"}
        assert keys[0].document("Policy").items("Statement") == ()
    assert list(snapshot.holes()) == []
    assert snapshot.manifest["finished"] is not None
    assert snapshot.is_finished


def test_the_organisation_is_read_once_with_paths_of_its_accounts(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path)
    organization = snapshot.organization_view()
    assert organization is not None
    assert [row.arn for row in organization.rows("organizations.roots")] == [
        f"arn:aws:organizations::{MANAGEMENT}:root/r-1"
    ]
    prod = view(snapshot)
    assert prod.account.path == ("Root", "Workloads")
    assert prod.account.ou_ids == ("r-1", "ou-1")
    assert not prod.account.is_management
    assert view(snapshot, MANAGEMENT).account.is_management
    assert prod.of_organization().rows("organizations.roots")


def test_rows_read_over_others_know_their_parent(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    grants = view(collected(stub, tmp_path)).rows("kms.grants", HOME)
    assert [grant.name for grant in grants] == [f"{PROD}-eu-west-1-{number}" for number in range(3)]
    assert grants[0].text("_parent") == f"arn:aws:kms:eu-west-1:{PROD}:key/{PROD}-eu-west-1-0"
    assert grants[0].arn.startswith(grants[0].text("_parent"))


def test_all_pages_are_read_and_tags_are_a_mapping(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    secrets = view(collected(stub, tmp_path)).rows("secretsmanager.secrets", HOME)
    assert [secret.name for secret in secrets] == ["secret-0", "secret-1", "secret-2"]
    assert secrets[2].tags == {"owner": PROD}


def test_the_same_page_again_and_again_ends_as_malformed(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    stub.on("secretsmanager", "ListSecrets", says({"SecretList": [], "NextToken": "again"}))
    assert reasons(collected(stub, tmp_path), "secretsmanager.secrets") == {HoleReason.MALFORMED}


def test_a_page_that_fails_leaves_the_table_unread(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    first = stub.scripts["secretsmanager", "ListSecrets"]
    stub.on(
        "secretsmanager",
        "ListSecrets",
        lambda asked: fails("AccessDeniedException") if "NextToken" in asked.params else first(asked),
    )
    with pytest.raises(EvidenceMissing, match="AccessDeniedException"):
        view(collected(stub, tmp_path)).rows("secretsmanager.secrets")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (fails("AccessDeniedException", 403), HoleReason.DENIED),
        (fails("UnrecognizedClientException"), HoleReason.DENIED),
        (fails("NotImplemented", 501), HoleReason.NOT_IMPLEMENTED),
        (Said("Not yet implemented", 404, "text/plain"), HoleReason.NOT_IMPLEMENTED),
        (fails("UnknownOperationException"), HoleReason.NOT_IMPLEMENTED),
        (fails("ThrottlingException"), HoleReason.THROTTLED),
        (fails("SomethingElse", 400), HoleReason.ERROR),
        (fails("InternalFailure", 500), HoleReason.UNREACHABLE),
        (Said(reset=True), HoleReason.UNREACHABLE),
        (Said('{"Keys": []}', short=True), HoleReason.UNREACHABLE),
        (Said(HTML, kind="text/html"), HoleReason.MALFORMED),
        (Said(HTML, 403, "text/html"), HoleReason.MALFORMED),
        (Said('{"Keys": [', kind="application/json"), HoleReason.MALFORMED),
        (says({"Keys": [{"KeyId": "k"}]}), HoleReason.MALFORMED),
        (says({"Keys": ["k"]}), HoleReason.MALFORMED),
        (says({"Keys": {"KeyId": "k"}}), HoleReason.MALFORMED),
        (Said("[]"), HoleReason.MALFORMED),
        (Said(""), HoleReason.MALFORMED),
        (Said("", 302, headers={"Location": "http://127.0.0.1:9/"}), HoleReason.ERROR),
    ],
    ids=lambda value: value.value if isinstance(value, HoleReason) else value.body[:24] or str(value.status),
)
def test_a_bad_answer_is_a_hole_with_its_reason(
    stub: StubAws, tmp_path: Path, said: Said, reason: HoleReason
) -> None:
    populate(stub)
    stub.on("kms", "ListKeys", said)
    snapshot = collected(stub, tmp_path)
    assert reasons(snapshot, "kms.keys") == {reason}
    assert reasons(snapshot, "kms.grants") == {reason}
    with pytest.raises(EvidenceMissing):
        view(snapshot).rows("kms.keys")
    assert len(view(snapshot).rows("secretsmanager.secrets")) == 3


def test_an_endpoint_that_hangs_is_left_alone_after_a_few_calls(stub: StubAws, tmp_path: Path) -> None:
    populate(stub, keys=20)
    stub.on("kms", "DescribeKey", Said(delay=3))
    snapshot = collected(stub, tmp_path, read_timeout=0.2)
    assert len([hole for hole in snapshot.holes() if hole.detail.startswith("DescribeKey")]) == 40
    assert stub.counts()["DescribeKey"] < 30
    assert len(view(snapshot).rows("secretsmanager.secrets")) == 3


def test_throttling_that_passes_leaves_no_hole(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    good = stub.scripts["kms", "ListKeys"]
    stub.on(
        "kms", "ListKeys", lambda asked: fails("ThrottlingException") if asked.before < 3 else good(asked)
    )
    snapshot = collected(stub, tmp_path)
    assert list(snapshot.holes()) == []
    assert stub.counts()["ListKeys"] == 8


def test_a_detail_that_is_denied_makes_a_hole_of_its_row_alone(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    closed = f"{PROD}-eu-west-1-1"
    stub.on(
        "kms",
        "GetKeyPolicy",
        lambda asked: (
            fails("AccessDeniedException") if asked.params["KeyId"] == closed else says({"Policy": "{}"})
        ),
    )
    snapshot = collected(stub, tmp_path)
    first, second, _ = view(snapshot).rows("kms.keys")
    assert first.document("Policy").data == {}
    with pytest.raises(EvidenceMissing, match="denied: AccessDeniedException"):
        second.has("Policy")
    assert [hole.resource for hole in snapshot.holes()] == [second.arn]


def test_a_merged_detail_that_fails_makes_holes_of_the_fields_that_it_would_have_given(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub, keys=1)
    stub.on("kms", "DescribeKey", fails("AccessDeniedException"))
    (key,) = view(collected(stub, tmp_path)).rows("kms.keys")
    with pytest.raises(EvidenceMissing, match="denied"):
        key.text("KeyManager", absent="AWS")
    assert key.text("KeyId") == f"{PROD}-eu-west-1-0"


def test_a_code_that_means_none_makes_null(stub: StubAws, tmp_path: Path) -> None:
    populate(stub, keys=1)
    stub.on("kms", "GetKeyPolicy", fails("NotFoundException"))
    (key,) = view(collected(stub, tmp_path)).rows("kms.keys")
    assert not key.has("Policy")
    assert "Policy" in key.data


def test_an_account_whose_role_cannot_be_assumed_has_one_hole_a_unit(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    stub.on("sts", "AssumeRole", xml_error("AccessDenied", 403))
    snapshot = collected(stub, tmp_path)
    assert [(hole.service, hole.table, hole.reason) for hole in snapshot.holes(AccountId(PROD))] == [
        ("kms", "*", HoleReason.NOT_ASSUMED),
        ("secretsmanager", "*", HoleReason.NOT_ASSUMED),
    ]
    assert len(view(snapshot, MANAGEMENT).rows("kms.keys")) == 3
    assert any(PROD in warning for warning in snapshot.manifest["warnings"])
    assert stub.counts()["AssumeRole"] == 1


def test_a_caller_who_may_not_list_accounts_reads_its_own_and_says_so(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    stub.on("organizations", "ListAccounts", fails("AccessDeniedException"))
    snapshot = collected(stub, tmp_path)
    assert [one.id for one in snapshot.accounts()] == [MANAGEMENT]
    assert snapshot.organization_view() is None
    assert "could not be listed" in snapshot.manifest["warnings"][0]
    with pytest.raises(EvidenceMissing):
        view(snapshot, MANAGEMENT).of_organization()


def test_whoever_asks_for_the_organisation_and_may_not_list_it_is_told(stub: StubAws, tmp_path: Path) -> None:
    stub.on("organizations", "ListAccounts", fails("AccessDeniedException"))
    with pytest.raises(UsageError, match="could not be listed"):
        collected(stub, tmp_path, Scope(organization=True))
    assert not (tmp_path / "snapshots").exists()


def test_one_account_alone_is_read_where_asked(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path, Scope(organization=False))
    assert [one.id for one in snapshot.accounts()] == [MANAGEMENT]
    assert stub.counts()["ListAccounts"] == 0


def test_an_account_that_is_suspended_is_not_read_and_is_named(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    gone = {"Id": PROD, "Name": "prod", "Email": "x@abc.example", "Status": "SUSPENDED"}
    here = {"Id": MANAGEMENT, "Name": "management", "Email": "y@abc.example", "Status": "ACTIVE"}
    stub.on("organizations", "ListAccounts", says({"Accounts": [here, gone]}))
    snapshot = collected(stub, tmp_path)
    assert [one.id for one in snapshot.accounts()] == [MANAGEMENT]
    assert snapshot.manifest["warnings"] == [f"account prod ({PROD}) is suspended and is not read"]


def test_regions_that_are_not_enabled_are_not_read_and_leave_no_hole(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path)
    assert {asked.region for asked in stub.asked if asked.service == "kms"} == {"eu-west-1"}
    assert list(snapshot.holes()) == []


def test_where_aws_does_not_tell_the_regions_the_default_ones_are_read_and_it_is_said(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub)
    stub.on("ec2", "DescribeRegions", xml_error("UnauthorizedOperation", 403))
    snapshot = collected(stub, tmp_path, Scope(organization=False))
    assert {asked.region for asked in stub.asked if asked.service == "kms"} == set(DEFAULT_REGIONS)
    assert any("enabled regions could not be read" in warning for warning in snapshot.manifest["warnings"])


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("ListAccounts", says({"Accounts": [{"Name": "no id"}]})),
        ("ListAccounts", says({"Accounts": "none"})),
        ("ListRoots", says({"Roots": [{}]})),
        ("ListAccountsForParent", fails("AccessDeniedException")),
        ("ListOrganizationalUnitsForParent", says({"OrganizationalUnits": [{"Id": "ou-1"}]})),
        ("DescribeOrganization", fails("AccessDeniedException")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_answer_while_planning_is_a_warning_at_most(
    stub: StubAws, tmp_path: Path, operation: str, said: Said
) -> None:
    populate(stub)
    stub.on("organizations", operation, said)
    snapshot = collected(stub, tmp_path, Scope(services=("kms",)))
    assert len(view(snapshot, MANAGEMENT).rows("kms.keys")) == 3
    assert snapshot.manifest["warnings"] or operation == "DescribeOrganization"


def test_what_the_user_left_out_is_a_hole_and_is_not_asked_for(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    stub.on("ec2", "DescribeRegions", regions(("eu-west-1", "eu-central-1")))
    scope = Scope(accounts=("prod",), regions=(HOME,), services=("kms",))
    snapshot = collected(stub, tmp_path, scope)
    central = Region("eu-central-1")
    out = HoleReason.OUT_OF_SCOPE
    said = "not assessed: left out by the user"
    assert sorted(snapshot.holes(AccountId(PROD))) == sorted(
        [
            Hole(AccountId(PROD), central, "kms", "*", out, said),
            Hole(AccountId(PROD), central, "secretsmanager", "*", out, said),
            Hole(AccountId(PROD), HOME, "secretsmanager", "*", out, said),
        ]
    )
    assert {
        (asked.service, asked.region) for asked in stub.asked if asked.service in {"kms", "secretsmanager"}
    } == {("kms", "eu-west-1")}
    with pytest.raises(EvidenceMissing, match="left out"):
        view(snapshot).rows("kms.keys")
    assert view(snapshot).rows("kms.keys", HOME)
    assert snapshot.manifest["excluded_accounts"] == {MANAGEMENT: "management"}
    organization = snapshot.organization_view()
    assert organization is not None
    assert {hole.reason for hole in organization.holes} == {out}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope(accounts=("staging",)), "no active account 'staging'"),
        (Scope(regions=(Region("ap-east-1"),)), "region ap-east-1 is not enabled"),
        (Scope(services=("mail",)), "no service mail"),
    ],
    ids=["account", "region", "service"],
)
def test_a_scope_that_names_what_is_not_there_is_refused(
    stub: StubAws, tmp_path: Path, scope: Scope, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        collected(stub, tmp_path, scope)
    assert caught.value.remedy
    assert not (tmp_path / "snapshots").exists()


def test_a_caller_whom_aws_does_not_know_gets_no_snapshot(stub: StubAws, tmp_path: Path) -> None:
    stub.on("sts", "GetCallerIdentity", xml_error("InvalidClientTokenId", 403))
    with pytest.raises(CredentialsError, match="InvalidClientTokenId"):
        collected(stub, tmp_path)
    assert not (tmp_path / "snapshots").exists()


def test_where_nothing_can_be_read_at_all_it_is_told(stub: StubAws, tmp_path: Path) -> None:
    stub.on("organizations", "ListRoots", fails("AccessDeniedException"))
    with pytest.raises(NothingCollected):
        collected(stub, tmp_path)


def test_an_empty_account_is_collected_and_has_no_holes(stub: StubAws, tmp_path: Path) -> None:
    stub.on("kms", "ListKeys", says({"Keys": []}))
    stub.on("secretsmanager", "ListSecrets", says({}))
    snapshot = collected(stub, tmp_path)
    assert list(snapshot.holes()) == []
    assert view(snapshot).rows("kms.keys") == ()


def test_progress_is_told_after_each_unit_and_accounts_when_they_are_complete(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub)
    told: list[Progress] = []
    complete: list[str] = []
    listeners = Listeners(told.append, complete.append)
    snapshot = collect(source(stub), Scope(), tmp_path, threads=4, listeners=listeners, reads=READS)
    assert [one.done for one in told] == [1, 2, 3, 4, 5]
    assert {one.total for one in told} == {5}
    assert told[-1].accounts_done == 3
    assert Counter(complete) == Counter([MANAGEMENT, PROD, ORGANIZATION])
    rows, calls, _ = snapshot.totals()
    assert (told[-1].rows, told[-1].calls, told[-1].holes) == (rows, calls, 0)
    assert rows == 2 * (3 + 3 + 3) + 1


def test_calls_are_counted_as_they_were_made(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path)
    made = [asked for asked in stub.asked if asked.service in {"kms", "secretsmanager"}]
    assert snapshot.totals()[1] == len(made) + 1


def test_the_manifest_says_what_was_read_by_whom_and_is_json(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    snapshot = collected(stub, tmp_path, Scope(services=("kms", "organizations")))
    found = json.loads((snapshot.folder / "manifest.json").read_text())
    assert found["caller"] == f"arn:aws:iam::{MANAGEMENT}:user/auditor"
    assert found["source"] == f"live ({stub.url})"
    assert found["scope"]["services"] == ["kms", "organizations"]
    assert found["accounts"] == {MANAGEMENT: "management", PROD: "prod"}
    assert found["started"].endswith("Z")
    assert found["finished"] >= found["started"]


def test_units_that_were_throttled_out_are_read_again_on_resume_and_only_they(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub)
    good = stub.scripts["kms", "ListKeys"]
    stub.on(
        "kms",
        "ListKeys",
        lambda asked: fails("ThrottlingException") if asked.account == PROD else good(asked),
    )
    first = collected(stub, tmp_path)
    assert first.counts()[State.PARTIAL] == 1
    stub.on("kms", "ListKeys", good)
    stub.asked.clear()
    again = resumed(source(stub), tmp_path, first.id)
    assert list(again.holes()) == []
    assert len(view(again).rows("kms.keys")) == 3
    assert {asked.account for asked in stub.asked if asked.service == "kms"} == {PROD}
    assert "ListSecrets" not in stub.counts()


def test_resume_as_another_account_is_refused(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    first = collected(stub, tmp_path)
    stub.on("sts", "GetCallerIdentity", lambda asked: stub_identity(asked, PROD))
    with pytest.raises(UsageError, match=f"begun from account {MANAGEMENT}"):
        resumed(source(stub), tmp_path, first.id)


def test_resume_without_anything_unfinished_is_told(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    collected(stub, tmp_path)
    with pytest.raises(UsageError, match="no unfinished snapshot"):
        resumed(source(stub), tmp_path)


def test_accounts_beyond_a_hundred_are_read_without_more_clients(stub: StubAws, tmp_path: Path) -> None:
    populate(stub, keys=1)
    many = [(f"{number:012}", f"team-{number}") for number in range(1, 41)]
    stub.on("organizations", "ListAccounts", accounts((MANAGEMENT, "management"), *many))
    made = source(stub)
    snapshot = collect(made, Scope(), tmp_path, threads=8, reads=READS)
    assert len(snapshot.accounts()) == 41
    for account, _ in many:
        (key,) = view(snapshot, account).rows("kms.keys")
        assert key.text("Origin") == f"AWS_{account}"
    assert len(made.aws._clients) == 5


def test_units_of_a_few_accounts_are_mixed_and_long_ones_go_first() -> None:
    def units_of(account: AccountId) -> list[UnitKey]:
        return [UnitKey(account, GLOBAL, service) for service in ("account", "iam", "s3")]

    ids = [AccountId(str(number)) for number in range(20)]
    ordered = list(in_turn(ids, units_of))
    assert sorted(ordered) == sorted(unit for one in ids for unit in units_of(one))
    assert {unit.service for unit in ordered[:8]} == {"iam"}
    assert len({unit.account for unit in ordered[:24]}) == 8


def test_an_account_can_be_read_as_soon_as_it_is_complete(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    seen: dict[str, int] = {}

    def look(account: AccountId) -> None:
        if account != ORGANIZATION:
            seen[account] = len(view(Snapshot.open(tmp_path), account).rows("kms.keys"))

    collect(source(stub), Scope(), tmp_path, threads=4, listeners=Listeners(None, look), reads=READS)
    assert seen == {MANAGEMENT: 3, PROD: 3}


def test_units_of_a_service_that_is_not_known_any_more_stay_unread_on_resume(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub)
    good = stub.scripts["kms", "ListKeys"]
    slow = fails("ThrottlingException")
    stub.on("kms", "ListKeys", slow)
    stub.on("secretsmanager", "ListSecrets", slow)
    first = collected(stub, tmp_path)
    stub.on("kms", "ListKeys", good)
    fewer = [read for read in READS if read.service != "secretsmanager"]
    again = resume(source(stub), tmp_path, first.id, threads=4, reads=fewer)
    assert len(view(again).rows("kms.keys")) == 3
    with pytest.raises(EvidenceMissing, match="throttled"):
        view(again).rows("secretsmanager.secrets")


def test_a_mistake_in_a_read_ends_the_collection_with_its_own_error(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)

    def broken(row: dict[str, object]) -> bool:
        raise ZeroDivisionError

    reads = [
        Read(
            "kms.keys",
            "ListKeys",
            "Keys[]",
            arn="{KeyArn}",
            details=(Detail("x", "DescribeKey", when=broken),),
        )
    ]
    with pytest.raises(ZeroDivisionError):
        collect(source(stub), Scope(), tmp_path, threads=4, reads=reads)
    assert not Snapshot.open(tmp_path).is_finished


def resumed(made: Source, store: Path, name: str = "") -> Snapshot:
    return resume(made, store, name, threads=4, reads=READS)


def stub_identity(asked: Asked, account: str) -> Said:
    from tests.collect.stub import identity

    return identity(Asked(account, asked.region, asked.service, asked.operation, asked.params, 0))
