"""What lies in which VPC, and which VPCs are sensitive.

A VPC is sensitive if it bears a sensitive label itself or holds a resource that does.  What counts as a workload:
instances, databases, warehouses, search domains, functions and load balancers.  Endpoints, gateways and firewalls are
plumbing and do not count.  A member of a database cluster has its own label or that of its cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchword.analysis.data.sensitivity import is_sensitive
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_VPC_FIELDS: Final = {
    "ec2.instances": "VpcId",
    "rds.instances": "DBSubnetGroup.VpcId",
    "redshift.clusters": "VpcId",
    "opensearch.domains": "VPCOptions.VPCId",
    "lambda.functions": "VpcConfig.VpcId",
    "elbv2.load_balancers": "VpcId",
}
_CLUSTERS: Final = "rds.clusters"

WORKLOADS: Final = (*_VPC_FIELDS, _CLUSTERS)
"""The tables that must be read to tell what lies in a VPC."""

_NOUNS: Final = {
    "ec2.instances": "instance",
    "rds.instances": "database",
    "redshift.clusters": "warehouse",
    "opensearch.domains": "search domain",
    "lambda.functions": "function",
    "elbv2.load_balancers": "load balancer",
}


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload in a VPC, and whether it is sensitive."""

    resource: Resource
    is_sensitive: bool

    def __str__(self) -> str:
        """What it is, in words: ``database payroll-db``."""
        return f"{_NOUNS[self.resource.table]} {self.resource.name}"


@dataclass(frozen=True, slots=True)
class Content:
    """What a VPC holds, as far as it was read; ``missing`` says in sentences what was not."""

    vpc: Resource
    is_labelled: bool
    workloads: tuple[Workload, ...]
    missing: tuple[str, ...]

    @property
    def sensitive(self) -> tuple[Workload, ...]:
        """The sensitive workloads."""
        return tuple(one for one in self.workloads if one.is_sensitive)

    @property
    def ordinary(self) -> tuple[Workload, ...]:
        """The workloads that are not sensitive."""
        return tuple(one for one in self.workloads if not one.is_sensitive)

    def is_sensitive(self) -> bool:
        """Whether the VPC is sensitive.

        Raises:
            EvidenceMissing: nothing sensitive was seen, and some workloads were not read.
        """
        if self.is_labelled or self.sensitive:
            return True
        if self.missing:
            raise EvidenceMissing(
                f"what lies in VPC {self.vpc.name} was not read in full: {'; '.join(self.missing[:3])}"
            )
        return False

    def why_sensitive(self) -> str:
        """In words, why the VPC is sensitive: ``holds database payroll-db``."""
        if self.is_labelled:
            return "is labelled sensitive"
        return f"holds {listed(self.sensitive)}"


def content_of(vpc: Resource, view: AccountView) -> Content:
    """What a row of ``ec2.vpcs`` holds; tables that were not read are told in ``missing``.

    Raises:
        EvidenceMissing: the tags of the VPC itself were not read.
    """
    workloads: list[Workload] = []
    missing: list[str] = []
    clusters = _sensitive_clusters(vpc, view, missing)
    for table, field in _VPC_FIELDS.items():
        try:
            workloads += [
                Workload(row, _is_sensitive(row, view, clusters))
                for row in view.rows(table, vpc.region)
                if row.text(field, absent="") == vpc.text("VpcId") and not _is_gone(row)
            ]
        except EvidenceMissing as error:
            missing.append(error.what)
    return Content(vpc, is_sensitive(vpc, view), tuple(workloads), tuple(missing))


def listed(workloads: tuple[Workload, ...], most: int = 3) -> str:
    """Workloads in words: the first few, and how many more."""
    more = f" and {len(workloads) - most} more" if len(workloads) > most else ""
    return ", ".join(map(str, workloads[:most])) + more


def sensitive_vpcs(view: AccountView) -> Iterator[Content]:
    """The sensitive VPCs of the account.

    Raises:
        EvidenceMissing: VPCs were not read, or it cannot be said of one whether it is sensitive.
    """
    for vpc in view.rows("ec2.vpcs"):
        content = content_of(vpc, view)
        if content.is_sensitive():
            yield content


def _sensitive_clusters(vpc: Resource, view: AccountView, missing: list[str]) -> frozenset[str]:
    try:
        rows = view.rows(_CLUSTERS, vpc.region)
        return frozenset(row.name for row in rows if is_sensitive(row, view))
    except EvidenceMissing as error:
        missing.append(error.what)
        return frozenset()


def _is_sensitive(row: Resource, view: AccountView, clusters: frozenset[str]) -> bool:
    return row.text("DBClusterIdentifier", absent="") in clusters or is_sensitive(row, view)


def _is_gone(row: Resource) -> bool:
    return row.table == "ec2.instances" and row.text("State.Name", absent="") in {
        "terminated",
        "shutting-down",
    }
