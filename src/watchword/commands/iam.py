"""``watchword iam``: who can do what, and how it was decided: on a snapshot, or on plain policy files.

Each command prints the value of one function of ``analysis``.  Principals are named by ARN, by ``account/name`` or by
name; ``*`` is everybody, ``service:ec2.amazonaws.com`` an AWS service.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from watchword.commands import iam_matrix, iam_paths, options
from watchword.commands.iam_inputs import Files, access_of, context_of, principal_of
from watchword.commands.output import FORMAT_HELP, OutputFormat, console, listing, note, write
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.analysis.iam.access import Access
    from watchword.analysis.iam.ask import Answer, Who

app = typer.Typer(
    help="Who can do what: evaluation, access matrix, escalation paths, blast radius.", no_args_is_help=True
)

iam_matrix.add_to(app)
iam_paths.add_to(app)

SNAPSHOT = typer.Option(
    "latest", "--snapshot", help="Snapshot to ask: id, its beginning, `latest` or `previous`."
)
CONTEXT = typer.Option(
    [],
    "--context",
    "-c",
    metavar="KEY=VALUE",
    help="Context key of the request, e.g. aws:SourceIp=192.0.2.7; may be repeated.",
)
COMPLETE = typer.Option(
    False, "--complete", help="Keys that are not given are absent from the request, rather than not known."
)
ACCOUNT = typer.Option(
    "", "--resource-account", help="Account that owns the resource, where neither ARN nor snapshot tells it."
)
IDENTITY = typer.Option(
    [], "--identity-policy", help="Identity policy (file); with it, no snapshot is asked."
)
BOUNDARY = typer.Option([], "--boundary", help="Permissions boundary (file).")
SESSION = typer.Option([], "--session-policy", help="Session policy (file).")
SCPS = typer.Option(
    [], "--scp", help="Service control policies of one level (files, comma separated), root first."
)
RCPS = typer.Option(
    [], "--rcp", help="Resource control policies of one level (files, comma separated), root first."
)
RESOURCE = typer.Option(None, "--resource-policy", help="Policy of the resource (file).")
ENDPOINT = typer.Option([], "--endpoint-policy", help="Policy of the VPC endpoint (file).")

_HOW_TO_ASK = "for example: watchword iam can ann s3:GetObject arn:aws:s3:::bucket/key"


@app.command("can")
def can(
    principal: str = typer.Argument(help="Who: ARN, account/name, name, service:…, or *."),
    action: str = typer.Argument("", help="What, e.g. s3:GetObject; all actions where it is left out."),
    resource: str = typer.Argument("*", help="On which resource (ARN)."),
    context: list[str] = CONTEXT,
    complete: bool = COMPLETE,
    resource_account: str = ACCOUNT,
    identity_policy: list[Path] = IDENTITY,
    boundary: list[Path] = BOUNDARY,
    session_policy: list[Path] = SESSION,
    scp: list[str] = SCPS,
    rcp: list[str] = RCPS,
    resource_policy: Path | None = RESOURCE,
    endpoint_policy: list[Path] = ENDPOINT,
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    snapshot: str = SNAPSHOT,
    store: Path = options.Store,
) -> None:
    """Tell whether a principal may do something: allowed, denied, on which condition, or unknown for want of evidence."""
    files = Files(identity_policy, boundary, session_policy, scp, rcp, resource_policy, endpoint_policy)
    if not action:
        if files.given:
            raise UsageError("which action?", remedy="name an action after the principal, e.g. s3:GetObject")
        from watchword.commands.iam_matrix import show_row

        access = access_of(store, snapshot)
        show_row(access, principal_of(access, principal), form, context_of(context))
        return
    answer = _answer(files, principal, action, resource, context, complete, resource_account, store, snapshot)
    _show(answer, form)


@app.command("explain")
def explain(
    principal: str = typer.Argument(help="Who: ARN, account/name, name, service:…, or *."),
    action: str = typer.Argument(help="What, e.g. s3:GetObject."),
    resource: str = typer.Argument("*", help="On which resource (ARN)."),
    context: list[str] = CONTEXT,
    complete: bool = COMPLETE,
    resource_account: str = ACCOUNT,
    identity_policy: list[Path] = IDENTITY,
    boundary: list[Path] = BOUNDARY,
    session_policy: list[Path] = SESSION,
    scp: list[str] = SCPS,
    rcp: list[str] = RCPS,
    resource_policy: Path | None = RESOURCE,
    endpoint_policy: list[Path] = ENDPOINT,
    as_json: bool = typer.Option(False, "--json", help="The proof as JSON."),
    picture: Path | None = typer.Option(
        None, "--picture", help="Write the proof as a picture (SVG) to this file."
    ),
    snapshot: str = SNAPSHOT,
    store: Path = options.Store,
) -> None:
    """Show how an access is decided: every gate, the statements that decide, and why others do not match."""
    from watchword.report.proof import proof_json, proof_lines, proof_svg

    files = Files(identity_policy, boundary, session_policy, scp, rcp, resource_policy, endpoint_policy)
    answer = _answer(files, principal, action, resource, context, complete, resource_account, store, snapshot)
    if picture is not None:
        write(proof_svg(answer.evaluation, answer.request, answer.policies), picture)
        note(f"picture: {picture}")
    if as_json:
        told = proof_json(answer.evaluation, answer.request, answer.policies)
        told |= {"decision": answer.decision, "missing": list(answer.missing), "notes": list(answer.notes)}
        write(json.dumps(told, indent=1, ensure_ascii=False) + "\n", None)
        return
    for line in proof_lines(answer.evaluation, answer.request, answer.policies):
        console().print(line)
    _tell_rest(answer)


@app.command("who-can")
def who_can(
    action: str = typer.Argument(help="What, e.g. s3:GetObject."),
    resource: str = typer.Argument(help="On which resource (ARN, or *)."),
    context: list[str] = CONTEXT,
    complete: bool = COMPLETE,
    resource_account: str = ACCOUNT,
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    output: Path | None = options.Output,
    snapshot: str = SNAPSHOT,
    store: Path = options.Store,
) -> None:
    """List every principal that may do an action on a resource, for certain, on a condition, or as far as is known."""
    from watchword.analysis.iam import ask
    from watchword.analysis.iam.request import RequestError

    access = access_of(store, snapshot)
    told = context_of(context)
    try:
        found = list(ask.who_can(access, action, resource, told, account=resource_account, complete=complete))
    except RequestError as error:
        raise UsageError(str(error), remedy=_HOW_TO_ASK) from error
    _warn_of_action(action)
    for what in access.unread_identities():
        note(f"not known, and not listed: {what}")
    row = _short_row if form is OutputFormat.TABLE and output is None else _row
    of = sum(1 for _ in access.principals())
    may = sum(1 for answer in found if answer.who.identity is not None)
    everybody = ", and everybody," if may < len(found) else ""
    title = f"{may} of {of} principals{everybody} may {action} on {resource}"
    listing([row(answer, access) for answer in found], form, output, title=title)


@app.command("simulate")
def simulate(
    file: Path = typer.Argument(
        help="JSON lines that define policy sets and ask requests; - for standard input."
    ),
    trace: bool = typer.Option(False, "--trace", help="Add every statement with its outcome."),
    output: Path | None = options.Output,
) -> None:
    """Answer requests in JSON lines, one answer for one request, in order, as they come.

    The format is described in docs/iam-simulate.md.  Bad lines are answered with an error; the exit code is 1 then.
    """
    from watchword.analysis.iam.simulate import Simulation
    from watchword.commands.iam_inputs import lines_of

    run = Simulation(trace=trace)
    answers = (f"{line}\n" for line in run.answers(lines_of(file)))
    if output is None:
        for answer in answers:
            # Whoever asks line by line through a pipe waits for the answer before asking again.
            sys.stdout.write(answer)
            if str(file) == "-":
                sys.stdout.flush()
    else:
        write(answers, output)
    if run.bad:
        note(f"{run.bad} bad lines; {run.asked} requests were answered")
        raise typer.Exit(1)


def _answer(
    files: Files,
    principal: str,
    action: str,
    resource: str,
    context: list[str],
    complete: bool,
    account: str,
    store: Path,
    snapshot: str,
) -> Answer:
    from watchword.analysis.iam import ask
    from watchword.analysis.iam.request import RequestError

    told = context_of(context)
    try:
        if files.given:
            answer = files.answer(principal, action, resource, told, account, complete=complete)
        else:
            access = access_of(store, snapshot)
            who = principal_of(access, principal)
            answer = ask.ask(access, who, action, resource, told, account=account, complete=complete)
    except RequestError as error:
        raise UsageError(str(error), remedy=_HOW_TO_ASK) from error
    _warn_of_action(action)
    return answer


def _warn_of_action(action: str) -> None:
    from watchword.store.reference import universe

    if action not in universe():
        note(
            f"warning: AWS has no action {action} that this version knows of; `watchword data refresh` updates it"
        )


def _show(answer: Answer, form: OutputFormat) -> None:
    from watchword.analysis.iam.ask import answer_json

    told = answer_json(answer)
    if form is OutputFormat.JSON:
        write(json.dumps(told, indent=1, ensure_ascii=False) + "\n", None)
        return
    if form is not OutputFormat.TABLE:
        listing([_flat(told)], form)
        return
    from watchword.report.decisions import decision_text

    console().print(decision_text(answer))
    _tell_rest(answer)


def _tell_rest(answer: Answer) -> None:
    for what in answer.missing:
        note(f"not known: {what}")
    for what in answer.notes:
        note(f"note: {what}")


def _flat(told: dict[str, Any]) -> dict[str, Any]:
    """One row for CSV: lists and objects as JSON text."""
    return {
        key: value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)
        for key, value in told.items()
    }


def _row(answer: Answer, access: Access) -> dict[str, Any]:
    from watchword.analysis.iam.expression import words

    who: Who = answer.who
    conditional = answer.decision == "Conditional"
    return {
        "principal": who.label,
        "kind": who.identity.kind.value if who.identity else who.principal.kind.value,
        "account": _account(who, access),
        "decision": answer.decision,
        "if": words(answer.evaluation.allowed_if) if conditional else "",
        "by": "; ".join(_origins(answer)),
        "not known": "; ".join(answer.missing),
    }


def _short_row(answer: Answer, access: Access) -> dict[str, Any]:
    """What fits on a screen: names instead of ARNs."""
    long = _row(answer, access)
    who: Who = answer.who
    sign = {"Allowed": "✓", "Conditional": "? if"}.get(answer.decision, "? unknown")
    return {
        "principal": who.identity.name if who.identity else who.label,
        "kind": long["kind"],
        "account": long["account"],
        "may": f"{sign} {long['if'] or long['not known']}".strip(),
        "by": long["by"],
    }


def _account(who: Who, access: Access) -> str:
    known = access.accounts.get(who.principal.account)
    return known.label if known else who.principal.account


def _origins(answer: Answer) -> list[str]:
    """The policies whose Allow decides, in words."""
    allows = (one for one in answer.evaluation.deciding if one.statement.allows)
    return list(
        dict.fromkeys(one.origin or one.policy for one in allows if not one.policy.startswith(("scp", "rcp")))
    )


@app.command("check")
def check(
    files: list[Path] = typer.Argument(help="Policy documents (JSON)."),
    kind: str = typer.Option(
        "identity",
        help="identity, boundary, session, scp, rcp, resource (trust and key policies too) or endpoint.",
    ),
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    config: Path | None = options.ConfigFile,
) -> None:
    """Check policy files: what AWS would refuse (exit code 1), and what is doubtful: names that nothing fits, and traps."""
    from watchword.analysis.iam.limits import Limits
    from watchword.commands.iam_inputs import checked
    from watchword.commands.inputs import settings

    limits = Limits(settings(config).quotas)
    rows = [row for file in files for row in checked(file, kind, limits)]
    listing(rows, form)
    if any(row["refused"] for row in rows):
        raise typer.Exit(1)
