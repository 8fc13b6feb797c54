"""Systems Manager over HTTP: machines, inventory, sessions, patches, compliance, associations, settings."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchword.lab.backends import ssm_instances, ssm_patching
from watchword.lab.backends.call import AnswerError

ACCOUNT, REGION = "123456789012", "us-east-1"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def ssm(client: Callable[..., Any]) -> Any:
    return client("ssm")


@pytest.fixture
def web(ssm: Any) -> str:
    ssm_instances.register(
        ACCOUNT, REGION, "i-0web", PlatformName="Ubuntu", PlatformVersion="18.04", ComputerName="web"
    )
    return "i-0web"


@pytest.fixture
def lost(ssm: Any) -> str:
    last = NOW - timedelta(days=40)
    ssm_instances.register(ACCOUNT, REGION, "mi-0lost", PingStatus="ConnectionLost", LastPingDateTime=last)
    return "mi-0lost"


def test_registered_machines_are_described(ssm: Any, web: str, lost: str) -> None:
    first, second = ssm.describe_instance_information()["InstanceInformationList"]
    assert (first["InstanceId"], first["PlatformName"], first["PlatformVersion"]) == (web, "Ubuntu", "18.04")
    assert (first["PingStatus"], first["ResourceType"]) == ("Online", "EC2Instance")
    assert (second["PingStatus"], second["ResourceType"]) == ("ConnectionLost", "ManagedInstance")
    assert second["LastPingDateTime"] == NOW - timedelta(days=40)


def test_machines_are_filtered_by_id_status_and_tag_of_the_instance(
    ssm: Any, client: Callable[..., Any], lost: str
) -> None:
    ec2 = client("ec2")
    tagging = {"ResourceType": "instance", "Tags": [{"Key": "Tier", "Value": "web"}]}
    made = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, TagSpecifications=[tagging])
    instance = made["Instances"][0]["InstanceId"]
    ssm_instances.register(ACCOUNT, REGION, instance)

    def found(key: str, value: str) -> list[str]:
        filters = [{"Key": key, "Values": [value]}]
        machines = ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
        return [machine["InstanceId"] for machine in machines]

    assert found("InstanceIds", lost) == [lost]
    assert found("PingStatus", "Online") == [instance]
    assert found("tag:Tier", "web") == [instance]


def test_machines_come_in_pages(ssm: Any) -> None:
    for number in range(12):
        ssm_instances.register(ACCOUNT, REGION, f"i-{number}")
    pages = ssm.get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 5})
    assert [len(page["InstanceInformationList"]) for page in pages] == [5, 5, 2]


def test_a_machine_with_a_member_that_aws_lacks_is_refused(ssm: Any) -> None:
    with pytest.raises(AnswerError, match="PingState"):
        ssm_instances.register(ACCOUNT, REGION, "i-1", PingState="Online")
    assert ssm.describe_instance_information()["InstanceInformationList"] == []


def test_inventory_is_kept_by_type_and_found_by_attribute(ssm: Any, web: str, lost: str) -> None:
    content = [{"Name": "openssl", "Version": "1.0.2"}, {"Name": "nginx", "Version": "1.18"}]
    item = {"TypeName": "AWS:Application", "SchemaVersion": "1.1", "CaptureTime": "2026-01-15T00:00:00Z"}
    ssm.put_inventory(InstanceId=web, Items=[{**item, "Content": content}])
    entries = ssm.list_inventory_entries(InstanceId=web, TypeName="AWS:Application")
    assert entries["Entries"] == content
    assert entries["CaptureTime"] == "2026-01-15T00:00:00Z"

    def entities(**filters: Any) -> list[str]:
        wanted = [{"Key": "AWS:Application.Name", **filters}]
        answer = ssm.get_inventory(Filters=wanted, ResultAttributes=[{"TypeName": "AWS:Application"}])
        return [entity["Id"] for entity in answer["Entities"]]

    assert entities(Values=["openssl"]) == [web]
    assert entities(Values=["open"], Type="BeginWith") == [web]
    assert entities(Values=["log4j"]) == []


def test_inventory_always_tells_of_the_machine_itself(ssm: Any, web: str) -> None:
    (entity,) = ssm.get_inventory()["Entities"]
    (content,) = entity["Data"]["AWS:InstanceInformation"]["Content"]
    assert (content["PlatformName"], content["PlatformVersion"], content["ComputerName"]) == (
        "Ubuntu",
        "18.04",
        "web",
    )


def test_inventory_of_an_unknown_machine_is_refused(ssm: Any, refused: Callable[..., Any]) -> None:
    item = {"TypeName": "AWS:File", "SchemaVersion": "1.0", "CaptureTime": "2026-01-15T00:00:00Z"}
    assert refused(ssm.put_inventory, InstanceId="i-unknown", Items=[item]).code == "InvalidInstanceId"


def test_sessions_are_active_until_terminated_and_then_history(ssm: Any, web: str) -> None:
    session = ssm.start_session(Target=web, Reason="INC-7")["SessionId"]
    (active,) = ssm.describe_sessions(State="Active")["Sessions"]
    assert (active["SessionId"], active["Reason"], active["Status"]) == (session, "INC-7", "Connected")
    ssm.terminate_session(SessionId=session)
    assert ssm.describe_sessions(State="Active")["Sessions"] == []
    assert ssm.describe_sessions(State="History")["Sessions"][0]["Status"] == "Terminated"


def test_recorded_sessions_are_found_by_owner_and_time(ssm: Any, web: str) -> None:
    owner = "arn:aws:sts::123456789012:assumed-role/Admin/ann"
    key = ssm_instances.record_session(ACCOUNT, REGION, web, owner, StartDate=NOW, EndDate=NOW)
    ssm_instances.record_session(ACCOUNT, REGION, web, "arn:aws:iam::123456789012:user/bob")

    def found(name: str, value: str) -> list[str]:
        answer = ssm.describe_sessions(State="History", Filters=[{"key": name, "value": value}])
        return [session["SessionId"] for session in answer["Sessions"]]

    assert key.startswith("ann-")
    assert found("Owner", owner) == [key]
    assert found("InvokedBefore", "2026-02-01T00:00:00Z") == [key]


def test_a_machine_that_is_offline_cannot_be_connected_to(
    ssm: Any, lost: str, refused: Callable[..., Any]
) -> None:
    assert refused(ssm.start_session, Target=lost).code == "TargetNotConnected"
    assert ssm.get_connection_status(Target=lost)["Status"] == "notconnected"


def test_activations_are_kept_and_expire(ssm: Any) -> None:
    made = ssm.create_activation(
        IamRole="hybrid", ExpirationDate=NOW - timedelta(days=900), RegistrationLimit=5
    )
    (found,) = ssm.describe_activations()["ActivationList"]
    assert (found["ActivationId"], found["RegistrationLimit"], found["Expired"]) == (
        made["ActivationId"],
        5,
        True,
    )


def patch(name: str, state: str, severity: str = "Critical", kind: str = "Security") -> dict[str, Any]:
    return {
        "Title": name,
        "KBId": name,
        "Classification": kind,
        "Severity": severity,
        "State": state,
        "InstalledTime": NOW,
    }


@pytest.fixture
def scanned(web: str) -> str:
    patches = [
        patch("openssl", "MISSING"),
        patch("kernel", "FAILED", "Important"),
        patch("vim", "MISSING", "Low", "Bugfix"),
        patch("bash", "INSTALLED"),
    ]
    ssm_patching.report_patches(ACCOUNT, REGION, web, patches, at=NOW, system="UBUNTU")
    return web


def test_a_scan_is_counted_by_state_and_severity(ssm: Any, scanned: str) -> None:
    (state,) = ssm.describe_instance_patch_states(InstanceIds=[scanned, "i-unknown"])["InstancePatchStates"]
    counts = {name: state[f"{name}Count"] for name in ("Installed", "Missing", "Failed")}
    assert counts == {"Installed": 1, "Missing": 2, "Failed": 1}
    open_ones = [state[f"{kind}NonCompliantCount"] for kind in ("Critical", "Security", "Other")]
    assert open_ones == [1, 1, 1]
    assert (state["OperationEndTime"], state["Operation"]) == (NOW, "Scan")
    assert "patchbaseline/pb-" in state["BaselineId"]


def test_patches_are_listed_by_state(ssm: Any, scanned: str) -> None:
    wanted = [{"Key": "State", "Values": ["MISSING"]}]
    found = ssm.describe_instance_patches(InstanceId=scanned, Filters=wanted)["Patches"]
    assert [each["Title"] for each in found] == ["openssl", "vim"]
    assert found[0]["InstalledTime"] == NOW


def test_a_scan_makes_compliance_of_type_patch(ssm: Any, scanned: str) -> None:
    (summary,) = ssm.list_resource_compliance_summaries()["ResourceComplianceSummaryItems"]
    assert (summary["ComplianceType"], summary["ResourceId"], summary["Status"]) == (
        "Patch",
        scanned,
        "NON_COMPLIANT",
    )
    assert summary["OverallSeverity"] == "CRITICAL"
    assert summary["NonCompliantSummary"]["NonCompliantCount"] == 3
    assert summary["NonCompliantSummary"]["SeveritySummary"]["HighCount"] == 1
    assert summary["CompliantSummary"]["CompliantCount"] == 1


def test_compliance_items_replace_those_of_the_same_kind(ssm: Any, web: str) -> None:
    def put(*statuses: str) -> None:
        items = [{"Id": str(n), "Severity": "HIGH", "Status": status} for n, status in enumerate(statuses)]
        ssm.put_compliance_items(
            ResourceId=web,
            ResourceType="ManagedInstance",
            ComplianceType="Custom:Antivirus",
            ExecutionSummary={"ExecutionTime": NOW},
            Items=items,
        )

    put("NON_COMPLIANT", "COMPLIANT")
    put("COMPLIANT")
    (item,) = ssm.list_compliance_items(ResourceIds=[web])["ComplianceItems"]
    assert (item["Status"], item["ComplianceType"], item["ExecutionSummary"]["ExecutionTime"]) == (
        "COMPLIANT",
        "Custom:Antivirus",
        NOW,
    )
    (summary,) = ssm.list_compliance_summaries()["ComplianceSummaryItems"]
    assert summary["CompliantSummary"]["CompliantCount"] == 1
    assert summary["NonCompliantSummary"]["NonCompliantCount"] == 0


def test_compliance_is_filtered(ssm: Any, scanned: str) -> None:
    def count(kind: str) -> int:
        wanted = [{"Key": "Status", "Values": ["COMPLIANT"], "Type": kind}]
        return len(ssm.list_compliance_items(ResourceIds=[scanned], Filters=wanted)["ComplianceItems"])

    assert (count("EQUAL"), count("NOT_EQUAL")) == (1, 3)


def test_baselines_of_aws_stand_beside_those_that_are_made(ssm: Any) -> None:
    made = ssm.create_patch_baseline(Name="fast", OperatingSystem="UBUNTU", Description="3 days")[
        "BaselineId"
    ]

    def named(key: str, value: str) -> list[str]:
        filters = [{"Key": key, "Values": [value]}]
        found = ssm.describe_patch_baselines(Filters=filters)["BaselineIdentities"]
        return [each["BaselineName"] for each in found]

    assert named("OWNER", "Self") == ["fast"]
    assert named("OPERATING_SYSTEM", "UBUNTU") == ["AWS-UbuntuDefaultPatchBaseline", "fast"]
    assert ssm.get_patch_baseline(BaselineId=made)["Description"] == "3 days"


def test_rules_of_baselines_can_be_read_and_changed(ssm: Any) -> None:
    def rules(days: int) -> dict[str, Any]:
        filters = {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]}
        return {"PatchRules": [{"PatchFilterGroup": filters, "ApproveAfterDays": days}]}

    made = ssm.create_patch_baseline(Name="slow", OperatingSystem="UBUNTU", ApprovalRules=rules(30))[
        "BaselineId"
    ]
    assert ssm.get_patch_baseline(BaselineId=made)["ApprovalRules"] == rules(30)
    ssm.update_patch_baseline(BaselineId=made, ApprovalRules=rules(3))
    assert ssm.get_patch_baseline(BaselineId=made)["ApprovalRules"] == rules(3)
    own = ssm.get_default_patch_baseline(OperatingSystem="UBUNTU")["BaselineId"]
    (rule,) = ssm.get_patch_baseline(BaselineId=own)["ApprovalRules"]["PatchRules"]
    assert rule["ApproveAfterDays"] == 7


def test_a_baseline_becomes_the_default(ssm: Any) -> None:
    made = ssm.create_patch_baseline(Name="fast", OperatingSystem="UBUNTU")["BaselineId"]
    ssm.register_default_patch_baseline(BaselineId=made)
    assert ssm.get_default_patch_baseline(OperatingSystem="UBUNTU")["BaselineId"] == made
    found = ssm.describe_patch_baselines()["BaselineIdentities"]
    ubuntu = [each for each in found if each["OperatingSystem"] == "UBUNTU"]
    assert [each["DefaultBaseline"] for each in ubuntu] == [False, True]


def test_patch_groups_have_one_baseline_for_a_system(
    ssm: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    fast, slow = (
        ssm.create_patch_baseline(Name=name, OperatingSystem="UBUNTU")["BaselineId"]
        for name in ("fast", "slow")
    )
    ssm.register_patch_baseline_for_patch_group(BaselineId=fast, PatchGroup="web")
    refusal = refused(ssm.register_patch_baseline_for_patch_group, BaselineId=slow, PatchGroup="web")
    assert refusal.code == "AlreadyExistsException"
    (mapping,) = ssm.describe_patch_groups()["Mappings"]
    assert (mapping["PatchGroup"], mapping["BaselineIdentity"]["BaselineId"]) == ("web", fast)
    assert ssm.get_patch_baseline(BaselineId=fast)["PatchGroups"] == ["web"]
    elsewhere = client("ssm", region="eu-west-1")
    assert elsewhere.describe_patch_groups()["Mappings"] == []

    ssm.deregister_patch_baseline_for_patch_group(BaselineId=fast, PatchGroup="web")
    assert ssm.describe_patch_groups()["Mappings"] == []


def test_a_machines_tag_puts_it_into_its_patch_group(ssm: Any, client: Callable[..., Any]) -> None:
    tagging = {"ResourceType": "instance", "Tags": [{"Key": "Patch Group", "Value": "web"}]}
    made = client("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, TagSpecifications=[tagging])
    instance = made["Instances"][0]["InstanceId"]
    fast = ssm.create_patch_baseline(Name="fast", OperatingSystem="UBUNTU")["BaselineId"]
    ssm.register_patch_baseline_for_patch_group(BaselineId=fast, PatchGroup="web")
    ssm_patching.report_patches(ACCOUNT, REGION, instance, [patch("bash", "MISSING")], system="UBUNTU")
    (state,) = ssm.describe_instance_patch_states_for_patch_group(PatchGroup="web")["InstancePatchStates"]
    assert (state["InstanceId"], state["BaselineId"]) == (instance, fast)
    group = ssm.describe_patch_group_state(PatchGroup="web")
    assert (group["Instances"], group["InstancesWithMissingPatches"]) == (1, 1)
    assert group["InstancesWithFailedPatches"] == 0


def test_associations_are_kept_with_their_targets_and_schedule(ssm: Any, refused: Callable[..., Any]) -> None:
    targets = [{"Key": "tag:Tier", "Values": ["web"]}]
    made = ssm.create_association(
        Name="AWS-RunPatchBaseline",
        Targets=targets,
        ScheduleExpression="rate(1 day)",
        AssociationName="daily",
    )["AssociationDescription"]
    (found,) = ssm.list_associations(AssociationFilterList=[{"key": "AssociationName", "value": "daily"}])[
        "Associations"
    ]
    assert (found["Targets"], found["ScheduleExpression"]) == (targets, "rate(1 day)")
    key = found["AssociationId"]
    assert made["AssociationId"] == key
    ssm.delete_association(AssociationId=key)
    assert refused(ssm.describe_association, AssociationId=key).code == "AssociationDoesNotExist"


def test_session_preferences_are_kept_as_a_document(ssm: Any) -> None:
    inputs = {"s3BucketName": "logs", "idleSessionTimeout": "20", "runAsEnabled": True}
    content = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs}
    ssm.create_document(
        Name="SSM-SessionManagerRunShell", DocumentType="Session", Content=json.dumps(content)
    )
    found = ssm.get_document(Name="SSM-SessionManagerRunShell")
    assert json.loads(found["Content"])["inputs"] == inputs


def test_settings_have_defaults_and_can_be_changed_and_reset(ssm: Any, refused: Callable[..., Any]) -> None:
    name = "/ssm/documents/console/public-sharing-permission"

    def value() -> tuple[str, str]:
        setting = ssm.get_service_setting(SettingId=name)["ServiceSetting"]
        return setting["SettingValue"], setting["Status"]

    assert value() == ("Enable", "Default")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:servicesetting{name}"
    ssm.update_service_setting(SettingId=arn, SettingValue="Disable")
    assert value() == ("Disable", "Customized")
    ssm.reset_service_setting(SettingId=name)
    assert value() == ("Enable", "Default")
    assert refused(ssm.get_service_setting, SettingId="/ssm/none").code == "ServiceSettingNotFound"
