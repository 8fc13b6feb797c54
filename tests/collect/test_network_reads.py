"""What becomes of network answers before they are kept: secrets go, policies are parsed, ids are made bare."""

from __future__ import annotations

import json
from typing import Any

import pytest

from watchword.collect.reads import Read
from watchword.collect.rows import rows_of
from watchword.collect.tables import all_reads


def read(table: str) -> Read:
    """The read of a table."""
    return next(one for one in all_reads() if one.table == table)


def kept(table: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The only row that an answer makes."""
    (row,) = rows_of(read(table), answer)
    return row


def test_pre_shared_keys_of_tunnels_are_not_kept() -> None:
    row = kept(
        "ec2.vpn_connections",
        {
            "VpnConnections": [
                {
                    "VpnConnectionId": "vpn-1",
                    "CustomerGatewayConfiguration": "<xml>hunter2</xml>",
                    "Options": {
                        "TunnelOptions": [{"OutsideIpAddress": "1.2.3.4", "PreSharedKey": "hunter2"}]
                    },
                }
            ]
        },
    )
    assert "hunter2" not in json.dumps(row)
    assert row["Options"]["TunnelOptions"] == [{"OutsideIpAddress": "1.2.3.4"}]


def test_headers_that_cloudfront_adds_for_origins_are_kept_as_fingerprints() -> None:
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "hunter2hunter2"}]}
    origins = {"Quantity": 2, "Items": [{"Id": "a", "CustomHeaders": headers}, {"Id": "b"}]}
    row = kept(
        "cloudfront.distributions", {"DistributionList": {"Items": [{"Id": "E1", "Origins": origins}]}}
    )
    assert "hunter2" not in json.dumps(row)
    (header,) = row["Origins"]["Items"][0]["CustomHeaders"]["Items"]
    assert header["HeaderName"] == "X-Origin-Verify"
    assert row["Origins"]["Items"][1] == {"Id": "b"}


@pytest.mark.parametrize(
    ("table", "field", "answer"),
    [
        ("apigateway.stages", "variables", "item"),
        ("apigatewayv2.stages", "StageVariables", "Items"),
    ],
)
def test_values_of_stage_variables_are_kept_as_fingerprints(table: str, field: str, answer: str) -> None:
    row = kept(table, {answer: [{"stageName": "prod", field: {"DB_PASSWORD": "hunter2hunter2"}}]})
    assert "hunter2" not in json.dumps(row)
    assert "DB_PASSWORD" in row[field]


POLICY = {"Statement": [{"Effect": "Deny", "Principal": "*"}]}


@pytest.mark.parametrize("text", [json.dumps(POLICY), json.dumps(json.dumps(POLICY))[1:-1]])
def test_an_api_policy_is_parsed_whether_or_not_its_quotes_are_escaped(text: str) -> None:
    assert kept("apigateway.rest_apis", {"items": [{"id": "a1", "policy": text}]})["policy"] == POLICY


def test_an_endpoint_policy_is_parsed() -> None:
    endpoint = {"VpcEndpointId": "vpce-1", "PolicyDocument": json.dumps(POLICY)}
    assert kept("ec2.vpc_endpoints", {"VpcEndpoints": [endpoint]})["PolicyDocument"] == POLICY


def test_a_hosted_zone_is_known_by_its_bare_id() -> None:
    assert kept("route53.hosted_zones", {"HostedZones": [{"Id": "/hostedzone/Z1"}]})["Id"] == "Z1"


def test_entries_are_asked_for_of_the_own_prefix_lists_only() -> None:
    (entries,) = read("ec2.prefix_lists").details
    assert entries.when is not None
    assert entries.when({"OwnerId": "111122223333"})
    assert not entries.when({"OwnerId": "AWS"})
