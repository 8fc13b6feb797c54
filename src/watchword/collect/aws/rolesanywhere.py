"""IAM Roles Anywhere: the authorities whose certificates are trusted, and the profiles that give roles for them.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Read

READS: Final = (
    Read(
        table="rolesanywhere.trust_anchors",
        operation="ListTrustAnchors",
        take="trustAnchors[]",
        arn="{trustAnchorArn}",
        name="{name}",
        kind="AWS::RolesAnywhere::TrustAnchor",
    ),
    Read(
        table="rolesanywhere.profiles",
        operation="ListProfiles",
        take="profiles[]",
        arn="{profileArn}",
        name="{name}",
        kind="AWS::RolesAnywhere::Profile",
    ),
)
