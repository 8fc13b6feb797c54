"""``watchword people`` and ``watchword roles``: who is known, invite and end them, whose accounts are, who may do what."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.audit import Actor, opened
from watchword.commands.db import Url
from watchword.commands.output import FORMAT_HELP, OutputFormat, listing, note
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.access.people import Identity
    from watchword.analysis.people.orphans import AwsUser
    from watchword.model.people import Principal
    from watchword.store.state.database import Database
    from watchword.store.state.transition import Act

app = typer.Typer(
    help="People, guests and programs: who they are, and whose accounts are.", no_args_is_help=True
)
roles_app = typer.Typer(help="Roles in watchword itself: who may do what.", no_args_is_help=True)

Person: Final[Any] = typer.Argument(..., metavar="ID", help="Id of the person, as `people list` shows it.")
Why: Final[Any] = typer.Option("", "--why", help="Reason for the audit log; no names.")
Form: Final[Any] = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP)
Until: Final[Any] = typer.Option("", "--until", help="Day on which it ends, UTC: 2027-01-31.")
Account: Final[Any] = typer.Argument(..., metavar="DIRECTORY", help="Name of the directory.")
Subject: Final[Any] = typer.Argument(..., metavar="SUBJECT", help="The directory's own id of the account.")


@app.callback()
def group() -> None:
    """People, guests and programs: who they are, and whose accounts are."""


@roles_app.callback()
def roles_group() -> None:
    """Roles in watchword itself: who may do what."""


@app.command("list")
def list_people(
    words: str = typer.Argument("", help="In the name, or the beginning of a user name or mail address."),
    kind: str = typer.Option("", "--kind", help="user, guest, workload or service."),
    status: str = typer.Option("", "--status", help="invited, active, suspended or ended."),
    directory: str = typer.Option("", "--directory", help="Only who has an account in this directory."),
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List people by id."""
    from watchword.access import people
    from watchword.store.state.people_store import MOST, Search

    rows: list[dict[str, Any]] = []
    with opened(url, config) as database:
        while True:
            after = rows[-1]["id"] if rows else ""
            page = people.find(database, Search(kind, status, words, directory, after, MOST))
            rows += [_line(one) for one in page]
            if len(page) < MOST:
                break
    listing(rows, form, output)


def _line(one: Principal) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.display_name,
        "kind": one.kind.value,
        "status": one.status.value,
        "sponsor": one.sponsor or "",
        "until": "" if one.end_date is None else one.end_date.date().isoformat(),
    }


