"""``watchword audit``: verify the log of every change, prove a record, hand heads out, erase a person's values."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.db import Url
from watchword.commands.output import FORMAT_HELP, OutputFormat, listing, note
from watchword.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from watchword.store.audit.heads import Head
    from watchword.store.audit.records import Record
    from watchword.store.state.database import Database

app = typer.Typer(
    help="The audit log: verify it, prove what it says, hand its heads out.", no_args_is_help=True
)

Keys: Final[Any] = typer.Option(
    [], "--key", help="Public key that you trust: 64 hexadecimal digits or a file; may be repeated."
)
SigningKey: Final[Any] = typer.Option(
    None,
    "--signing-key",
    envvar="WATCHWORD_SIGNING_KEY",
    help="File of the key that signs heads; .watchword/audit.key where none is named.",
)
Actor: Final[Any] = typer.Option(
    f"cli:uid-{os.getuid()}",
    "--actor",
    show_default="cli:uid-N",
    help="Who does this, as the log tells it: an id, not a name.",
)
Pack: Final[Any] = typer.Option(..., "-o", "--output", help="File to write the pack to.")


@app.callback()
def group() -> None:
    """The audit log: verify it, prove what it says, hand its heads out."""


@app.command("verify")
def verify(
    against: list[Path] = typer.Option(
        [], "--against", help="Signed head kept elsewhere: shows a cut or rewritten log; may be repeated."
    ),
    file: Path | None = typer.Option(None, "--file", help="An export to verify instead of the database."),
    key: list[str] = Keys,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Verify every record, the chain and the tree; exit code 1 where anything was changed, with the first bad record."""
    from watchword.store.audit.export import read_text
    from watchword.store.audit.heads import Head
    from watchword.store.audit.keys import public_keys
    from watchword.store.audit.verify import verify as verify_log
    from watchword.store.audit.verify import verify_file

    heads, pinned = [Head.parse(read_text(path)) for path in against], public_keys(key)
    if file is not None:
        found = verify_file(file, heads, pinned).require()
    else:
        with opened(url, config) as database, database.reading() as connection:
            found = verify_log(connection, heads, pinned).require()
    typer.echo(f"{found.size} records verified, {found.heads} heads agree")
    typer.echo(f"log {found.log or 'not begun'}, root {found.root}")
    if not heads:
        note(
            "note: a cut at the end, or a log written anew, shows only --against a head that is kept elsewhere"
        )
    if not key:
        note(
            f"note: keys were taken on the log's word ({', '.join(found.keys) or 'none'}); name yours with --key"
        )


