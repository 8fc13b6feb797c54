"""Controls of segmentation: what is sensitive lives apart, has no way to the internet, and is joined to little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watchword.analysis.data.sensitivity import LABEL_TAG, SENSITIVE, is_sensitive, tag_of
from watchword.analysis.network.placement import WORKLOADS, Content, content_of, listed
from watchword.analysis.network.subnets import destination, internet_routes
from watchword.controls.registry import control, gap, met
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import ORGANIZATION
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_VPC_ID = "VpcId"
_OPTIONS = "ec2.vpc_block_public_access_options"
_EXCLUSIONS = "ec2.vpc_block_public_access_exclusions"
_OVER = frozenset({"deleted", "deleting", "rejected", "expired", "failed"})
_ABOUT_SENSITIVE = "VPCs that are sensitive or hold sensitive resources"


@control("NW-02", each="ec2.vpcs", reads=WORKLOADS, about=_ABOUT_SENSITIVE)
def dedicated_vpc(vpc: Resource, view: AccountView) -> Judgement | None:
    """What is sensitive shares its VPC with nothing that is not."""
    content = content_of(vpc, view)
    if not content.is_sensitive():
        return None
    about = f"VPC {vpc.name} {content.why_sensitive()}"
    evidence = _labels(content)
    if content.ordinary:
        return gap(
            f"{about} and also {listed(content.ordinary)}, which are not labelled sensitive", *evidence
        )
    if content.missing:
        raise EvidenceMissing(
            f"what else lies in VPC {vpc.name} was not read: {'; '.join(content.missing[:3])}"
        )
    return met(f"{about} and nothing that is not sensitive", *evidence)


def _labels(content: Content) -> tuple[Evidence, ...]:
    shown = (*content.ordinary[:6], *content.sensitive[:6])
    return (content.vpc.evidence("Tags"), *(one.resource.evidence(_tags_path(one.resource)) for one in shown))


def _tags_path(resource: Resource) -> str:
    return next((path for path in ("Tags", "TagList", "TagSet") if path in resource.data), "Tags")


@control(
    "NW-03",
    each="ec2.vpcs",
    reads=(*WORKLOADS, "ec2.route_tables", "ec2.network_interfaces", _OPTIONS, _EXCLUSIONS),
    about=_ABOUT_SENSITIVE,
)
def no_internet_gateway(vpc: Resource, view: AccountView) -> Judgement | None:
    """A sensitive VPC has no route to an internet gateway and no public address."""
    content = content_of(vpc, view)
    if not content.is_sensitive():
        return None
    faults, evidence = _ways_out(vpc, view)
    if not faults:
        return met(f"VPC {vpc.name} has no route to an internet gateway and no public address", *evidence)
    more = f"; and {len(faults) - 4} more" if len(faults) > 4 else ""
    because = f"VPC {vpc.name} {content.why_sensitive()}, but {'; '.join(faults[:4])}{more}"
    if _is_blocked(vpc, view):
        because += " (VPC block public access stops this traffic now)"
        return gap(because, *evidence, severity=Severity.LOW)
    return gap(because, *evidence)


def _ways_out(vpc: Resource, view: AccountView) -> tuple[list[str], list[Evidence]]:
    faults: list[str] = []
    evidence: list[Evidence] = []
    for table in _of_vpc(view.rows("ec2.route_tables", vpc.region), vpc):
        evidence.append(table.evidence("Routes"))
        faults += [
            f"route table {table.name} leads {destination(route)} to {route.text('GatewayId')}"
            for route in internet_routes(table)
        ]
    for interface in _of_vpc(view.rows("ec2.network_interfaces", vpc.region), vpc):
        address = interface.text("Association.PublicIp", absent="")
        if address:
            evidence.append(interface.evidence("Association"))
            faults.append(f"interface {interface.name} has the public address {address}")
    return faults, evidence[:12]


def _of_vpc(rows: Iterable[Resource], vpc: Resource) -> list[Resource]:
    return [row for row in rows if row.text(_VPC_ID, absent="") == vpc.text(_VPC_ID)]


def _is_blocked(vpc: Resource, view: AccountView) -> bool:
    """Whether block public access is known to stop all traffic of the VPC with internet gateways."""
    try:
        options = view.one(_OPTIONS, vpc.region)
        excluded = {row.text("ResourceArn") for row in view.rows(_EXCLUSIONS, vpc.region)}
    except EvidenceMissing:
        return False
    of_subnets = any(":subnet/" in arn for arn in excluded)
    mode = options.text("InternetGatewayBlockMode", absent="off")
    return mode == "block-bidirectional" and vpc.arn not in excluded and not of_subnets


@control("NW-04", each="ec2.vpc_peering_connections", reads=("ec2.vpcs", *WORKLOADS), about="VPC peerings")
def no_peering(peering: Resource, view: AccountView) -> Judgement | None:
    """No peering connection touches a sensitive VPC."""
    if peering.text("Status.Code") in _OVER:
        return None
    evidence = (peering.evidence("RequesterVpcInfo.VpcId"), peering.evidence("AccepterVpcInfo.VpcId"))
    own = list(_own_ends(peering, view))
    if not own:
        raise EvidenceMissing(f"neither VPC of peering {peering.name} was seen in this account")
    for content in own:
        if content.is_labelled or content.sensitive:
            about = f"peering {peering.name} joins VPC {content.vpc.name}, which {content.why_sensitive()}"
            return gap(f"{about}, to {_other_end(peering, content.vpc)}", *evidence)
    for content in own:
        content.is_sensitive()
    names = " and ".join(content.vpc.name for content in own)
    return met(f"of this account, peering {peering.name} touches {names}: not sensitive", *evidence)


def _own_ends(peering: Resource, view: AccountView) -> Iterator[Content]:
    ends = {peering.text(f"{side}VpcInfo.VpcId", absent="") for side in ("Requester", "Accepter")}
    for vpc in view.rows("ec2.vpcs"):
        if vpc.text(_VPC_ID) in ends:
            yield content_of(vpc, view)


def _other_end(peering: Resource, vpc: Resource) -> str:
    sides = ("Accepter", "Requester")
    if peering.text("AccepterVpcInfo.VpcId", absent="") == vpc.text(_VPC_ID):
        sides = ("Requester", "Accepter")
    side = f"{sides[0]}VpcInfo"
    other, owner = peering.text(f"{side}.VpcId", absent="?"), peering.text(f"{side}.OwnerId", absent="?")
    return f"{other} of account {owner}"


_ATTACHED = (
    "ec2.transit_gateways",
    "ec2.transit_gateway_route_tables",
    "ec2.transit_gateway_associations",
    "ec2.transit_gateway_propagations",
    "ec2.transit_gateway_routes",
    "organizations.accounts",
    "ec2.vpcs",
    *WORKLOADS,
)


@control(
    "NW-15",
    each="ec2.transit_gateway_attachments",
    reads=_ATTACHED,
    about="attachments of sensitive VPCs to transit gateways of this account",
)
def transit_segmentation(attachment: Resource, view: AccountView) -> Judgement | None:
    """The attachment of a sensitive VPC has a route table of its own and is not known to the default one."""
    if not _is_own_vpc_attachment(attachment, view) or not _is_sensitive(attachment, view):
        return None
    name = attachment.text("TransitGatewayAttachmentId")
    faults: list[str] = []
    evidence = [attachment.evidence("ResourceId")]
    for table in view.rows("ec2.transit_gateway_route_tables", attachment.region):
        if table.text("TransitGatewayId") == attachment.text("TransitGatewayId"):
            found = list(_faults_of_table(name, table, view))
            evidence += [table.evidence("DefaultAssociationRouteTable")] if found else []
            faults += found
    if faults:
        return gap(f"attachment {attachment.name} of a sensitive VPC {'; it '.join(faults)}", *evidence)
    return met(
        f"attachment {attachment.name} of a sensitive VPC shares its route table with no ordinary VPC, and the default "
        "route table does not lead to it",
        *evidence,
    )


def _is_own_vpc_attachment(attachment: Resource, view: AccountView) -> bool:
    owned = {
        row.text("TransitGatewayId")
        for row in view.rows("ec2.transit_gateways", attachment.region)
        if row.text("OwnerId") == view.account.id
    }
    return (
        attachment.text("ResourceType") == "vpc"
        and attachment.text("State") not in _OVER
        and attachment.text("TransitGatewayId") in owned
    )


def _is_sensitive(attachment: Resource, view: AccountView) -> bool:
    """By the attachment's own label, its VPC's (declared, or seen in this account), or its owner account's tag."""
    if is_sensitive(attachment, view):
        return True
    owner, vpc = attachment.text("ResourceOwnerId"), attachment.text("ResourceId")
    if owner == view.account.id:
        found = [row for row in view.rows("ec2.vpcs", attachment.region) if row.text(_VPC_ID) == vpc]
        return any(content_of(row, view).is_sensitive() for row in found)
    arn = f"{attachment.arn.partition(':ec2:')[0]}:ec2:{attachment.region}:{owner}:vpc/{vpc}"
    return view.estate.declared_label(arn) in SENSITIVE or _owner_label(owner, view) in SENSITIVE


