"""What is read of AWS, as data: one ``Read`` a table of the snapshot.

To add an API is to add a row to a module of ``collect.aws``.  A read calls one operation, takes items from its answer
and makes rows of them; ``details`` complete each row by further calls.  Reads know nothing of accounts, threads, limits
or files (see ``collect.engine``), and the same rows are filled from live answers and from a directory of JSON.

Templates are ``str.format`` over the row's own top-level fields (``{BucketName}``), a dotted path into it
(``{Endpoint.Address}``), and ``{account}``, ``{region}``, ``{partition}``.  For a row that was read ``over`` another,
``{parent.name}`` is a field of that other row (in ``arn``, ``name`` and the parameters of details).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Row = dict[str, Any]
"""A JSON object, as it will stand in the snapshot."""


class Where(StrEnum):
    """Where an operation is called."""

    REGION = "region"
    """In every region of every account."""
    ACCOUNT = "account"
    """Once an account (the service is global)."""
    ORGANIZATION = "organization"
    """Once, with the credentials of the management or a delegated administrator account; global."""
    ORGANIZATION_REGION = "organization_region"
    """With those credentials, in every region (IAM Identity Center lives in one that is not known before)."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A further call for one row (or for a batch of rows), whose answer is kept in the row.

    ``key``: field of the row that takes the answer; ``""`` merges the answer's fields into the row.
    ``params``: parameters, values being templates; a value of exactly ``"{Field}"`` keeps the field's type.
    ``take``: dotted path into the answer of what is kept (``a[].b`` flattens lists); ``""`` keeps the whole answer.
    ``none_when``: error codes that mean "there is none" (``NoSuchBucketPolicy``): the field becomes null.  Where AWS
      uses one code for several things, ``code: words`` counts only if the message has these words.
    ``parse_json``: the text taken is JSON (a policy) and is kept parsed.
    ``when``: called with the row; the call is made only if true; else the field becomes null.
    ``pages``: the operation pages and all pages are to be joined (the value taken is then a list).
    ``batch``: (parameter, size, row field, answer field): call once for up to ``size`` rows, the parameter being the list
      of their row field; ``take`` gives a list, whose element with the equal answer field belongs to the row; a row
      that the answer does not speak of gets null (or, merged, nothing).  Rows of one batch share parent and region.
    ``client``: boto3 service where it differs from the read's.   ``actions``: as in ``Read``.
    ``transform``: applied to what was taken (never to null) before it is kept or merged: redaction of values that must
      not stand in a snapshot, decoding of a text.  It runs before anything is written or logged.
    """

    key: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    take: str = ""
    none_when: tuple[str, ...] = ()
    parse_json: bool = False
    when: Callable[[Row], bool] | None = None
    pages: bool = False
    batch: tuple[str, int, str, str] | None = None
    client: str = ""
    actions: tuple[str, ...] = ()
    transform: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One table of the snapshot and how its rows are read.

    ``table``: ``<service>.<plural noun>``; the service names the unit (account, region, service).
    ``operation``: the API operation in AWS's spelling (``DescribeInstances``); paged to its end.
    ``take``: path of the items in the answer (``Reservations[].Instances[]``); ``""``: the answer is one row.
    ``scalar``: where items are plain texts (``QueueUrls``), the field name under which the row has them.
    ``arn``, ``name``: templates; the name falls back to the ``Name`` tag first, then to the last part of the ARN.
    ``kind``: CloudFormation type (``AWS::EC2::Instance``).
    ``params``: fixed parameters.   ``where``: see ``Where``.   ``regions``: only these regions, where an API lives in one.
    ``over``: another table of the same unit for each of whose rows the operation is called; ``params`` then are
      templates over that row, and each new row gets the parent's ARN as ``_parent``.
    ``none_when``: error codes that mean that the table is empty (Macie not enabled, no password policy); ``code: words``
      as in ``Detail``.
    ``tags``: path of the row's tags: a list of Key/Value (or key/value) or a mapping.
    ``region_field``: path of the region of a row that lies elsewhere than its unit (S3 buckets).
    ``transform``: from one answer item to rows, where the shape needs it (credential report, policy documents); blobs in
      the item are base64 text, as the AWS CLI prints them.
    ``actions``: IAM actions that the call needs, where they are not ``<prefix>:<operation>``.
    ``client``: boto3 service, where it differs from the table's (table ``s3.account_public_access`` by ``s3control``).
    ``prepare``: an operation to be called first, until it succeeds (GenerateCredentialReport).
    ``splits``: further tables of the same unit that are filled from the same answers (GetAccountAuthorizationDetails
      gives users, groups, roles and policies).  The operation is called once, with this read's ``params``, ``where``,
      ``none_when`` and ``prepare``; from each page, this read and every split take their own items (``take``,
      ``scalar``, ``transform``) and make their own rows (``arn``, ``name``, ``kind``, ``tags``, ``details``).
      Where the call fails, the hole covers this read's table and the table of every split.  Splits have no splits.
    """

    table: str
    operation: str
    take: str = ""
    scalar: str = ""
    arn: str = ""
    name: str = ""
    kind: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Where = Where.REGION
    regions: tuple[str, ...] = ()
    over: str = ""
    none_when: tuple[str, ...] = ()
    tags: str = "Tags"
    region_field: str = ""
    transform: Callable[[Row], Iterable[Row]] | None = None
    details: tuple[Detail, ...] = ()
    actions: tuple[str, ...] = ()
    client: str = ""
    prepare: str = ""
    splits: tuple[Read, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that the read fills: its own, then those of its splits."""
        return (self.table, *(split.table for split in self.splits))

    @property
    def service(self) -> str:
        """The service of the unit: the table's first part."""
        return self.table.partition(".")[0]

    @property
    def api(self) -> str:
        """The boto3 name of the service that is called."""
        return self.client or self.service
