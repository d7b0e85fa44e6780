"""`stratiform usage`: what was used, and the events it is known from."""

from itertools import groupby
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli import audit, insert, meter, poll, proof
from stratiform.interfaces.cli.client import CliError, client, on_one_line, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="What was used, and the events it is known from.", no_args_is_help=True)
rejected = typer.Typer(help="Messages that could not be taken.", no_args_is_help=True)
app.add_typer(rejected, name="rejected")
app.add_typer(meter.app, name="meter")
app.add_typer(meter.unknown, name="unknown")
app.command("export")(proof.export_file)
app.command("verify")(proof.verify_file)
app.command("insert")(insert.insert_file)
app.command("sums")(insert.sums)
app.command("audit")(audit.audit)
app.command("correct")(audit.correct)
app.command("corrections")(audit.corrections)
app.command("polls")(poll.polls)
app.command("poll-again")(poll.poll_again)


#: As many as the server gives at once.
_PAGE = 10_000

_REJECTED_COLUMNS = {"Id": "id", "Cloud": "cloud", "Received": "received_at", "Reason": "reason", "Message": "body"}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="Notifications, one JSON document a line; - for standard input.")],
    cloud: Annotated[str, typer.Option(help="Name of the cloud they speak of.")] = "openstack",
) -> None:
    """Take recorded OpenStack notifications into the ledger. Taking them again changes nothing. Lines that can't be
    taken are kept aside; a file that is no recording is refused."""
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
        say("`stratiform usage rejected list` shows them, and `rejected drop` forgets them")


@app.command("list")
def list_usage(
    output: FormatOption = Format.table,
    project: Annotated[str | None, typer.Option(help="Id of the project.")] = None,
    resource_type: Annotated[str | None, typer.Option(help="instance, volume, image, … (see meter list).")] = None,
    resource: Annotated[str | None, typer.Option(help="Id of the resource.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only what was used after this time (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only what was used before this time.")] = None,
    tag: Annotated[str | None, typer.Option(help="A label of the resources, key:value.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known then: a position of the ledger, or a time.")] = None,
) -> None:
    """List segments of use, ordered by resource and start."""
    asked = {
        "project_id": project,
        "resource_type": resource_type,
        "resource_id": resource,
        "cloud": cloud,
        "from": since,
        "to": until,
        "tag": tag,
        "as_of": as_of,
        "limit": _PAGE,
    }
    found = client().pages("usage/segments", "segments", **asked)
    if output is Format.json:
        show_list(found, {}, output)
    else:
        _print_usage(list(found))


@rejected.command("list")
def list_rejected(output: FormatOption = Format.table) -> None:
    """List the messages that could not be taken, with the reason."""
    found = client().pages("usage/rejected", "rejected")
    show_list(found if output is Format.json else map(_rejected_row, found), _REJECTED_COLUMNS, output)


@rejected.command("show")
def show_rejected(
    message: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    output: FormatOption = Format.table,
) -> None:
    """Show one message, whole."""
    if not message:  # the path would be that of the list
        raise CliError("which message is to be shown?", "`stratiform usage rejected list` has the ids")
    found = client().get(f"usage/rejected/{quote(message, safe='')}")
    show_one(found, _REJECTED_COLUMNS, output)


@rejected.command("drop")
def drop_rejected(
    messages: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or their beginnings.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that there are.")] = False,
    cloud: Annotated[str | None, typer.Option(help="All of this cloud.")] = None,
    reason: Annotated[str | None, typer.Option(help="All whose reason begins so.")] = None,
) -> None:
    """Keep messages no longer. They can't be had back."""
    if [bool(messages), everything, bool(cloud or reason)].count(True) != 1:
        raise CliError("which messages are to be dropped?", "name ids; or give --cloud, --reason or both; or --all")
    count = 0
    if messages:
        for message in messages:
            client().delete(f"usage/rejected/{quote(message, safe='')}")
            count += 1
    else:
        given = {"all": "true"} if everything else {"cloud": cloud, "reason": reason}
        count = client().delete("usage/rejected", **given)["dropped"]
    say(f"{count} dropped")


@rejected.command("replay")
def replay_rejected() -> None:
    """Read them once more, after what made them unreadable was put right."""
    done = client().post("usage/rejected/replay")
    say(_counts(done))


def _counts(done: dict[str, int]) -> str:
    return (
        f"{done['accepted']} new, {done['repeated']} known already, {done['ignored']} about nothing that is metered, "
        f"{done['rejected']} kept aside"
    )


def _print_usage(segments: list[dict[str, Any]]) -> None:
    """A heading for each resource with its whole id, and a line for each segment: ids and times don't fit into one.

    What holds for the lines below it is told where it changes, the project only where there are several.
    """
    several = len({segment["project_id"] for segment in segments}) > 1
    for _, same in groupby(segments, key=lambda one: (one["resource_type"], one["resource_id"], one["cloud"])):
        own = list(same)
        say(on_one_line(f"{own[0]['resource_type']} {own[0]['resource_id']} {own[0]['name']}".rstrip()))
        told: tuple[str, ...] = ()
        for segment in own:
            place = f"cloud {segment['cloud']}" + (f" project {segment['project_id']}" if several else "")
            if told != (what := (place, *_sizes(segment))):
                told = what
                for line in what:
                    say(f"  {line}")
            say(f"    {segment['start']}  {segment['end'] or 'open':27}  {segment['state']}")


def _sizes(segment: dict[str, Any]) -> list[str]:
    """What the price goes by: `m1.small 1 vCPU 2 GiB 20 GiB`, `10 GiB fast`, or a line for each attribute."""
    of = segment["attributes"]
    if segment["resource_type"] not in ("instance", "volume"):
        return [f"{name} {value}" for name, value in of.items()]
    if segment["resource_type"] == "volume":
        parts = [_size(of.get("size_gib"), "GiB"), of.get("volume_type_name") or of.get("volume_type")]
    else:
        ram = of.get("ram_mib")
        memory = _size(ram, "MiB") if ram is None or ram % 1024 else _size(ram // 1024, "GiB")
        flavor = of.get("flavor") or of.get("flavor_id")
        parts = [flavor, _size(of.get("vcpus"), "vCPU"), memory, _size(of.get("disk_gib"), "GiB")]
    line = " ".join(part for part in parts if part)
    return [line] if line else []


def _size(number: int | None, unit: str) -> str:
    return "" if number is None else f"{number} {unit}"


def _rejected_row(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "id": message["id"][:12], "body": message["body"][:80]}
