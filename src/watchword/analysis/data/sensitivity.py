"""How sensitive a resource is: its declared label, and what Macie found in it.

The order of trust: the declaration in the estate, then the tag, and never below what Macie found.  A resource without
label is not "public": its label is ``None``.  Contents are not read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

LABEL_TAG: Final = "data-classification"
"""The tag that bears the label; compared without case."""
OWNER_TAG: Final = "owner"
"""The tag that names who answers for the data; compared without case."""

LABELS: Final = ("public", "internal", "confidential", "restricted")
"""The labels of the lattice, lowest first."""
SENSITIVE: Final = frozenset({"confidential", "restricted"})

FOUND_LABELS: Final = {
    "SensitiveData:S3Object/Credentials": "restricted",
    "SensitiveData:S3Object/Financial": "restricted",
    "SensitiveData:S3Object/Personal": "confidential",
    "SensitiveData:S3Object/Multiple": "restricted",
    "SensitiveData:S3Object/CustomIdentifier": "confidential",
}
"""The least label that a bucket deserves by the type of a Macie finding.

Types: https://docs.aws.amazon.com/macie/latest/user/findings-types.html
"""

MACIE_TABLE: Final = "macie2.findings"


def tag_of(tags: Mapping[str, str], key: str) -> str | None:
    """The value of the tag ``key`` in any case, stripped; ``None`` where there is none or it is empty."""
    found = next((value for name, value in tags.items() if name.lower() == key), "")
    return found.strip() or None


def declared_label(resource: Resource, view: AccountView) -> str | None:
    """The label that people gave: in the estate's declaration, else in the tag; lower case, ``None`` where none."""
    tagged = tag_of(resource.tags, LABEL_TAG)
    return view.estate.declared_label(resource.arn) or (tagged.lower() if tagged else None)


def found_label(resource: Resource, view: AccountView) -> str | None:
    """The least label that Macie's open findings about the bucket ask for; ``None`` where there are none.

    Findings that could not be read say nothing; whether Macie runs at all is another question.
    """
    if resource.table != "s3.buckets" or not _may_read_findings(view):
        return None
    labels = [label for label in _found_labels(resource, view) if label]
    return max(labels, key=LABELS.index, default=None)


def _found_labels(resource: Resource, view: AccountView) -> list[str | None]:
    found = []
    for finding in view.readable(MACIE_TABLE):
        try:
            about = finding.text("resourcesAffected.s3Bucket.arn", absent="")
            if about == resource.arn and not finding.flag("archived", absent=False):
                found.append(FOUND_LABELS.get(finding.text("type", absent="")))
        except EvidenceMissing:
            continue
    return found


def _may_read_findings(view: AccountView) -> bool:
    return view.declared is None or MACIE_TABLE in view.declared


def label_of(resource: Resource, view: AccountView) -> str | None:
    """The label that counts, lower case: the declared one, raised to what Macie found; ``None`` where there is none.

    Macie counts for a control that names ``macie2.findings`` among the tables that it reads.  A declared word that is
    none of the four is given back as it is.

    Raises:
        EvidenceMissing: there is neither declaration nor finding, and the resource's tags could not be read.
    """
    declared, found = declared_label(resource, view), found_label(resource, view)
    if declared is None and found is None:
        resource.has("Tags")
    if declared in LABELS and found:
        return max(declared, found, key=LABELS.index)
    return found or declared


def is_sensitive(resource: Resource, view: AccountView) -> bool:
    """Whether the resource's label is confidential or restricted.

    Raises:
        EvidenceMissing: as for ``label_of``.
    """
    return label_of(resource, view) in SENSITIVE
