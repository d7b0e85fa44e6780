"""`stratiform usage`: what was used, and the events it is known from."""

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from stratiform.faces.cli.client import CliError, client, say

app = typer.Typer(help="What was used, and the events it is known from.", no_args_is_help=True)
rejected = typer.Typer(help="Messages that could not be taken.", no_args_is_help=True)
app.add_typer(rejected, name="rejected")


class Format(StrEnum):
    """How a list is printed."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="table or json.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="Notifications, one JSON document a line; - for standard input.")],
    cloud: Annotated[str, typer.Option(help="Name of the cloud they speak of.")] = "openstack",
) -> None:
    """Take recorded OpenStack notifications into the ledger. Taking them again changes nothing."""
    source = Path("/dev/stdin") if str(file) == "-" else file
    if source.is_dir():
        raise CliError(f"can't read {file}: it is a folder", "name a file of notifications, one JSON document a line")
    if not source.exists():
        raise CliError(
            f"can't read {file}: there is no such file", "name a file of notifications, or - for standard input"
        )
    done = client().upload("usage/notifications", source, "application/x-ndjson", cloud=cloud)
    say(_counts(done))
    if done["rejected"]:
        say("see them with `stratiform usage rejected list`")


@app.command("list")
def list_usage(
    output: FormatOption = Format.table,
    project: Annotated[str | None, typer.Option(help="Id of the project.")] = None,
    resource_type: Annotated[str | None, typer.Option(help="instance or volume.")] = None,
    resource: Annotated[str | None, typer.Option(help="Id of the resource.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only what was used after this time (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only what was used before this time.")] = None,
) -> None:
    """List segments of use, ordered by resource and start."""
    asked = {
        "project_id": project,
        "resource_type": resource_type,
        "resource_id": resource,
        "cloud": cloud,
        "from": since,
        "to": until,
    }
    found = client().pages("usage/segments", "segments", **asked)
    if output is Format.json:
        for piece in json_array(found):
            typer.echo(piece, nl=False)
        return
    titles = ("Resource", "Name", "State", "Start", "End", "Attributes", "Project", "Cloud")
    _table(titles, ([_cell(segment, title) for title in titles] for segment in found))


@rejected.command("list")
def list_rejected(output: FormatOption = Format.table) -> None:
    """List the messages that could not be taken, with the reason."""
    found = client().pages("usage/rejected", "rejected")
    if output is Format.json:
        for piece in json_array(found):
            typer.echo(piece, nl=False)
        return
    rows = ([one["id"][:12], one["cloud"], one["received_at"], one["reason"], one["body"][:80]] for one in found)
    _table(("Id", "Cloud", "Received", "Reason", "Message"), rows)


@rejected.command("replay")
def replay_rejected() -> None:
    """Read them once more, after what made them unreadable was put right."""
    done = client().post("usage/rejected/replay")
    say(_counts(done))


def json_array(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The text of a JSON array, indented by two, in pieces: the same as that of the whole at once."""
    opened = False
    for item in items:
        yield "[\n" if not opened else ",\n"
        opened = True
        yield "\n".join(f"  {line}" for line in json.dumps(item, indent=2, ensure_ascii=False).split("\n"))
    yield "\n]\n" if opened else "[]\n"


def _counts(done: dict[str, int]) -> str:
    return (
        f"{done['accepted']} new, {done['repeated']} known already, {done['ignored']} about nothing that is metered, "
        f"{done['rejected']} kept aside"
    )


def _cell(segment: dict[str, Any], title: str) -> str:
    if title == "Resource":
        return f"{segment['resource_type']} {segment['resource_id']}"
    if title == "Attributes":
        return " ".join(f"{name}={value}" for name, value in segment["attributes"].items())
    if title in ("Project", "Cloud"):
        return str(segment["project_id" if title == "Project" else "cloud"])
    return str(segment[title.lower()] or "")


def _table(titles: Iterable[str], rows: Iterable[list[str]]) -> None:
    table = Table(*titles, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*[cell.replace("[", r"\[") for cell in row])
    Console().print(table)
