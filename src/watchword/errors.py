"""What can go wrong, told to a person.

    WatchwordError              something was refused or failed; ``exit_code`` 1
    ├── UsageError              the user asked for something that cannot be; exit code 2
    │   └── ConfigError         a setting of watchword.toml is wrong; names file, key and remedy
    ├── NothingCollected        no evidence at all could be read; exit code 3
    ├── CredentialsError        no AWS credentials, or AWS does not accept them
    ├── ReadGuardError          an operation that is not declared as a read was stopped before it was sent
    ├── CollectInterrupted      the user ended the collection, which can be resumed; exit code 130
    ├── SourceError             the directory that was to be read is not one, or leads elsewhere
    ├── DirectoryError          a directory of people cannot do as asked
    │   ├── DirectoryUnreachable it does not answer, or not in time
    │   ├── DirectoryDenied     it does not accept our credentials, or does not let us read
    │   ├── DirectoryUntrusted  its certificate, issuer or signature is not what the settings ask for
    │   └── DirectoryLying      what it says cannot be: two entries with one id, a broken answer
    ├── SignInRefused           somebody may not sign in; the reason is for the log, never for whoever asked
    │   └── SignInThrottled     too many attempts: to be tried again after a while
    ├── VaultError              a secret of the state cannot be encrypted or read
    ├── Forbidden               the one who asks may not do this
    ├── DatabaseError           the control plane's database cannot do as asked
    │   ├── DatabaseMissing     there is no such database, or nothing has been set up in it
    │   ├── DatabaseUnreachable its server does not answer
    │   ├── DatabaseDenied      it does not let us in, or not write
    │   ├── DatabaseLocked      another process held what was needed for too long
    │   ├── DatabaseFull        no space is left where it lies
    │   ├── DatabaseDamaged     it is no database, or what stands in it cannot be
    │   ├── DatabaseOlder       its schema is older than this program
    │   ├── DatabaseNewer       its schema is newer than this program
    │   ├── DatabaseDiffers     its schema is not what its revision says
    │   ├── DatabaseOccupied    it holds data that would be lost
    │   ├── BackupUnsound       a backup is incomplete, changed, or of another schema
    │   ├── RowMissing          there is no such row
    │   ├── RowExists           there is such a row already, or it points to one that is not there
    │   ├── RowChanged          somebody else has changed the row since it was read
    │   └── LeaseLost           the work has been taken over by another worker
    └── StoreError              the snapshot store cannot do as asked
        ├── SnapshotMissing     there is no such snapshot
        ├── SnapshotLocked      another process is writing to it
        ├── SnapshotDamaged     a file of it is missing or broken
        ├── StoreFull           no space is left where the store lies
        └── QueryFailed         a user's query is wrong, takes too much, or tries to reach outside

An error carries three sentences: what happened, where, and what to do next.  None ever holds a secret.
"""

from __future__ import annotations

from typing import ClassVar


class WatchwordError(Exception):
    """Something was refused or failed.

    ``what`` happened, ``where`` (file and key, account, region, ARN; may be empty), ``remedy``: what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def diagnosis(self) -> str:
        """All that a person needs: what happened, where, and what to do next, each on its line."""
        lines = [self.what]
        if self.where:
            lines.append(f"where: {self.where}")
        if self.remedy:
            lines.append(f"next:  {self.remedy}")
        return "\n".join(lines)


class UsageError(WatchwordError):
    """The user asked for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is wrong."""


class NothingCollected(WatchwordError):
    """No evidence at all could be read."""

    exit_code = 3


class CredentialsError(WatchwordError):
    """There are no AWS credentials, or AWS does not accept them."""


class ReadGuardError(WatchwordError):
    """An operation that is not declared as a read was stopped before it was sent."""


class CollectInterrupted(WatchwordError):
    """The user ended the collection; what was finished is kept."""

    exit_code = 130


class SourceError(WatchwordError):
    """The directory that was to be read is not one, or leads elsewhere."""


class DirectoryError(WatchwordError):
    """A directory of people cannot do as asked."""


class DirectoryUnreachable(DirectoryError):
    """The directory does not answer, or not in time."""


class DirectoryDenied(DirectoryError):
    """The directory does not accept our credentials, or does not let us read."""


class DirectoryUntrusted(DirectoryError):
    """The directory's certificate, issuer or signature is not what the settings ask for."""


class DirectoryLying(DirectoryError):
    """What the directory says cannot be."""


class SignInRefused(WatchwordError):
    """Somebody may not sign in; ``what`` is for the log, never for whoever asked."""


class SignInThrottled(SignInRefused):
    """There were too many attempts; ``seconds`` until the next one is looked at."""

    def __init__(self, what: str, *, seconds: float, where: str = "") -> None:
        super().__init__(what, where=where, remedy="wait, or sign in with a passkey")
        self.seconds = seconds


class VaultError(WatchwordError):
    """A secret of the state cannot be encrypted or read: a key is missing or open to others, or a ciphertext is not ours."""


class Forbidden(WatchwordError):
    """The one who asks may not do this."""


class StoreError(WatchwordError):
    """The snapshot store cannot do as asked."""


class SnapshotMissing(StoreError):
    """There is no such snapshot."""


class SnapshotLocked(StoreError):
    """Another process is writing to the snapshot."""


class SnapshotDamaged(StoreError):
    """A file of the snapshot is missing or broken."""


class StoreFull(StoreError):
    """No space is left where the store lies."""


class QueryFailed(StoreError):
    """A user's query is wrong, takes too much, or tries to reach outside."""


class DatabaseError(WatchwordError):
    """The control plane's database cannot do as asked."""


class DatabaseMissing(DatabaseError):
    """There is no such database, or nothing has been set up in it."""


class DatabaseUnreachable(DatabaseError):
    """The database's server does not answer."""


class DatabaseDenied(DatabaseError):
    """The database does not let us in, or does not let us write."""


class DatabaseLocked(DatabaseError):
    """Another process held what was needed for too long; nothing was changed, so it may be tried again."""


class DatabaseFull(DatabaseError):
    """No space is left where the database lies; nothing was changed."""


class DatabaseDamaged(DatabaseError):
    """The file is no database, or what stands in it cannot be."""


class DatabaseOlder(DatabaseError):
    """The schema of the database is older than this program."""


class DatabaseNewer(DatabaseError):
    """The schema of the database is newer than this program."""


class DatabaseDiffers(DatabaseError):
    """The schema of the database is not what its revision says."""


class DatabaseOccupied(DatabaseError):
    """The database holds data that would be lost."""


class BackupUnsound(DatabaseError):
    """A backup is incomplete, was changed, or is of another schema."""


class RowMissing(DatabaseError):
    """There is no such row."""


class RowExists(DatabaseError):
    """There is such a row already, or it points to one that is not there."""


class RowChanged(DatabaseError):
    """Somebody else has changed the row since it was read."""


class LeaseLost(DatabaseError):
    """The work has been taken over by another worker, or is over."""
