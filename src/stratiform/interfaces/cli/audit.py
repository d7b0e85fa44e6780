"""`stratiform usage audit`, `correct` and `corrections`: the ledger, its sources, and what staff says against it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from stratiform.interfaces.cli.client import CliError, client, on_one_line, say, shown
from stratiform.interfaces.cli.listing import Format, FormatOption, json_array, show_list, show_one

_COLUMNS = {
    "Id": "id",
    "Made": "made_at",
    "Type": "resource_type",
    "Resource": "resource_id",
    "Cloud": "cloud",
    "Author": "author",
    "Reason": "reason",
    "Says": "told",
    "Taken back by": "revoked_by",
}

_TIME = "ISO 8601, such as 2026-10-31T12:00:00Z."

#: What the API calls otherwise than the command line does.
_OPTIONS = {
    "since": "--from", "until": "--to", "project_id": "--project", "revokes": "--revoke", "reopened": "--reopen",
    "start": "--start", "end": "--end", "state": "--state", "absent": "--absent", "cloud": "--cloud", "id": "--id",
    "reason": "--reason", "meter": "--meter", "quantity": "--quantity", "at": "--at",
}  # fmt: skip


def audit(
    period: Annotated[str, typer.Option(help="A month (UTC), such as 2026-10.")],
    cloud: Annotated[list[str] | None, typer.Option(help="Only this cloud; may be given often.")] = None,
    project: Annotated[str | None, typer.Option(help="Only this project, by its id.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the corrections that are proposed.")] = False,
    output: FormatOption = Format.table,
) -> None:
    """Hold the ledger against messages on what exists and against what the clouds list now: what was used and isn't in
    it, what is in it and wasn't used, what differs. Ends with 1 where they disagree."""
    asked = {"period": period, "clouds": cloud or [], "project_id": project, "apply": apply}
    told = _Told(client().lines("usage/audits", asked))
    if output is Format.json:
        typer.echo('{"resources": ', nl=False)
        for piece in json_array(told):
            typer.echo(piece.rstrip("\n"), nl=False)
        typer.echo(f', "summary": {json.dumps(told.summary, indent=2, ensure_ascii=False)}}}')
    else:
        for resource in told:
            _print(resource)
        _print_summary(told.summary, apply)
    if not told.summary["clean"]:
        raise typer.Exit(1)


