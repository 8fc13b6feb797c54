"""The label that counts: declared by people, raised by what was found, never guessed."""

from __future__ import annotations

import pytest

from tests.controls.builder import resource, view
from watchword.analysis.data.sensitivity import is_sensitive, label_of
from watchword.model.estate import Estate
from watchword.model.evidence import EvidenceMissing

ARN = "arn:aws:s3:::b"


def bucket(**data):
    return resource("s3.buckets", {"_arn": ARN, "_name": "b", **data})


def macie(kind, *, archived=False, arn=ARN):
    finding = {"type": kind, "archived": archived, "resourcesAffected": {"s3Bucket": {"arn": arn}}}
    return view({"macie2.findings": [{"_name": "f", **finding}]})


@pytest.mark.parametrize(
    "tags", [{"data-classification": "Restricted"}, {"Data-Classification": " restricted "}]
)
def test_the_tag_counts_in_any_case(tags):
    assert label_of(bucket(_tags=tags), view()) == "restricted"
    assert is_sensitive(bucket(_tags=tags), view())


def test_no_label_is_none_and_not_sensitive():
    assert label_of(bucket(), view()) is None
    assert not is_sensitive(bucket(), view())
    assert label_of(bucket(_tags={"data-classification": " "}), view()) is None


def test_the_declaration_counts_before_the_tag():
    declared = view(estate=Estate(labels={"arn:aws:s3:::*": "Confidential"}))
    assert label_of(bucket(_tags={"data-classification": "public"}), declared) == "confidential"


def test_what_macie_found_raises_the_label_and_never_lowers_it():
    found = macie("SensitiveData:S3Object/Personal")
    assert label_of(bucket(_tags={"data-classification": "internal"}), found) == "confidential"
    assert label_of(bucket(_tags={"data-classification": "restricted"}), found) == "restricted"
    assert label_of(bucket(), found) == "confidential"
    assert label_of(bucket(_tags={"data-classification": "top secret"}), found) == "confidential"


def test_findings_that_are_archived_or_about_another_bucket_or_a_policy_do_not_count():
    assert label_of(bucket(), macie("SensitiveData:S3Object/Personal", archived=True)) is None
    assert label_of(bucket(), macie("SensitiveData:S3Object/Personal", arn="arn:aws:s3:::c")) is None
    assert label_of(bucket(), macie("Policy:IAMUser/S3BucketPublic")) is None


def test_tags_that_could_not_be_read_are_missing_evidence_and_not_no_label():
    unread = bucket(_holes={"Tags": "denied: AccessDenied"})
    with pytest.raises(EvidenceMissing):
        label_of(unread, view())
    assert label_of(unread, macie("SensitiveData:S3Object/Credentials")) == "restricted"