def _owner_label(owner: str, view: AccountView) -> str:
    if view.organization is None and view.account.id != ORGANIZATION:
        return ""
    rows = view.of_organization().rows("organizations.accounts")
    tags = next((row.tags for row in rows if row.text("Id") == owner), {})
    return (tag_of(tags, LABEL_TAG) or "").lower()


def _faults_of_table(attachment: str, table: Resource, view: AccountView) -> Iterator[str]:
    named = f"route table {table.name}"
    associated = _attachments_in("ec2.transit_gateway_associations", table, view)
    if attachment in associated:
        if table.flag("DefaultAssociationRouteTable"):
            yield f"is associated with the default {named}"
        elif ordinary := sorted(_ordinary(associated - {attachment}, view, table)):
            yield f"shares {named} with {', '.join(ordinary[:3])}"
    if not (table.flag("DefaultAssociationRouteTable") or table.flag("DefaultPropagationRouteTable")):
        return
    if attachment in _attachments_in("ec2.transit_gateway_propagations", table, view):
        yield f"propagates to the default {named}"
    elif routes := _routes_to(attachment, table, view):
        yield f"is reached by {', '.join(routes[:3])} of the default {named}"


def _attachments_in(relation: str, table: Resource, view: AccountView) -> frozenset[str]:
    return frozenset(
        row.text("TransitGatewayAttachmentId")
        for row in view.rows(relation, table.region)
        if row.text("_parent") == table.arn and row.text("State") not in {"disassociated", "disabled"}
    )


def _ordinary(ids: frozenset[str], view: AccountView, table: Resource) -> Iterator[str]:
    """The names of those attachments that are VPCs and not sensitive."""
    for row in view.rows("ec2.transit_gateway_attachments", table.region):
        is_vpc = row.text("ResourceType") == "vpc"
        if is_vpc and row.text("TransitGatewayAttachmentId") in ids and not _is_sensitive(row, view):
            yield row.name


def _routes_to(attachment: str, table: Resource, view: AccountView) -> list[str]:
    return [
        row.text("DestinationCidrBlock", absent="?")
        for row in view.rows("ec2.transit_gateway_routes", table.region)
        if row.text("_parent") == table.arn
        and row.text("State", absent="active") == "active"
        and any(
            one.text("TransitGatewayAttachmentId") == attachment
            for one in row.items("TransitGatewayAttachments")
        )
    ]