def correct(
    resource_type: Annotated[str, typer.Argument(help="instance, volume …")],
    resource_id: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the correction.")],
    cloud: Annotated[str, typer.Option(help="Its cloud, where the ledger knows it in several or not yet.")] = "",
    start: Annotated[str | None, typer.Option(metavar="TIME", help=f"When its use began. {_TIME}")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="When it ended.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Its use hasn't ended yet.")] = False,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From when what follows holds.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Until when it holds.")] = None,
    project: Annotated[str | None, typer.Option(help="Id of the project that used it.")] = None,
    state: Annotated[str | None, typer.Option(help="The state it was in.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An attribute; NAME= takes it away.")
    ] = None,
    absent: Annotated[bool, typer.Option("--absent", help="It was not used in this time.")] = False,
    meter: Annotated[str | None, typer.Option(help="A meter that counted wrongly; with --quantity and --at.")] = None,
    quantity: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="What is added to its sum, or with a minus taken out.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="The instant for which this counts.")] = None,
    revoke: Annotated[str | None, typer.Option(metavar="ID", help="Take this correction back.")] = None,
    key: Annotated[str, typer.Option("--id", help="An id of your own: the same again changes nothing.")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Correct the use of a resource, or what a meter of it counted: an event with author and reason, laid over what its
    messages say. Nothing is edited, and it can be taken back."""
    asked = {
        "resource_type": resource_type,
        "resource_id": resource_id,
        "reason": reason,
        "cloud": cloud,
        "id": key,
        "start": start,
        "end": end,
        "reopened": reopen,
        "since": since,
        "until": until,
        "project_id": project,
        "state": state,
        "attributes": dict(_attribute(one) for one in attribute or []),
        "absent": absent,
        "revokes": revoke,
        "meter": meter,
        "quantity": quantity,
        "at": at,
    }
    try:
        done = client().post("usage/corrections", asked)
    except CliError as error:
        raise CliError(_in_options(error.message), error.hint) from error
    if output is Format.json:
        show_one(done, {}, output)
    else:
        _print_correction(done)


def corrections(
    resource_type: Annotated[str | None, typer.Option(help="instance, volume …")] = None,
    resource: Annotated[str | None, typer.Option(help="Id of the resource.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """List corrections, the newest first."""
    asked = {"resource_type": resource_type, "resource_id": resource, "cloud": cloud}
    found = client().pages("usage/corrections", "corrections", **asked)
    show_list(found if output is Format.json else map(_row, found), _COLUMNS, output)


class _Told:
    """The resources out of an audit's lines; what was told of its progress goes to standard error, and the summary is
    known after the last one. Raises CliError where it broke off."""

    def __init__(self, lines: Iterable[Mapping[str, Any]]) -> None:
        self._lines = lines
        self.summary: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for line in self._lines:
            if "problem" in line:
                raise CliError(f"the audit broke off: {line['problem']['detail']}", line["problem"].get("hint", ""))
            if "progress" in line:
                _print_progress(**line["progress"])
            if "resource" in line:
                yield line["resource"]
            if "summary" in line:
                self.summary = line["summary"]
        if not self.summary:
            raise CliError("the audit broke off", "try again; the server's log says why")


def _print_progress(cloud: str | None, count: int) -> None:
    what = f"{count} resources compared" if cloud is None else f"{cloud}: {count} things listed"
    typer.echo(shown(what), err=True)


def _print(resource: Mapping[str, Any]) -> None:
    """A heading with the whole id, and a line for each finding and each proposal."""
    say(on_one_line(f"{resource['resource_type']} {resource['resource_id']} {resource['name']}".rstrip()))
    say(f"  cloud {resource['cloud']}")
    for finding in resource["findings"]:
        about = "" if finding["exact"] else ", in a part of it"
        say(f"  {finding['kind']}  {finding['start']}  {finding['end']}  {finding['seconds']} s{about}")
        for name, change in finding["changes"].items():
            say(f"    {name}: ledger {change['ledger']}, source {change['source']}")
        for source in finding["evidence"]:
            say(f"    {source}")
    for proposal in resource["proposals"]:
        say(f"  {'corrected' if proposal['made'] else 'proposed'}: {_words(proposal['says'])} at {proposal['at']}")
    if not resource["proposals"]:
        say("  nothing proposed: what happened when is not known")


def _print_summary(summary: Mapping[str, Any], apply: bool) -> None:
    for kind, found in summary["found"].items():
        say(f"{kind}: {found['seconds']} s in {found['stretches']} stretches")
    clouds = ", ".join(f"{one['cloud']} ({one['items']})" for one in summary["clouds"])
    say(f"{summary['resources']} resources compared; clouds asked: {clouds or 'none'}")
    for one in summary["unasked"]:
        say(f"cloud {one['cloud']} could not be asked: {one['why']}")
    if apply:
        say(f"{summary['made']} of {summary['proposals']} corrections made")
    elif summary["proposals"]:
        say(f"{summary['proposals']} corrections proposed; --apply makes them")
    if summary["clean"]:
        say("the ledger agrees with its sources")


def _attribute(given: str) -> tuple[str, str | int | None]:
    """A number where it is written as one: `007` is a text."""
    name, sign, value = given.partition("=")
    if not sign or not name:
        raise CliError(f"'{given}' is no attribute", "write NAME=VALUE")
    if not value:
        return name, None
    is_number = value.isascii() and value.isdecimal() and (value == "0" or value[0] != "0")
    return name, int(value) if is_number else value


def _in_options(message: str) -> str:
    """A message of the API, which begins with the field that is wrong, with the option that was given."""
    field, colon, rest = message.partition(":")
    if field.startswith("attributes."):
        field = f"--set {field.removeprefix('attributes.')}"
    return f"{_OPTIONS.get(field, field)}{colon}{rest}"


def _print_correction(done: Mapping[str, Any]) -> None:
    """What was and what is; of a meter its sums."""
    if done["created"]:
        of = done["after"][0]
        say(
            on_one_line(
                f"the ledger did not know {of['resource_type']} {of['resource_id']} of {of['cloud']}: it is new"
            )
        )
    if done["counted"]:
        counted = done["counted"]
        say(f"{counted['meter']}, in sum ({counted['unit']}): before {counted['before']}, now {counted['after']}")
    else:
        segments = [*done["before"], *done["after"]]
        differing = list(segments[0]["attributes"]) if done["created"] else _differing(segments)
        for title, part in (("before", "before"), ("now", "after")):
            say(f"{title}:")
            if not done[part]:
                say("  not used")
            for segment in done[part]:
                say(_segment_line(segment, differing))
        if done["new"] and done["before"] == done["after"]:
            say("nothing is different by it now; it counts against what messages tell later")
    say(f"correction {done['id']}" + ("" if done["new"] else " had been made before"))


def _segment_line(segment: Mapping[str, Any], names: Iterable[str]) -> str:
    told = "".join(f"  {name}={segment['attributes'].get(name, '')}" for name in names)
    return f"  {segment['start']}  {segment['end'] or 'open':27}  {segment['state']}  {segment['project_id']}{told}"


def _differing(segments: Sequence[Mapping[str, Any]]) -> list[str]:
    """The attributes that aren't the same in all of `segments`."""
    names = sorted({name for one in segments for name in one["attributes"]})
    return [
        name
        for name in names
        if any(one["attributes"].get(name) != segments[0]["attributes"].get(name) for one in segments)
    ]


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    seen = one["seen"] or {}
    return {**one, "told": ", ".join(words for words in (_words(one["says"]), _words(seen)) if words)}


def _words(told: Mapping[str, Any]) -> str:
    """`gone`, `end=2026-…`, `vcpus=2`."""
    flat = {**told, **told.get("attributes", {})}
    flat.pop("attributes", None)
    return ", ".join(name if value is True else f"{name}={value}" for name, value in flat.items())