@app.command("show")
def show(
    person: str = Person,
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Show everything about one person: accounts, factors, groups, roles, sessions, sign-ins, history."""
    from watchword.access import people

    with opened(url, config) as database:
        told = people.identity(database, person)
    listing(list(_told(told)), form, output, title=f"{told.principal.display_name} ({told.principal.status})")


def _told(told: Identity) -> Iterator[dict[str, Any]]:
    one = told.principal
    yield _row("person", one.id, f"{one.kind}, {one.status}", one.created)
    for account in told.accounts:
        read = account.read
        said = {True: "enabled", False: "disabled", None: "not told whether enabled"}[read.enabled]
        what = f"{read.user_name} in {read.directory}: {account.state}, {said}"
        yield _row("account", account.id, what, read.last_sign_in)
    for factor in told.factors:
        yield _row("factor", factor.id, f"{factor.kind}, {factor.status}", factor.last_used)
    for one_group in told.groups:
        yield _row("group", one_group.id, f"{one_group.display} in {one_group.directory}", None)
    for role in told.roles:
        yield _row("role", role.id, f"{role.role}, {role.status}", role.created)
    for session in told.sessions:
        yield _row("session", session.id[:12], f"from {session.address or 'unknown'}", session.last_seen)
    for token in told.tokens:
        yield _row("token", token.id, f"{token.display}, {token.state}", token.last_used)
    for guest in told.guests:
        yield _row("guest", guest.id, f"{guest.display_name}, {guest.status}", guest.end_date)
    for event in told.sign_ins:
        yield _row("sign-in", event.id, f"{event.outcome} {event.reason}".strip(), event.at)
    for happened in told.history:
        yield _row("record", str(happened.sequence), f"{happened.kind} by {happened.actor}", happened.at)


def _row(what: str, id_: str, text: str, at: datetime | None) -> dict[str, Any]:
    return {"what": what, "id": id_, "text": text, "at": "" if at is None else f"{at:%Y-%m-%d %H:%M:%SZ}"}


@app.command("invite")
def invite(
    name: str = typer.Argument(..., help="Name for people."),
    user_name: str = typer.Option(..., "--user-name", help="What they type to sign in."),
    mail: str = typer.Option("", "--mail", help="Mail address."),
    sponsor: str = typer.Option("", "--sponsor", help="Person who answers for a guest; makes it a guest."),
    until: str = Until,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Invite a person, or with --sponsor and --until a guest; prints a one-time token, which is not kept."""
    import secrets

    from watchword.access import guests, people
    from watchword.commands.inputs import settings

    if bool(sponsor) != bool(until):
        raise UsageError(
            "a guest has a sponsor and an end", remedy="name both --sponsor and --until, or none"
        )
    who = people.Newcomer(name, user_name, mail)
    with _doing(url, config, actor, why) as (database, act):
        if sponsor:
            stay = guests.Stay(sponsor, _day(until))
            made = guests.invite(database, who, stay, act, secrets.token_bytes)
        else:
            made = people.invite(database, who, act, secrets.token_bytes)
    typer.echo(f"{made.principal.id} is invited until {made.until:%Y-%m-%d %H:%M:%SZ}")
    public_url = str(settings(config).web.get("public_url", "")).rstrip("/")
    typer.echo(f"link: {public_url}/enrol?token={made.token}" if public_url else f"token: {made.token}")
    note("note: hand it over on a way that others do not read; it registers the first passkey")


@app.command("suspend")
def suspend(
    person: str = Person,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Suspend somebody: their sessions and tokens end at once, and no directory lets them go on."""
    from watchword.access import people

    with _doing(url, config, actor, why) as (database, act):
        count = people.suspend(database, person, act)
    typer.echo(f"{person} is suspended; {count} sessions and tokens ended")


@app.command("resume")
def resume(
    person: str = Person,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Let somebody go on who was suspended."""
    from watchword.access import people

    with _doing(url, config, actor, why) as (database, act):
        people.resume(database, person, act)
    typer.echo(f"{person} is active")


@app.command("end")
def end(
    person: str = Person,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """End somebody for good: sessions, tokens, factors, roles; cannot be undone."""
    from watchword.access import people

    with _doing(url, config, actor, why) as (database, act):
        count = people.end(database, person, act)
    typer.echo(f"{person} has ended; {count} sessions and tokens ended")


@app.command("extend")
def extend(
    person: str = Person,
    until: str = typer.Option(..., "--until", help="Day on which it ends, UTC: 2027-01-31."),
    sponsor: str = typer.Option("", "--sponsor", help="Another person who answers from now on."),
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Give a guest another end date, at most a year ahead."""
    from watchword.access import guests

    with _doing(url, config, actor, why) as (database, act):
        guests.extend(database, person, _day(until), act, sponsor)
    typer.echo(f"{person} may stay until {until}")


@app.command("sponsor")
def sponsor_account(
    directory: str = Account,
    subject: str = Subject,
    sponsor: str = typer.Option(..., "--sponsor", help="Person who answers for the guest."),
    until: str = typer.Option(..., "--until", help="Day on which it ends, UTC: 2027-01-31."),
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Answer for a guest's account that a directory has and that is nobody's."""
    from watchword.access import guests

    with _doing(url, config, actor, why) as (database, act):
        made = guests.adopt(database, directory, subject, guests.Stay(sponsor, _day(until)), act)
    typer.echo(f"{made.id} is {made.status} until {until}")


@app.command("link")
def link(
    directory: str = Account,
    subject: str = Subject,
    to: str = typer.Option(..., "--to", help="Id of the person whose it is."),
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Say that an account is somebody's; whoever had it and has none left ends."""
    from watchword.access import accounts

    with _doing(url, config, actor, why) as (database, act):
        accounts.link(database, directory, subject, to, act)
    typer.echo(f"{directory} {subject} is of {to}")


@app.command("unlink")
def unlink(
    directory: str = Account,
    subject: str = Subject,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Take an account from somebody; it gets a principal of its own, to be confirmed."""
    from watchword.access import accounts

    with _doing(url, config, actor, why) as (database, act):
        made = accounts.unlink(database, directory, subject, act)
    typer.echo(f"{directory} {subject} is of {made.id}, to be confirmed: watchword people confirm {made.id}")


@app.command("confirm")
def confirm(
    person: str = Person,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Confirm that somebody whom the linking rules hold back is new, and nobody else."""
    from watchword.access import accounts

    with _doing(url, config, actor, why) as (database, act):
        accounts.confirm(database, person, act)
    typer.echo(f"{person} is active")


@app.command("proposals")
def proposals(
    accept: str = typer.Option("", "--accept", help="Accept this proposal."),
    reject: str = typer.Option("", "--reject", help="Reject this proposal."),
    why: str = Why,
    actor: str = Actor,
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List accounts that may be of somebody whom another directory knows; accept or reject one."""
    from watchword.access import accounts

    if accept and reject:
        raise UsageError("only one of --accept and --reject can be", remedy="decide one proposal a time")
    with _doing(url, config, actor, why) as (database, act):
        if accept:
            typer.echo(f"the account is of {accounts.accept(database, accept, act)}")
        elif reject:
            active = accounts.reject(database, reject, act)
            typer.echo("rejected" + ("; the account's own person is active now" if active else ""))
        else:
            listing(_proposals(database), form, output)


def _proposals(database: Database) -> list[dict[str, Any]]:
    from watchword.access import accounts

    found: list[dict[str, Any]] = []
    while page := accounts.proposals(database, after=found[-1]["id"] if found else "", most=500):
        found += [
            {
                "id": one.id,
                "account": f"{one.directory} {one.subject}",
                "of": one.principal,
                "rule": one.rule,
                "since": one.created.date().isoformat(),
            }
            for one in page
        ]
    return found


@app.command("orphans")
def orphans(
    days: int = typer.Option(90, "--days", min=1, max=3650, help="Unused for so many days counts as stale."),
    what: str = typer.Option("", "--what", help="Only findings whose code begins so: O1, S."),
    store: Path | None = typer.Option(
        None, "--store", help="Folder of snapshots: compare users of AWS in the newest one, too."
    ),
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List accounts and people for whom nobody answers, or whom nobody uses; docs/people.md says what each code means."""
    from watchword.access.orphans import orphans as find
    from watchword.analysis.people.orphans import Limits
    from watchword.clock import now

    users = [] if store is None else list(_aws_users(store))
    with opened(url, config) as database:
        found = find(database, now(), Limits(timedelta(days=days)), users)
        rows = [
            {
                "what": one.what.value,
                "name": one.name,
                "of": one.of,
                "directory": one.directory,
                "why": one.because,
            }
            for one in found
            if one.what.value.startswith(what)
        ]
    listing(rows, form, output)


def _aws_users(store: Path) -> Iterator[AwsUser]:
    """Users of IAM and of Identity Center in the newest snapshot."""
    from watchword.analysis.people.orphans import AwsUser
    from watchword.model.ids import ORGANIZATION
    from watchword.store.snapshots import Snapshot

    snapshot = Snapshot.open(store)
    try:
        for account in (*(one.id for one in snapshot.accounts()), ORGANIZATION):
            for key, row in snapshot.rows(account):
                if key.service == "iam" and row.kind == "AWS::IAM::User" and row.has("UserId"):
                    yield AwsUser(row.arn, row.text("UserName", ""))
                elif row.kind == "AWS::IdentityStore::User":
                    yield AwsUser(row.arn, row.text("UserName", ""), subject=row.text("UserId", ""))
    finally:
        snapshot.close()


@roles_app.command("list")
def list_roles(
    person: str = typer.Option("", "--person", help="Only roles of this person."),
    role: str = typer.Option("", "--role", help="administrator, approver or auditor."),
    everything: bool = typer.Option(False, "--all", help="Ended ones, too."),
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List who has which role."""
    from watchword.access import roles

    with opened(url, config) as database:
        found = roles.every(database, principal=person, role=role, active=not everything)
    rows = [
        {
            "id": one.id,
            "person": one.principal,
            "role": one.role.value,
            "status": one.status.value,
            "until": "" if one.until is None else one.until.date().isoformat(),
            "by": one.granted_by,
            "why": one.reason,
        }
        for one in found
    ]
    listing(rows, form, output)


@roles_app.command("assign")
def assign(
    person: str = Person,
    role: str = typer.Argument(..., help="administrator, approver or auditor."),
    until: str = Until,
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Give somebody a role; nobody gives it to themselves."""
    from watchword.access import roles
    from watchword.model.roles import ASSIGNABLE, Role

    if role not in {one.value for one in ASSIGNABLE}:
        raise UsageError(f"there is no role {role!r} to give", remedy="administrator, approver or auditor")
    with _doing(url, config, actor, why) as (database, act):
        made = roles.assign(database, person, Role(role), act, _day(until) if until else None)
    typer.echo(f"{made.id}: {person} is {role}")


@roles_app.command("end")
def end_role(
    assignment: str = typer.Argument(
        ..., metavar="ID", help="Id of the assignment, as `roles list` shows it."
    ),
    why: str = Why,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Take a role away; the last administrator's stays."""
    from watchword.access import roles

    with _doing(url, config, actor, why) as (database, act):
        roles.end(database, assignment, act)
    typer.echo(f"{assignment} has ended")


@contextmanager
def _doing(url: str, config: Path | None, actor: str, why: str) -> Iterator[tuple[Database, Act]]:
    """A database and who acts on it; a move that a lifecycle does not allow is told as wrong usage."""
    from watchword.clock import now
    from watchword.model.lifecycle import IllegalMove
    from watchword.store.state.transition import Act

    with opened(url, config) as database:
        try:
            yield database, Act(actor or f"cli:uid-{os.getuid()}", now(), why)
        except IllegalMove as error:
            raise UsageError(str(error), remedy="see how it stands: watchword people show ID") from None


def _day(text: str) -> datetime:
    """The beginning of a day in UTC.

    Raises:
        UsageError: it is none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{text!r} is not a day", where="--until", remedy="write it as 2027-01-31") from None
