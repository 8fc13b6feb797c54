"""Secrets Manager: secrets with their resource policies.  The values of secrets are never asked for."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="secretsmanager.secrets",
        operation="ListSecrets",
        take="SecretList[]",
        arn="{ARN}",
        name="{Name}",
        kind="AWS::SecretsManager::Secret",
        details=(
            Detail("Policy", "GetResourcePolicy", {"SecretId": "{ARN}"}, "ResourcePolicy", parse_json=True),
        ),
    ),
)
