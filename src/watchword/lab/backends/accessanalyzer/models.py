"""Analyzers, archive rules and findings of one account and region.

What it does: keeps them, and archives new findings by rule as AWS does. What it does not do: find anything itself.
Reference: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/Welcome.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BackendDict, BaseBackend

from watchword.lab.backends.call import Refusal, conform
from watchword.lab.backends.criteria import strings

Filter = Mapping[str, Mapping[str, Any]]

# Types of analyzers whose findings the first version of the findings API shows.
EXTERNAL_ACCESS = ("ACCOUNT", "ORGANIZATION")


@dataclass(frozen=True, slots=True)
class ArchiveRule:
    """Findings that match `filter` are archived as soon as they appear."""

    name: str
    filter: Filter
    created: datetime
    updated: datetime

    def describe(self) -> dict[str, Any]:
        """The rule as `ArchiveRuleSummary`."""
        return {
            "ruleName": self.name,
            "filter": self.filter,
            "createdAt": self.created,
            "updatedAt": self.updated,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `details` is the `findingDetails` of GetFindingV2, `kind` its `findingType`."""

    id: str
    resource: str
    resource_type: str
    owner: str
    kind: str
    status: str
    created: datetime
    updated: datetime
    details: tuple[Mapping[str, Any], ...]

    def summary(self) -> dict[str, Any]:
        """The finding as `FindingSummaryV2`."""
        return {**self._shared(), "findingType": self.kind}

    def describe_external(self) -> dict[str, Any]:
        """The finding as `FindingSummary` of the first version, which knows external access alone."""
        access = next(
            (dict(d["externalAccessDetails"]) for d in self.details if "externalAccessDetails" in d), {}
        )
        return {"condition": {}, **self._shared(), **access}

    def attributes(self) -> dict[str, list[str]]:
        """What filters may ask about, each with all its values as text; "isPublic" is "true" or "false"."""
        known = {**self.describe_external(), "findingType": self.kind}
        flat = {key: strings(value) for key, value in known.items() if not isinstance(value, Mapping)}
        for key in ("principal", "condition"):
            flat |= {f"{key}.{name}": strings(value) for name, value in known.get(key, {}).items()}
        return flat

    def _shared(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "resource": self.resource,
            "resourceType": self.resource_type,
            "resourceOwnerAccount": self.owner,
            "status": self.status,
            "createdAt": self.created,
            "analyzedAt": self.updated,
            "updatedAt": self.updated,
        }


