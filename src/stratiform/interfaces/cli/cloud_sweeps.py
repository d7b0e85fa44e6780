"""`stratiform clouds sweep`: resources in a cloud that no row owns."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

_COLUMNS = {
    "Type": "resource_type",
    "Native ID": "native_id",
    "Resource ID": "resource_id",
    "Description": "description",
    "Deleted": "deleted",
    "Error": "error",
}


def sweep_cloud(
    cloud: Annotated[str, typer.Argument(metavar="CLOUD", help="Name or ID of the cloud.")],
    apply: Annotated[bool, typer.Option("--apply", help="Delete the resources that are listed.")] = False,
    yes: Yes = False,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List resources in a cloud that this installation has created, and that are not in its database.

    They remain after an older backup was restored. Changes nothing without --apply.
    """
    path = f"clouds/{quote(cloud, safe='')}/unowned-resources"
    result = get_client().get(path)
    unowned = result["unowned"]
    if apply and unowned:
        if output is Format.table:
            print_list(unowned, _COLUMNS, output, columns)
        confirm(
            f"Delete these {len(unowned)} of {result['tagged']} resources in cloud '{cloud}' with all data", yes=yes
        )
        unowned = get_client().post(path, {"native_ids": [item["native_id"] for item in unowned]})["unowned"]
    print_list(unowned, _COLUMNS, output, columns)
    if output is Format.table:
        deleted = sum(item["deleted"] for item in unowned)
        print_line(f"{result['tagged']} resources, {len(unowned)} without an owner, {deleted} deleted")
    if any(item["error"] for item in unowned):
        raise CliError("Some resources were not deleted", "run the command again after the cloud has changed")
