"""AWS Lambda: functions with their resource policies and URLs and event sources.

Values of environment variables are replaced by fingerprints before anything is written.  Policies are those of the
function itself; policies of single aliases and versions are not read (they would cost a call each).
"""

from __future__ import annotations

from watchword.collect import redaction
from watchword.collect.reads import Detail, Read

READS: tuple[Read, ...] = (
    Read(
        "lambda.functions",
        "ListFunctions",
        take="Functions[]",
        arn="{FunctionArn}",
        name="{FunctionName}",
        kind="AWS::Lambda::Function",
        transform=redaction.function,
        details=(
            Detail(
                "Policy",
                "GetPolicy",
                params={"FunctionName": "{FunctionName}"},
                take="Policy",
                parse_json=True,
                none_when=("ResourceNotFoundException",),
            ),
            Detail(
                # All of a function's URLs: its own and those of its aliases.
                "UrlConfigs",
                "ListFunctionUrlConfigs",
                params={"FunctionName": "{FunctionName}"},
                take="FunctionUrlConfigs[]",
                pages=True,
                none_when=("ResourceNotFoundException",),
            ),
        ),
    ),
    Read(
        "lambda.event_source_mappings",
        "ListEventSourceMappings",
        take="EventSourceMappings[]",
        arn="{EventSourceMappingArn}",
        name="{UUID}",
        kind="AWS::Lambda::EventSourceMapping",
    ),
)
