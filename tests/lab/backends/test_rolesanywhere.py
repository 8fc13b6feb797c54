"""IAM Roles Anywhere over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

SOURCE = {
    "sourceType": "CERTIFICATE_BUNDLE",
    "sourceData": {"x509CertificateData": "-----BEGIN CERTIFICATE-----"},
}
ROLE = "arn:aws:iam::123456789012:role/onprem"


@pytest.fixture
def anywhere(client: Callable[..., Any]) -> Any:
    return client("rolesanywhere")


def test_trust_anchors_are_kept_and_warn_of_expiry(anywhere: Any, refused: Callable[..., Any]) -> None:
    made = anywhere.create_trust_anchor(
        name="datacentre", source=SOURCE, enabled=True, tags=[{"key": "Owner", "value": "it"}]
    )["trustAnchor"]
    (found,) = anywhere.list_trust_anchors()["trustAnchors"]
    assert (found["name"], found["enabled"], found["source"]) == ("datacentre", True, SOURCE)
    assert {each["event"] for each in found["notificationSettings"]} == {
        "CA_CERTIFICATE_EXPIRY",
        "END_ENTITY_CERTIFICATE_EXPIRY",
    }
    arn = made["trustAnchorArn"]
    assert anywhere.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "Owner", "value": "it"}]
    key = made["trustAnchorId"]
    anywhere.disable_trust_anchor(trustAnchorId=key)
    assert anywhere.get_trust_anchor(trustAnchorId=key)["trustAnchor"]["enabled"] is False
    anywhere.delete_trust_anchor(trustAnchorId=key)
    assert refused(anywhere.get_trust_anchor, trustAnchorId=key).code == "ResourceNotFoundException"


def test_profiles_are_kept_with_their_roles_and_duration(anywhere: Any) -> None:
    made = anywhere.create_profile(name="servers", roleArns=[ROLE], sessionPolicy="{}")["profile"]
    assert (made["durationSeconds"], made["enabled"]) == (3600, False)
    key = made["profileId"]
    anywhere.update_profile(profileId=key, durationSeconds=900)
    anywhere.enable_profile(profileId=key)
    (found,) = anywhere.list_profiles()["profiles"]
    assert (found["roleArns"], found["durationSeconds"], found["enabled"]) == ([ROLE], 900, True)


def test_profiles_come_in_pages(anywhere: Any) -> None:
    for number in range(5):
        anywhere.create_profile(name=f"p{number}", roleArns=[ROLE])
    first = anywhere.list_profiles(pageSize=3)
    second = anywhere.list_profiles(pageSize=3, nextToken=first["nextToken"])
    names = [[profile["name"] for profile in page["profiles"]] for page in (first, second)]
    assert names == [["p0", "p1", "p2"], ["p3", "p4"]]
    assert "nextToken" not in second


def test_revocation_lists_belong_to_an_anchor(anywhere: Any) -> None:
    anchor = anywhere.create_trust_anchor(name="a", source=SOURCE)["trustAnchor"]["trustAnchorArn"]
    anywhere.import_crl(name="revoked", crlData=b"data", trustAnchorArn=anchor, enabled=True)
    (found,) = anywhere.list_crls()["crls"]
    assert (found["trustAnchorArn"], found["crlData"], found["enabled"]) == (anchor, b"data", True)
    assert anywhere.list_subjects()["subjects"] == []


def test_regions_are_apart(anywhere: Any, client: Callable[..., Any]) -> None:
    anywhere.create_trust_anchor(name="a", source=SOURCE)
    assert client("rolesanywhere", region="eu-west-1").list_trust_anchors()["trustAnchors"] == []
