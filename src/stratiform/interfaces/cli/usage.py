"""`stratiform usage`: usage, and the messages it comes from."""

from pathlib import Path
from typing import Annotated

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.lazy_commands import LazyCommand, create_group
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, JsonObject, format_counts, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import escape_line, format_named_id, print_line

_PACKAGE = "stratiform.interfaces.cli"

#: The commands in other modules.
COMMANDS = {
    "audit": LazyCommand(
        f"{_PACKAGE}.audit:run_audit",
        "Compare the ledger with `.exists` notifications and with the inventories of the clouds.",
    ),
    "correct": LazyCommand(
        f"{_PACKAGE}.corrections:create_correction", "Correct the usage of a resource, or adjust one of its meters."
    ),
    "corrections": LazyCommand(f"{_PACKAGE}.corrections:list_corrections", "List corrections, newest first."),
    "export": LazyCommand(
        f"{_PACKAGE}.ledger_exports:export_file",
        "Export the events of all resources used in a period, with proofs and the resulting segments.",
    ),
    "ignored": LazyCommand(f"{_PACKAGE}.meter:ignored", "List and replay messages that no meter reads."),
    "insert": LazyCommand(
        f"{_PACKAGE}.cloudevents:ingest_file",
        "Ingest CloudEvents. Duplicates have no effect. Exit status 1: events were rejected.",
    ),
    "meter": LazyCommand(f"{_PACKAGE}.meter:app", "List meters, and validate meter files."),
    "names": LazyCommand(
        f"{_PACKAGE}.resource_names:app", "List and set the names of volume types, flavors, images and projects."
    ),
    "poll-again": LazyCommand(
        f"{_PACKAGE}.poll:rewind_poll",
        "Poll a cloud again, starting at an earlier time. Duplicate samples have no effect.",
    ),
    "polls": LazyCommand(
        f"{_PACKAGE}.poll:list_polls",
        "List polls, with the time up to which each is complete and its last failure.",
    ),
    "rejected": LazyCommand(f"{_PACKAGE}.rejected_messages:app", "List, show, replay and delete rejected messages."),
    "sums": LazyCommand(
        f"{_PACKAGE}.usage_sums:show_sums",
        "Sum usage by groups and buckets, as exact numbers in seconds and value × seconds.",
    ),
    "verify": LazyCommand(
        f"{_PACKAGE}.ledger_exports:verify_file",
        "Verify FILE offline: signatures, proofs, completeness, and that its segments follow from its events.",
    ),
}

app = create_group(
    COMMANDS, help="Show, correct and export usage, and manage the messages that it comes from.", no_args_is_help=True
)

_SEGMENT_COLUMNS = {
    "Type": "resource_type",
    "ID": "resource_id",
    "Name": "name",
    "Cloud": "cloud",
    "Project": "project_id",
    "Start": "start",
    "End": "end",
    "Status": "state",
    "Attributes": "attributes",
}

#: The largest page of the server.
_PAGE_SIZE = 10_000


@app.command("import")
def import_notifications(
    file: Annotated[Path, typer.Argument(help="Notifications, one JSON document per line; - for standard input.")],
    cloud: Annotated[str, typer.Option(help="Name of the cloud that sent the notifications.")] = "openstack",
) -> None:
    """Ingest recorded OpenStack notifications. Duplicates have no effect. Invalid lines are stored as rejected."""
    source = Path("/dev/stdin") if str(file) == "-" else file
    if source.is_dir():
        raise CliError(f"Cannot read {file}: it is a directory", "use a file with one JSON document per line")
    if not source.exists():
        raise CliError(f"Cannot read {file}: no such file", "use a file of notifications, or - for standard input")
    counts = get_client().post_file("usage/notifications", source, "application/x-ndjson", cloud=cloud)
    print_line(format_counts(counts))
    print_late_usage(counts)
    if counts["rejected"]:
        print_line("List rejected messages with `stratiform usage rejected list`; delete them with `rejected delete`.")


@app.command("list")
def list_usage(
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
    project: Annotated[str | None, typer.Option(help="ID of the project.")] = None,
    resource_type: Annotated[
        str | None, typer.Option(help="instance, volume, image, … (see `usage meter list`).")
    ] = None,
    resource: Annotated[str | None, typer.Option(help="ID of the resource.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only usage after this time (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only usage before this time.")] = None,
    tag: Annotated[str | None, typer.Option(help="A tag of the resources, as key:value.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As-of position of the ledger, or a time.")] = None,
) -> None:
    """List segments of usage by resource and start."""
    segments = get_client().iterate_items(
        "usage/segments",
        "segments",
        **{
            "project_id": project,
            "resource_type": resource_type,
            "resource_id": resource,
            "cloud": cloud,
            "from": since,
            "to": until,
            "tag": tag,
            "as_of": as_of,
            "limit": _PAGE_SIZE,
        },
    )
    rows = segments if output.is_structured else map(_segment_row, segments)
    print_list(rows, _SEGMENT_COLUMNS, output, columns)


def _segment_row(segment: JsonObject) -> dict[str, object]:
    return {
        **segment,
        "name": escape_line(segment["name"]),
        "project_id": _project_label(segment),
        "attributes": escape_line(_format_attributes(segment)),
    }


def _project_label(segment: JsonObject) -> str:
    return format_named_id(str(segment["project_id"]), segment.get("names", {}).get("project"))


def _format_attributes(segment: JsonObject) -> str:
    """Return such as `m1.small 1 vCPU 2 GiB 20 GiB`, `10 GiB fast` or `protocol=NFS, size_gib=10`."""
    attributes, names = segment["attributes"], segment.get("names", {})
    if segment["resource_type"] not in ("instance", "volume"):
        return ", ".join(f"{name}={value}" for name, value in attributes.items())
    if segment["resource_type"] == "volume":
        stated = attributes.get("volume_type_name") or attributes.get("volume_type")
        volume_type = names.get("volume_type") or stated
        fields = [_with_unit(attributes.get("size_gib"), "GiB"), volume_type]
    else:
        ram = attributes.get("ram_mib")
        memory = _with_unit(ram, "MiB") if ram is None or ram % 1024 else _with_unit(ram // 1024, "GiB")
        flavor = attributes.get("flavor") or names.get("flavor") or attributes.get("flavor_id")
        vcpus, disk = _with_unit(attributes.get("vcpus"), "vCPU"), _with_unit(attributes.get("disk_gib"), "GiB")
        fields = [flavor, vcpus, memory, disk]
    return " ".join(field for field in fields if field)


def _with_unit(number: int | None, unit: str) -> str:
    return "" if number is None else f"{number} {unit}"
