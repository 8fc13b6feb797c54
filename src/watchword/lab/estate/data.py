"""Company ABC: its data.

Kept for later areas: ``key/account/region/name`` (see ``data_keys``).  What others may want to know: prod's
``reporting-db`` and data's Redshift ``warehouse`` are publicly accessible in ``before``; data's OpenSearch domain
``app-logs`` has a public endpoint in ``before``; everything else stands inside a VPC.
"""

from __future__ import annotations

from watchword.lab.estate import data_buckets, data_keys, data_macie, data_messages, data_stores
from watchword.lab.estate.builder import Builder


def build(lab: Builder) -> None:
    """Build this area of the company: keys first, since everything is encrypted with them."""
    data_keys.build(lab)
    data_buckets.build(lab)
    data_stores.build(lab)
    data_messages.build(lab)
    data_macie.build(lab)
    data_keys.mark_keys_of_aws()