@dataclass(slots=True)
class Analyzer:
    """An analyzer with what belongs to it; the findings and rules change in place."""

    arn: str
    name: str
    kind: str
    created: datetime
    configuration: Mapping[str, Any] | None
    tags: dict[str, str]
    rules: dict[str, ArchiveRule] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The analyzer as `AnalyzerSummary`."""
        optional: dict[str, Any] = {"configuration": self.configuration} if self.configuration else {}
        newest = max(self.findings.values(), key=lambda finding: finding.updated, default=None)
        if newest:
            optional |= {"lastResourceAnalyzed": newest.resource, "lastResourceAnalyzedAt": newest.updated}
        return {
            "arn": self.arn,
            "name": self.name,
            "type": self.kind,
            "createdAt": self.created,
            "status": "ACTIVE",
            "tags": dict(self.tags),
            **optional,
        }

    def archive(self, rule: ArchiveRule) -> None:
        """Archive the active findings that a rule matches."""
        for finding in list(self.findings.values()):
            if finding.status == "ACTIVE" and matches(finding, rule.filter):
                self.findings[finding.id] = replace(finding, status="ARCHIVED")


def matches(finding: Finding, wanted: Filter) -> bool:
    """Whether a finding satisfies every criterion: values of one criterion are alternatives."""
    attributes = finding.attributes()
    return all(_satisfies(attributes.get(key, []), criterion) for key, criterion in wanted.items())


def _satisfies(values: list[str], criterion: Mapping[str, Any]) -> bool:
    checks = []
    if "eq" in criterion:
        checks.append(any(value in criterion["eq"] for value in values))
    if "neq" in criterion:
        checks.append(not any(value in criterion["neq"] for value in values))
    if "contains" in criterion:
        checks.append(any(part in value for part in criterion["contains"] for value in values))
    if "exists" in criterion:
        checks.append(bool(values) == criterion["exists"])
    return all(checks)


def missing(kind: str, name: str) -> Refusal:
    """The error for an analyzer, rule or finding that does not exist; `kind` is its resourceType."""
    return Refusal(
        "ResourceNotFoundException", f"{kind} not found: {name}", resourceId=name, resourceType=kind
    )


def taken(kind: str, name: str) -> Refusal:
    """The error for a name that is in use."""
    return Refusal("ConflictException", f"{kind} already exists: {name}", resourceId=name, resourceType=kind)


class AccessAnalyzerBackend(BaseBackend):
    """The analyzers of one account and region, by name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, Analyzer] = {}

    def create_analyzer(
        self, name: str, kind: str, configuration: Mapping[str, Any] | None, tags: Mapping[str, str]
    ) -> Analyzer:
        """A new analyzer; ConflictException if its name is in use."""
        if name in self.analyzers:
            raise taken("Analyzer", name)
        arn = f"arn:{self.partition}:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        self.analyzers[name] = Analyzer(arn, name, kind, datetime.now(UTC), configuration, dict(tags))
        return self.analyzers[name]

    def analyzer(self, name: str) -> Analyzer:
        """The analyzer of this name, or ResourceNotFoundException."""
        if name not in self.analyzers:
            raise missing("Analyzer", name)
        return self.analyzers[name]

    def analyzer_by_arn(self, arn: str) -> Analyzer:
        """The analyzer with this ARN, or ResourceNotFoundException."""
        for analyzer in self.analyzers.values():
            if analyzer.arn == arn:
                return analyzer
        raise missing("Analyzer", arn)

    def put_rule(self, analyzer: Analyzer, name: str, wanted: Filter) -> ArchiveRule:
        """Create a rule, or give the rule of that name another filter. Existing findings stay as they are."""
        now = datetime.now(UTC)
        old = analyzer.rules.get(name)
        analyzer.rules[name] = ArchiveRule(name, wanted, old.created if old else now, now)
        return analyzer.rules[name]

    def add_finding(
        self,
        analyzer: str,
        resource: str,
        resource_type: str,
        details: Sequence[Mapping[str, Any]],
        *,
        kind: str = "ExternalAccess",
        owner: str | None = None,
        status: str = "ACTIVE",
        at: datetime | None = None,
    ) -> str:
        """Let the named analyzer find something; gives the id of the finding.

        `details` is the `findingDetails` of GetFindingV2, for instance
        `[{"externalAccessDetails": {"isPublic": True, "condition": {}, "principal": {"AWS": "*"}}}]`;
        `owner` is this account unless given; `at` (UTC) is now unless given. Rules of the analyzer apply.
        Raises ResourceNotFoundException for an unknown analyzer, `AnswerError` for details of another form.
        """
        for detail in details:
            conform("accessanalyzer", "FindingDetails", detail)
        found = self.analyzer(analyzer)
        when = at or datetime.now(UTC)
        owner = owner or self.account_id
        finding = Finding(
            str(uuid4()), resource, resource_type, owner, kind, status, when, when, tuple(details)
        )
        conform("accessanalyzer", "FindingSummaryV2", finding.summary())
        found.findings[finding.id] = finding
        for rule in found.rules.values():
            found.archive(rule)
        return finding.id

    def set_status(self, analyzer: Analyzer, ids: Iterable[str], status: str) -> None:
        """Archive or reopen findings; ResourceNotFoundException, and no change, if one of them is unknown."""
        chosen = list(ids)
        for finding_id in chosen:
            if finding_id not in analyzer.findings:
                raise missing("Finding", finding_id)
        for finding_id in chosen:
            changed = replace(analyzer.findings[finding_id], status=status, updated=datetime.now(UTC))
            analyzer.findings[finding_id] = changed


accessanalyzer_backends = BackendDict(AccessAnalyzerBackend, "accessanalyzer")
