"""`stratiform clouds quotas`: limits of cloud accounts, their projects and users."""

from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

_COLUMNS = {"Scope": "scope", "Owner": "owner_id", "Resource": "resource", "Used": "used", "Limit": "limit"}

CloudArgument = Annotated[str, typer.Argument(metavar="CLOUD", help="Name or ID of the cloud.")]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Name or ID of a project; `*`: each project without limits of its own.")
]
UserOption = Annotated[
    str | None, typer.Option("--user", help="Name or ID of a user; `*`: each user without limits of their own.")
]

app = typer.Typer(
    help="Manage quotas of a cloud account: of the account, of its projects and of its users.", no_args_is_help=True
)


@app.command("list")
def list_quotas(cloud: CloudArgument, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List the limits of a cloud account, with the usage."""
    print_list(get_client().get(_path(cloud))["quotas"], _COLUMNS, output, columns)


@app.command("set")
def set_quotas(
    cloud: CloudArgument,
    project: ProjectOption = None,
    user: UserOption = None,
    servers: Annotated[int | None, typer.Option(help="Number of servers; -1: unlimited.")] = None,
    vcpus: Annotated[int | None, typer.Option(help="vCPUs; -1: unlimited.")] = None,
    ram: Annotated[int | None, typer.Option(help="RAM in MiB; -1: unlimited.")] = None,
    disk: Annotated[int | None, typer.Option(help="Root and ephemeral disks in GiB; -1: unlimited.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """Set limits of a cloud account, or of a project or user in it. Those of one beat those of each."""
    options = {"servers": servers, "vcpus": vcpus, "ram_mib": ram, "disk_gib": disk}
    limits = {resource: limit for resource, limit in options.items() if limit is not None}
    if not limits:
        raise CliError("nothing to change", "specify --servers, --vcpus, --ram or --disk", code=2)
    quotas = get_client().put(_path(cloud), {**_select_owner(project, user), "limits": limits})["quotas"]
    print_list(quotas, _COLUMNS, output)


@app.command("delete")
def delete_quotas(cloud: CloudArgument, project: ProjectOption = None, user: UserOption = None) -> None:
    """Delete all limits of a cloud account, or of a project or user in it."""
    owner = {name: value for name, value in _select_owner(project, user).items() if value}
    get_client().delete(f"{_path(cloud)}?{urlencode(owner)}")
    print_line(f"Limits of {' '.join(owner.values())} in {cloud} deleted.")


def _select_owner(project: str | None, user: str | None) -> dict[str, str]:
    if project is not None and user is not None:
        raise CliError("--project and --user exclude each other", "all scopes must have room for a server", code=2)
    if project is not None:
        return {"scope": "project", "owner": project}
    return {"scope": "account", "owner": ""} if user is None else {"scope": "user", "owner": user}


def _path(cloud: str) -> str:
    return f"clouds/{quote(cloud, safe='')}/quotas"