@app.command("prove")
def prove(
    sequence: int = typer.Argument(..., metavar="ID", min=1, help="Number of the record."),
    output: Path = Pack,
    opened_values: bool = typer.Option(
        False, "--open", help="With the record's personal values and their salts."
    ),
    signing_key: Path | None = SigningKey,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Write the evidence for one record: verifiable by anybody, offline."""
    from watchword.clock import now
    from watchword.store.audit.canonical import as_file
    from watchword.store.audit.export import write_text
    from watchword.store.audit.signing import pack

    with opened(url, config) as database:
        key = _signer(database, signing_key, config, actor)
        with database.reading() as connection:
            made = pack(connection, sequence, key, now(), opened=opened_values)
    write_text(output, as_file(made.told()))
    typer.echo(f"record {sequence} of {made.head.size}, signed by key {made.head.key}, in {output}")


@app.command("continuity")
def continuity(
    old: Path = typer.Argument(..., help="Head that was kept."),
    output: Path = Pack,
    signing_key: Path | None = SigningKey,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Write the proof that the log has only grown since a head, without showing any record."""
    from watchword.clock import now
    from watchword.store.audit.canonical import as_file
    from watchword.store.audit.export import read_text, write_text
    from watchword.store.audit.heads import Head
    from watchword.store.audit.signing import continuity as prove_growth

    before = Head.parse(read_text(old))
    with opened(url, config) as database:
        key = _signer(database, signing_key, config, actor)
        with database.reading() as connection:
            made = prove_growth(connection, before, key, now())
    write_text(output, as_file(made.told()))
    typer.echo(
        f"{made.new.size} records begin with the {made.old.size} of {made.old.time}; proof in {output}"
    )


@app.command("verify-pack")
def verify_pack(file: Path = typer.Argument(..., help="The pack."), key: list[str] = Keys) -> None:
    """Verify a pack of `audit prove` or `audit continuity`; needs no database."""
    from watchword.store.audit.documents import document
    from watchword.store.audit.export import read_text
    from watchword.store.audit.keys import public_keys
    from watchword.store.audit.packs import Pack as EvidencePack
    from watchword.store.audit.packs import packed

    pinned = public_keys(key)
    found = packed(document(read_text(file)))
    found.check(pinned)
    if isinstance(found, EvidencePack):
        typer.echo(f"record {found.record.sequence} of {found.head.size} on {found.head.time}: proved")
        typer.echo(found.record.entry)
        for one in found.opened:
            typer.echo(f"{one.field}: {one.value}")
        keys = found.head.key
    else:
        typer.echo(f"{found.new.size} records begin with the {found.old.size} of {found.old.time}: proved")
        keys = f"{found.old.key}, {found.new.key}"
    if not key:
        note(
            f"note: the key is the pack's own ({keys}); compare it with one that you know, or name it with --key"
        )


@app.command("export")
def export(
    output: Path = typer.Option(..., "-o", "--output", help="File to write, or to continue."),
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Write the log as lines of JSON, each verified first; goes on where an earlier export ended."""
    from watchword.store.audit.export import export as write

    with opened(url, config) as database, database.reading() as connection:
        made = write(connection, output)
    typer.echo(
        f"{made.size} records in {output}, {made.new} of them new, the last with hash {made.last or 'none'}"
    )


@app.command("head")
def head(
    to: str = typer.Option(
        "", "--to", help="A file, s3://bucket/prefix or https://…; standard output where none is named."
    ),
    keep_days: int = typer.Option(365, "--keep-days", min=1, help="With s3://: days under Object Lock."),
    governance: bool = typer.Option(
        False, "--governance", help="With s3://: a lock that some may lift, rather than nobody (COMPLIANCE)."
    ),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Say where the head would go; send and write nothing."
    ),
    profile: str = options.Profile,
    region: str = options.HomeRegion,
    endpoint_url: str = options.EndpointUrl,
    signing_key: Path | None = SigningKey,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Sign how long the log is and the root over it, and take that to where administrators cannot reach it."""
    from watchword.clock import now
    from watchword.store.audit.signing import sign_head

    if dry_run:
        typer.echo(f"the head would go to {to or 'standard output'}")
        return
    with opened(url, config) as database:
        key = _signer(database, signing_key, config, actor)
        with database.reading() as connection:
            made = sign_head(connection, key, now())
        if to.startswith("s3://"):
            _to_s3(made, to, keep_days, governance, (profile, region, endpoint_url), config)
        elif "://" in to:
            from watchword.enforce.audit_heads import to_webhook

            typer.echo(f"the webhook took the head of {made.size} records: {to_webhook(to, made)}")
        elif to:
            _to_file(database, made, Path(to), key)
        else:
            typer.echo(made.text(), nl=False)


def _to_s3(
    head: Head, to: str, days: int, governance: bool, named: tuple[str, str, str], config: Path | None
) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from watchword.clock import now
    from watchword.commands.inputs import settings
    from watchword.enforce.audit_heads import Bucket, LockMode, to_s3

    told, at = settings(config).aws, now()
    profile, region, endpoint_url = named
    aws = replace(
        told,
        profile=profile or told.profile,
        region=region or told.region,
        endpoint_url=endpoint_url or told.endpoint_url,
    )
    mode = LockMode.GOVERNANCE if governance else LockMode.COMPLIANCE
    kept = to_s3(aws, Bucket.parse(to), head, at + timedelta(days=days), mode, at)
    typer.echo(f"s3://{kept.bucket}/{kept.key}, version {kept.version}, kept until {kept.until:%Y-%m-%d}")


def _to_file(database: Database, head: Head, path: Path, key: Ed25519PrivateKey) -> None:
    """Write a head over an older one only where the log provably continues that."""
    from watchword.clock import now
    from watchword.store.audit.export import read_text, write_head
    from watchword.store.audit.heads import Head
    from watchword.store.audit.signing import continuity as prove_growth

    if path.exists():
        with database.reading() as connection:
            prove_growth(connection, Head.parse(read_text(path)), key, now())
    write_head(path, head)
    typer.echo(f"head of {head.size} records, signed by key {head.key}, in {path}")


@app.command("show")
def show(
    kind: str = typer.Option(
        "", "--kind", help="Only this kind: grant.approved, or grant.* for all of grants."
    ),
    actor: str = typer.Option("", "--by", help="Only what this actor did."),
    subject: str = typer.Option("", "--subject", help="Only what was done to this."),
    since: str = typer.Option("", "--since", help="Only from this time on: 2026-11-26 or 2026-11-26T12:00Z."),
    until: str = typer.Option("", "--until", help="Only before this time."),
    last: int = typer.Option(100, "--last", min=1, max=100_000, help="At most so many, the newest."),
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List records, oldest first; says what stands in the database, without verifying it."""
    from watchword.store.audit.journal import Filter, latest

    which = Filter(kind, actor, subject, _time(since, "--since"), _time(until, "--until"))
    with opened(url, config) as database, database.reading() as connection:
        rows = [_row(one) for one in latest(connection, which, last)]
    listing(rows, form, output)


@app.command("erase")
def erase(
    subject: str = typer.Argument(..., help="Id of the person."),
    why: str = typer.Option(..., "--why", help="The reason, which stands in the log."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be erased; change nothing."),
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Erase a person's values for good; the chain stays valid, and a record tells of it."""
    from watchword.clock import now
    from watchword.store.audit.erase import erase as take_away
    from watchword.store.audit.erase import held

    with opened(url, config) as database:
        if dry_run:
            with database.reading() as connection:
                found = held(connection, subject)
        else:
            with database.writing() as connection:
                found = take_away(connection, subject, actor=actor, at=now(), why=why)
    done = "would be erased" if dry_run else "erased"
    typer.echo(f"{found.values} values in {found.records} records of {subject} {done}")


@app.command("rotate")
def rotate(
    why: str = typer.Option(..., "--why", help="The reason, which stands in the log."),
    lost: bool = typer.Option(False, "--lost", help="The old key is lost: the new one vouches for itself."),
    signing_key: Path | None = SigningKey,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Make a new signing key, announced in the log by the old one; hand its public half to auditors."""
    from watchword.clock import now
    from watchword.store.audit.rotation import renew

    path = _key_file(signing_key, config)
    with opened(url, config) as database:
        made = renew(database.writing, path, actor=actor, at=now(), why=why, lost=lost)
    typer.echo(f"key {made} signs from now on; its public half is in {path}.pub")
    if lost:
        note("note: whoever verifies needs both public keys, old and new, with --key")


@contextmanager
def opened(url: str, config: Path | None) -> Iterator[Database]:
    """The database that is named by option or variable, else by the settings, else the file in this folder.

    Raises:
        WatchwordError: as ``Database.open``.
    """
    from watchword.commands.inputs import settings
    from watchword.store.state.database import Database

    with Database.open(url or settings(config).database) as database:
        yield database


def _key_file(named: Path | None, config: Path | None) -> Path:
    from watchword.commands.inputs import settings

    return named or settings(config).signing_key or Path(".watchword/audit.key")


def _signer(database: Database, named: Path | None, config: Path | None, actor: str) -> Ed25519PrivateKey:
    """The signing key, made and announced where the log has none yet."""
    from watchword.clock import now
    from watchword.store.audit.keys import load, load_or_create
    from watchword.store.audit.signing import announced, introduce

    path = _key_file(named, config)
    with database.reading() as connection:
        known = bool(announced(connection).known)
    key = load(path) if known else load_or_create(path)
    if not known:
        with database.writing() as connection:
            introduce(connection, key, actor=actor, at=now())
    return key


def _row(one: Record) -> dict[str, Any]:
    from watchword.store.audit.canonical import canonical

    content = one.content()
    row = {"record": one.sequence} | {
        key: content.get(key, "") for key in ("at", "kind", "actor", "subject", "why")
    }
    states = {key: canonical(content[key]) if key in content else "" for key in ("before", "after")}
    return row | states


def _time(text: str, option: str) -> datetime | None:
    """A time as a user writes it; UTC where no zone is named."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a time", where=option, remedy="write 2026-11-26 or 2026-11-26T12:00Z"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
