"""The regions of the emulated AWS: three are enabled, as far as accounts can see; the others have not been opted in to.

Moto's other regions still answer whoever calls them.  Fewer regions keep an assessment of the lab short.
"""

from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call
from watchword.lab.estate.company import REGIONS


def install() -> None:
    """Replace DescribeRegions; calling it again changes nothing."""
    registry.extend(EC2Response, url_paths, {"DescribeRegions": _describe_regions})


def _describe_regions(call: Call) -> Mapping[str, Any]:
    """Enabled regions; the others as well where they are asked for, by AllRegions or by name."""
    named = call.params.get("RegionNames", [])
    known = ec2_backends[call.account][call.region].describe_regions(named)
    wanted = bool(named) or call.params.get("AllRegions", False)
    return {
        "Regions": [
            {
                "RegionName": one.name,
                "Endpoint": one.endpoint,
                "OptInStatus": "opt-in-not-required" if one.name in REGIONS else "not-opted-in",
            }
            for one in known
            if wanted or one.name in REGIONS
        ]
    }
