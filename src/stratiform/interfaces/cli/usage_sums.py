"""`stratiform usage sums`: totals of usage."""

from typing import Annotated

import typer

from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

#: Headings of the names of resources by which usage is grouped.
_NAME_HEADINGS = {
    "project_id": "project_name",
    "attributes.flavor_id": "flavor_name",
    "attributes.image_id": "image_name",
    "attributes.volume_type": "volume_type_name",
}


def show_sums(
    group_by: Annotated[
        str | None, typer.Option(help="Names separated by commas: project_id, attributes.flavor, …")
    ] = None,
    measure: Annotated[
        str, typer.Option(help="duration, attributes.NAME or meter:NAME, separated by commas.")
    ] = "duration",
    bucket: Annotated[str | None, typer.Option(help="hour, day or month (UTC).")] = None,
    project: Annotated[str | None, typer.Option(help="ID of the project.")] = None,
    resource_type: Annotated[
        str | None, typer.Option(help="instance, volume, image, … (see `usage meter list`).")
    ] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    tag: Annotated[str | None, typer.Option(help="A tag of the resources, as key:value.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Start of the period (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End of the period; default: now, or --as-of.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As-of position of the ledger, or a time.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Sum usage by groups and buckets, as exact numbers in seconds and value × seconds."""
    result = get_client().get(
        "usage/sums",
        **{
            "group_by": group_by,
            "measure": measure,
            "bucket": bucket,
            "project_id": project,
            "resource_type": resource_type,
            "cloud": cloud,
            "tag": tag,
            "from": since,
            "to": until,
            "as_of": as_of,
        },
    )
    if output.is_structured:
        print_list(result["sums"], {}, output, columns)
        return
    groups, measures, units = _split(group_by or ""), _split(measure), result["units"]
    named = [name for name in groups if any(name in total.get("names", {}) for total in result["sums"])]
    headings: dict[str, str] = {}
    for name in groups:
        headings |= {name: name} | ({_NAME_HEADINGS[name]: f"name {name}"} if name in named else {})
    headings |= {"Start": "start"} if bucket else {}
    headings |= {f"{name} ({units[name]})" if name in units else name: f"sum {name}" for name in measures}
    rows = [
        {
            **total["group"],
            **{f"name {name}": value for name, value in total.get("names", {}).items()},
            "start": total["start"],
            **{f"sum {name}": value for name, value in total["sums"].items()},
        }
        for total in result["sums"]
    ]
    print_list(rows, headings, output, columns)
    if output is not Format.table or columns:
        return
    for name, seconds in result["unmeasured"].items():
        print_line(f"{seconds} seconds of usage without attribute {name.removeprefix('attributes.')}")


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
