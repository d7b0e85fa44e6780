"""`stratiform usage correct` and `corrections`: manual changes to the ledger."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import (
    ColumnOption,
    Format,
    FormatOption,
    JsonObject,
    NestedFormatOption,
    format_values,
    print_item,
    print_list,
)
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import escape_line, format_named_id, name_project, print_line
from stratiform.kit.number_parsing import parse_uint

_COLUMNS = {
    "ID": "id",
    "Created at": "made_at",
    "Type": "resource_type",
    "Resource": "resource_id",
    "Cloud": "cloud",
    "Author": "author",
    "Reason": "reason",
    "Change": "change",
    "Revoked by": "revoked_by",
}

_TIME = "ISO 8601, such as 2026-10-31T12:00:00Z."

#: Options by the names of fields in errors of the API.
_OPTIONS = {
    "since": "--from", "until": "--to", "project_id": "--project", "revokes": "--revoke", "reopened": "--reopen",
    "start": "--start", "end": "--end", "state": "--state", "absent": "--absent", "cloud": "--cloud", "id": "--id",
    "reason": "--reason", "meter": "--meter", "quantity": "--quantity", "at": "--at",
}  # fmt: skip


def create_correction(
    resource_type: Annotated[str, typer.Argument(help="Type of the resource: instance, volume, …")],
    resource_id: Annotated[str, typer.Argument(help="ID of the resource.")],
    reason: Annotated[str, typer.Option(help="Reason, which is stored with the correction.")],
    cloud: Annotated[
        str, typer.Option(help="Cloud; required for a new resource, or if the resource is in several clouds.")
    ] = "",
    start: Annotated[str | None, typer.Option(metavar="TIME", help=f"Start of usage. {_TIME}")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="End of usage.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="The usage of the resource has not ended.")] = False,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Start of the changed interval.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End of the changed interval.")] = None,
    project: Annotated[str | None, typer.Option(help="ID of the project that used the resource.")] = None,
    state: Annotated[str | None, typer.Option(help="State of the resource.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An attribute; NAME= removes it.")
    ] = None,
    absent: Annotated[bool, typer.Option("--absent", help="The resource was not in use in the interval.")] = False,
    meter: Annotated[str | None, typer.Option(help="A meter to adjust, with --quantity and --at.")] = None,
    quantity: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Quantity to add to the meter; can be negative.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Time of the adjustment.")] = None,
    revoke: Annotated[str | None, typer.Option(metavar="ID", help="ID of a correction to revoke.")] = None,
    key: Annotated[str, typer.Option("--id", help="ID of the correction, which makes the command idempotent.")] = "",
    output: NestedFormatOption = Format.table,
) -> None:
    """Correct the usage of a resource, or adjust one of its meters.

    A correction is an event with an author and a reason. It changes no other event and can be revoked.
    """
    body = {
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
        "attributes": dict(_parse_attribute(argument) for argument in attribute or []),
        "absent": absent,
        "revokes": revoke,
        "meter": meter,
        "quantity": quantity,
        "at": at,
    }
    try:
        result = get_client().post("usage/corrections", body)
    except CliError as error:
        raise CliError(_with_options(error.message), error.hint) from error
    if output.is_structured:
        print_item(result, {}, output)
    else:
        _print_correction(result)
        print_late_usage(result)


def list_corrections(
    resource_type: Annotated[str | None, typer.Option(help="Type of the resource: instance, volume, …")] = None,
    resource: Annotated[str | None, typer.Option(help="ID of the resource.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List corrections, newest first."""
    items = get_client().iterate_items(
        "usage/corrections", "corrections", resource_type=resource_type, resource_id=resource, cloud=cloud
    )
    print_list(items if output.is_structured else map(_row, items), _COLUMNS, output, columns)


def _parse_attribute(argument: str) -> tuple[str, str | int | None]:
    """Parse NAME=VALUE. Digits without a leading zero are an integer: `007` is a string."""
    name, equals, value = argument.partition("=")
    if not equals or not name:
        raise CliError(f"'{argument}' is not a valid attribute", "use NAME=VALUE")
    if not value:
        return name, None
    number = parse_uint(value) if value == "0" or value[0] != "0" else None
    return name, value if number is None else number


def _with_options(message: str) -> str:
    """Replace the field at the start of an error of the API by the option of the command line."""
    field, colon, text = message.partition(":")
    if field.startswith("attributes."):
        field = f"--set {field.removeprefix('attributes.')}"
    return f"{_OPTIONS.get(field, field)}{colon}{text}"


def _print_correction(result: JsonObject) -> None:
    """Print the segments, or the sums of the meter, before and after."""
    if result["created"]:
        segment = result["after"][0]
        resource = f"{segment['resource_type']} {segment['resource_id']} of {segment['cloud']}"
        print_line(escape_line(f"new resource: {resource} was not in the ledger"))
    if result["counted"]:
        total = result["counted"]
        print_line(f"{total['meter']} ({total['unit']}): before {total['before']}, after {total['after']}")
    else:
        segments = [*result["before"], *result["after"]]
        names = list(segments[0]["attributes"]) if result["created"] else _changed_attributes(segments)
        for title in ("before", "after"):
            print_line(f"{title}:")
            if not result[title]:
                print_line("  not used")
            for segment in result[title]:
                print_line(_format_segment(segment, names))
        if result["new"] and result["before"] == result["after"]:
            print_line("The correction currently changes nothing, but it takes precedence over later messages.")
    print_line(f"correction {result['id']}" + ("" if result["new"] else " already exists"))


def _format_segment(segment: JsonObject, names: Iterable[str]) -> str:
    attributes = "".join(f"  {name}={segment['attributes'].get(name, '')}" for name in names)
    end = segment["end"] or "open"
    project = format_named_id(segment["project_id"], segment.get("names", {}).get("project"))
    return f"  {segment['start']}  {end:27}  {segment['state']}  {project}{attributes}"


def _changed_attributes(segments: Sequence[JsonObject]) -> list[str]:
    """Return the names of the attributes that differ between segments."""
    names = sorted({name for segment in segments for name in segment["attributes"]})
    first = segments[0]["attributes"] if segments else {}
    return [name for name in names if any(segment["attributes"].get(name) != first.get(name) for segment in segments)]


def _row(correction: JsonObject) -> dict[str, object]:
    names = correction["project_names"]
    changes = [format_values(name_project(correction[key] or {}, names)) for key in ("content", "seen")]
    return {**correction, "change": ", ".join(change for change in changes if change)}
