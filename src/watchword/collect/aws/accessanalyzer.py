"""IAM Access Analyzer: analyzers with their archive rules, and active findings.

Findings are read in bulk, as summaries: a call for the details of each would cost thousands in a large organisation.

Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="accessanalyzer.analyzers",
        operation="ListAnalyzers",
        take="analyzers[]",
        arn="{arn}",
        name="{name}",
        kind="AWS::AccessAnalyzer::Analyzer",
        tags="tags",
        details=(
            Detail(
                key="archiveRules",
                operation="ListArchiveRules",
                params={"analyzerName": "{name}"},
                take="archiveRules",
                pages=True,
            ),
        ),
    ),
    Read(
        table="accessanalyzer.findings",
        operation="ListFindingsV2",
        over="accessanalyzer.analyzers",
        params={"analyzerArn": "{arn}", "filter": {"status": {"eq": ["ACTIVE"]}}},
        take="findings[]",
        arn="{parent.arn}/finding/{id}",
        name="{resource}",
        kind="AWS::AccessAnalyzer::Finding",
        actions=("access-analyzer:ListFindings",),
    ),
)
