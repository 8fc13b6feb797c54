"""What can go wrong with the audit log, told to a person.

StoreError
└── AuditError          the audit log cannot do as asked
    ├── EntryRefused    an entry has a form that has no place in the log; nothing was written
    ├── AuditDamaged    the log, an export or a pack does not verify; names the first bad record
    ├── KeyRefused      the signing key is missing, open to others, or not a key
    └── RecordMissing   there is no such record
"""

from __future__ import annotations

from watchword.errors import StoreError


class AuditError(StoreError):
    """The audit log cannot do as asked."""


class EntryRefused(AuditError):
    """An entry has a form that has no place in the log."""


class AuditDamaged(AuditError):
    """The log, an export or an evidence pack does not verify."""


class KeyRefused(AuditError):
    """The signing key is missing, open to others, or not a key."""


class RecordMissing(AuditError):
    """There is no such record."""
