"""`stratiform usage names`: names of volume types, flavors, images and projects, which usage refers to by ID."""

from enum import StrEnum
from typing import Annotated

import typer

from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, NestedFormatOption, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="List and set the names of volume types, flavors, images and projects.", no_args_is_help=True)

_COLUMNS = {"Type": "resource_type", "ID": "resource_id", "Cloud": "cloud", "Name": "name", "Since": "start"}


class NamedType(StrEnum):
    """A type of resources with names."""

    flavor = "flavor"
    image = "image"
    project = "project"
    volume_type = "volume_type"


@app.command("list")
def list_names(
    resource_type: Annotated[NamedType | None, typer.Option(help="Only names of this type.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List names, each with the time from which it applies. A name without a cloud applies in all clouds."""
    selected = None if resource_type is None else resource_type.value
    names = get_client().get("usage/names", resource_type=selected)["names"]
    print_list(names, _COLUMNS, output, columns)


@app.command("set")
def set_name(
    resource_type: Annotated[NamedType, typer.Argument(help="volume_type, flavor, image or project.")],
    resource: Annotated[str, typer.Argument(metavar="ID", help="ID of the resource.")],
    name: Annotated[str, typer.Argument(help="Name of the resource, which prices can refer to.")],
    cloud: Annotated[
        str | None,
        typer.Option(help="Name of the cloud; default: the clouds that have a name for it, or else all clouds."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Time from which the name applies (ISO 8601); default: now.")
    ] = None,
    output: NestedFormatOption = Format.table,
) -> None:
    """Set the name of a resource to which messages refer only by ID.

    The first name also applies to earlier usage.
    """
    body = {"resource_type": resource_type.value, "resource_id": resource, "name": name, "start": since}
    result = get_client().post("usage/names", body | {"cloud": cloud or ""})
    names = result["names"]
    if output.is_structured:
        print_list(names, _COLUMNS, output)
        return
    for each in names:
        where = f" in cloud {each['cloud']}" if each["cloud"] else ""
        print_line(f"{each['resource_type']} {each['resource_id']}{where} is named {each['name']} from {each['start']}")
    print_late_usage(result)
