"""The operations of IAM Access Analyzer, from a request to the members of its answer."""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import BaseResponse

from watchword.lab.backends.accessanalyzer.models import (
    EXTERNAL_ACCESS,
    AccessAnalyzerBackend,
    Analyzer,
    Filter,
    Finding,
    accessanalyzer_backends,
    matches,
    missing,
    taken,
)
from watchword.lab.backends.call import Call
from watchword.lab.backends.registry import Handler

# https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
FILTER_KEYS = frozenset(
    "id resource resourceType resourceOwnerAccount status createdAt analyzedAt updatedAt error isPublic action "
    "findingType resourceControlPolicyRestriction".split()
)


class AccessAnalyzerResponse(BaseResponse):
    """Moto's entry for the service; its methods are put in by `registry.extend`."""

    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")


def _backend(call: Call) -> AccessAnalyzerBackend:
    return accessanalyzer_backends[call.account][call.region]


def _analyzer(call: Call) -> Analyzer:
    if "analyzerArn" in call.params:
        return _backend(call).analyzer_by_arn(call.params["analyzerArn"])
    return _backend(call).analyzer(call.params["analyzerName"])


def _filter(call: Call) -> Filter:
    wanted: Filter = call.params.get("filter", {})
    for key in wanted:
        if key not in FILTER_KEYS and not key.startswith(("principal.", "condition.")):
            raise call.refuse(f"The filter key {key} is not known.")
    return wanted


def _create_analyzer(call: Call) -> dict[str, Any]:
    params = call.params
    analyzer = _backend(call).create_analyzer(
        params["analyzerName"], params["type"], params.get("configuration"), params.get("tags", {})
    )
    for rule in params.get("archiveRules", []):
        _backend(call).put_rule(analyzer, rule["ruleName"], rule["filter"])
    return {"arn": analyzer.arn}


def _get_analyzer(call: Call) -> dict[str, Any]:
    return {"analyzer": _analyzer(call).describe()}


def _update_analyzer(call: Call) -> dict[str, Any]:
    analyzer = _analyzer(call)
    analyzer.configuration = call.params.get("configuration", analyzer.configuration)
    return {"configuration": analyzer.configuration} if analyzer.configuration else {}


def _list_analyzers(call: Call) -> dict[str, Any]:
    kind = call.params.get("type")
    analyzers = _backend(call).analyzers.values()
    return call.page("analyzers", [item.describe() for item in analyzers if kind in (None, item.kind)])


def _delete_analyzer(call: Call) -> None:
    _backend(call).analyzers.pop(_analyzer(call).name)


def _chosen(call: Call) -> list[Finding]:
    wanted = _filter(call)
    chosen = [finding for finding in _analyzer(call).findings.values() if matches(finding, wanted)]
    sort: Mapping[str, str] = call.params.get("sort", {})
    if sort:
        name = sort.get("attributeName", "createdAt")
        if name not in FILTER_KEYS:
            raise call.refuse(f"Findings can't be sorted by {name}.")
        chosen.sort(key=lambda f: f.attributes().get(name, []), reverse=sort.get("orderBy") == "DESC")
    return chosen


def _list_findings_v2(call: Call) -> dict[str, Any]:
    return call.page("findings", [finding.summary() for finding in _chosen(call)], default=100)


def _list_findings(call: Call) -> dict[str, Any]:
    if _analyzer(call).kind not in EXTERNAL_ACCESS:
        raise call.refuse("ListFindings is supported only for external access analyzers; use ListFindingsV2.")
    return call.page("findings", [finding.describe_external() for finding in _chosen(call)], default=100)


def _finding(call: Call) -> Finding:
    finding = _analyzer(call).findings.get(call.params["id"])
    if finding is None:
        raise missing("Finding", call.params["id"])
    return finding


def _get_finding(call: Call) -> dict[str, Any]:
    return {"finding": _finding(call).describe_external()}


def _get_finding_v2(call: Call) -> dict[str, Any]:
    finding = _finding(call)
    return {**finding.summary(), **call.page("findingDetails", finding.details)}


def _update_findings(call: Call) -> None:
    analyzer = _analyzer(call)
    ids = list(call.params.get("ids", []))
    arn = call.params.get("resourceArn")
    if not ids and not arn:
        raise call.refuse("Either ids or resourceArn is required.")
    ids += [finding.id for finding in analyzer.findings.values() if finding.resource == arn]
    _backend(call).set_status(analyzer, ids, call.params["status"])


def _create_archive_rule(call: Call) -> None:
    analyzer, name = _analyzer(call), call.params["ruleName"]
    if name in analyzer.rules:
        raise taken("ArchiveRule", name)
    _backend(call).put_rule(analyzer, name, _filter(call))


def _update_archive_rule(call: Call) -> None:
    analyzer = _analyzer(call)
    _rule_name(call, analyzer)
    _backend(call).put_rule(analyzer, call.params["ruleName"], _filter(call))


def _rule_name(call: Call, analyzer: Analyzer) -> str:
    name: str = call.params["ruleName"]
    if name not in analyzer.rules:
        raise missing("ArchiveRule", name)
    return name


def _get_archive_rule(call: Call) -> dict[str, Any]:
    analyzer = _analyzer(call)
    return {"archiveRule": analyzer.rules[_rule_name(call, analyzer)].describe()}


def _list_archive_rules(call: Call) -> dict[str, Any]:
    return call.page("archiveRules", [rule.describe() for rule in _analyzer(call).rules.values()])


def _delete_archive_rule(call: Call) -> None:
    analyzer = _analyzer(call)
    analyzer.rules.pop(_rule_name(call, analyzer))


def _apply_archive_rule(call: Call) -> None:
    analyzer = _analyzer(call)
    analyzer.archive(analyzer.rules[_rule_name(call, analyzer)])


def _tagged(call: Call) -> Analyzer:
    return _backend(call).analyzer_by_arn(call.params["resourceArn"])


def _tag_resource(call: Call) -> None:
    _tagged(call).tags.update(call.params["tags"])


def _untag_resource(call: Call) -> None:
    tags = _tagged(call).tags
    for key in call.params["tagKeys"]:
        tags.pop(key, None)


def _list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"tags": dict(_tagged(call).tags)}


OPERATIONS: dict[str, Handler] = {
    "CreateAnalyzer": _create_analyzer,
    "GetAnalyzer": _get_analyzer,
    "UpdateAnalyzer": _update_analyzer,
    "ListAnalyzers": _list_analyzers,
    "DeleteAnalyzer": _delete_analyzer,
    "ListFindings": _list_findings,
    "ListFindingsV2": _list_findings_v2,
    "GetFinding": _get_finding,
    "GetFindingV2": _get_finding_v2,
    "UpdateFindings": _update_findings,
    "CreateArchiveRule": _create_archive_rule,
    "UpdateArchiveRule": _update_archive_rule,
    "GetArchiveRule": _get_archive_rule,
    "ListArchiveRules": _list_archive_rules,
    "DeleteArchiveRule": _delete_archive_rule,
    "ApplyArchiveRule": _apply_archive_rule,
    "TagResource": _tag_resource,
    "UntagResource": _untag_resource,
    "ListTagsForResource": _list_tags_for_resource,
}
