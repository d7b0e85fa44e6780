"""`stratiform clouds`: cloud accounts, bindings of projects, and native ids."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from typer.core import TyperGroup

from stratiform.interfaces.cli import cloud_placement, cloud_quotas, cloud_sweeps
from stratiform.interfaces.cli.cloud_placement import select_project
from stratiform.interfaces.cli.cloud_settings import build_create_command, build_update_command, parse_settings
from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import format_named_id, print_line

_CLOUD_COLUMNS = {
    "Name": "name",
    "Kind": "kind",
    "Settings": "settings",
    "Credentials": "credentials",
    "Created at": "created_at",
    "ID": "id",
}
_CHECK_ROWS = {
    "Identity": "identity",
    "Credentials checked at": "checked_at",
    "Credentials valid at": "valid_at",
    "Credentials error": "error",
}
_BINDING_COLUMNS = {
    "Project ID": "project_id",
    "Project": "project_name",
    "Availability zone": "zone",
    "Cloud": "cloud",
    "Native zone": "native_zone",
    "Pool": "pool",
}
_ACCOUNT_ROWS = {"Identity": "identity", "Zones": "zones"}
_CHECKED_CLOUD_ROWS = {"Name": "name", "Kind": "kind", **_ACCOUNT_ROWS, "ID": "id"}

_FLAVOR_CHANGE_COLUMNS = {
    "Action": "action",
    "Native ID": "native_id",
    "Flavor": "flavor",
    "Reason": "reason",
    "Applied": "applied",
}

Name = Annotated[str, typer.Argument(metavar="CLOUD", help="Name or ID of the cloud.")]
CloudOption = Annotated[str, typer.Option("--cloud", help="Name or ID of the cloud.")]
BoundProjectOption = Annotated[str | None, typer.Option("--project", help="Name or ID of the project.")]
DefaultOption = Annotated[
    bool, typer.Option("--default", help="Instead of a project: all projects that have no binding of their own.")
]
NativeOption = Annotated[str, typer.Option("--native", help="ID of the resource in the cloud.")]


class _AddGroup(TyperGroup):
    """One subcommand for each kind of cloud, with its settings as options."""

    def list_commands(self, ctx: Any) -> list[str]:
        if ctx.resilient_parsing:  # completion does not sign in
            return []
        try:
            return list(_list_kinds())
        except CliError:  # the help works without a server
            return []

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if ctx.resilient_parsing:
            return None
        return build_create_command(cmd_name, parse_settings(_get_kind(cmd_name)), _add(cmd_name))


class _SetGroup(TyperGroup):
    """One subcommand for each cloud, with the settings of its kind as options."""

    def list_commands(self, ctx: Any) -> list[str]:
        if ctx.resilient_parsing:  # completion does not sign in
            return []
        try:
            return [cloud["name"] for cloud in get_client().iterate_items("clouds", "clouds")]
        except CliError:  # the help works without a server
            return []

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if ctx.resilient_parsing:
            return None
        kind = get_client().get(f"clouds/{_quote(cmd_name)}")["kind"]
        return build_update_command(cmd_name, parse_settings(_get_kind(kind)), _set(cmd_name))


app = typer.Typer(help="Manage clouds, project bindings and native IDs.", no_args_is_help=True)
images = typer.Typer(help="Register images that already exist in a cloud.", no_args_is_help=True)
flavors = typer.Typer(help="Map flavors to instance types of a cloud.", no_args_is_help=True)
volume_types = typer.Typer(help="Map volume types to disk types of a cloud.", no_args_is_help=True)
app.add_typer(
    typer.Typer(cls=_AddGroup, no_args_is_help=True, subcommand_metavar="KIND [OPTIONS]"),
    name="add",
    help="Add a cloud after checking its credentials; `add KIND --help` lists the settings of a kind.",
)
app.add_typer(
    typer.Typer(cls=_SetGroup, no_args_is_help=True, subcommand_metavar="CLOUD [OPTIONS]"),
    name="set",
    help="Change the settings of a cloud, such as a new key, after checking its credentials.",
)
app.add_typer(images, name="images")
app.add_typer(flavors, name="flavors")
app.add_typer(volume_types, name="volume-types")
app.add_typer(cloud_placement.pools, name="pools")
app.add_typer(cloud_placement.policies, name="policy")
app.add_typer(cloud_quotas.app, name="quotas")
app.command("label")(cloud_placement.set_labels)
app.command("sweep")(cloud_sweeps.sweep_cloud)
app.command("explain")(cloud_placement.explain_placement)


@app.command("kinds")
def list_cloud_kinds(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List the kinds of cloud with their capabilities and settings."""
    kinds = _list_kinds().values()
    if output.is_structured:
        print_list(kinds, {}, output, columns)
        return
    rows = [{**kind, "settings": [setting.describe() for setting in parse_settings(kind)]} for kind in kinds]
    print_list(rows, {"Kind": "kind", "Capabilities": "capabilities", "Settings": "settings"}, output, columns)


@app.command("list")
def list_clouds(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List clouds."""
    print_list(get_client().iterate_items("clouds", "clouds"), _CLOUD_COLUMNS, output, columns)


@app.command("show")
def show_cloud(cloud: Name, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """Show a cloud with the last check of its credentials, its bindings and native IDs."""
    details = get_client().get(f"clouds/{_quote(cloud)}")
    if not output.is_structured:
        details |= details["credential_check"] or dict.fromkeys(_CHECK_ROWS.values(), "")
        details["bindings"] = [_format_binding(binding) for binding in details["bindings"]]
        details["native_ids"] = list(map(_format_native_id, details["native_ids"]))
    check_rows = {} if output.is_structured else _CHECK_ROWS
    rows = {
        **_CLOUD_COLUMNS,
        **check_rows,
        "Labels": "labels",
        "Updated at": "updated_at",
        "Bindings": "bindings",
        "Native IDs": "native_ids",
    }
    print_item(details, rows, output, columns)


@app.command("check")
def check_cloud(cloud: Name, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """Check the credentials of a cloud; show the identity and the zones of the account."""
    print_item(get_client().post(f"clouds/{_quote(cloud)}/check"), _ACCOUNT_ROWS, output, columns)


@app.command("remove")
def remove_cloud(cloud: Name, yes: Yes = False) -> None:
    """Remove a cloud that has no bindings; the resources in it remain."""
    confirm(f"Remove cloud '{cloud}' with its settings, credentials and registered native IDs", yes=yes)
    get_client().delete(f"clouds/{_quote(cloud)}")
    print_line(f"Cloud {cloud} removed; the resources in it remain.")


@app.command("bind")
def create_binding(
    cloud: CloudOption,
    project: BoundProjectOption = None,
    default: DefaultOption = False,
    zone: Annotated[str, typer.Option(help="Availability zone of the project (default: the cloud's name).")] = "",
    native_zone: Annotated[str, typer.Option(help="Zone in the cloud (default: chosen by the cloud).")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Bind a project to a cloud, or let the cloud serve all projects without bindings."""
    body = {"project": select_project(project, default), "cloud": cloud, "zone": zone, "native_zone": native_zone}
    print_item(get_client().post("bindings", body), _BINDING_COLUMNS, output)


@app.command("unbind")
def delete_binding(
    cloud: CloudOption,
    project: BoundProjectOption = None,
    default: DefaultOption = False,
    zone: Annotated[str | None, typer.Option(help="Availability zone (default: all).")] = None,
) -> None:
    """Unbind a project from a cloud; its resources in the cloud remain."""
    bound_project = select_project(project, default)
    params = {"project": bound_project, "cloud": cloud} | ({"zone": zone} if zone is not None else {})
    get_client().delete(f"bindings?{urlencode(params)}")
    if default:
        print_line(f"Cloud {cloud} is no longer a default; existing resources in it remain.")
    else:
        print_line(f"Project {project} unbound from {cloud}; its resources in the cloud remain.")


@app.command("bindings")
def list_bindings(
    project: Annotated[str | None, typer.Option(help="Name or ID of the project.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name or ID of the cloud.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List the bindings of projects to clouds; the first one of a project is its default."""
    print_list(
        get_client().get("bindings", project=project, cloud=cloud)["bindings"], _BINDING_COLUMNS, output, columns
    )


@images.command("register")
def register_image(
    cloud: CloudOption,
    native: NativeOption,
    image: Annotated[str, typer.Option(help="ID or name of an existing image.")] = "",
    name: Annotated[str, typer.Option(help="Name of a new public image.")] = "",
    default_flavor: Annotated[
        str | None,
        typer.Option(help="Name or ID of the flavor for requests of the EC2 API that name none; '' removes it."),
    ] = None,
) -> None:
    """Register the native ID of an image, so that it is not uploaded to the cloud."""
    if bool(image) == bool(name):
        raise CliError("either an existing image (--image) or a name for a new one (--name) is required")
    body = {"image": image, "name": name, "native_id": native, "default_flavor": default_flavor}
    _register(cloud, "images", body)


@images.command("unregister")
def unregister_image(
    cloud: CloudOption, image: Annotated[str, typer.Option(help="ID of the image (see `clouds show`).")]
) -> None:
    """Remove the native ID of an image; existing servers remain."""
    _unregister(cloud, "image", image)


@flavors.command("register")
def register_flavor(
    cloud: CloudOption,
    native: NativeOption,
    flavor: Annotated[str, typer.Option(help="Name or ID of the flavor.")],
) -> None:
    """Map a flavor to an instance type of the cloud."""
    _register(cloud, "flavors", {"flavor": flavor, "native_id": native})


@flavors.command("unregister")
def unregister_flavor(
    cloud: CloudOption, flavor: Annotated[str, typer.Option(help="ID of the flavor (see `clouds show`).")]
) -> None:
    """Remove the instance type of a flavor; existing servers remain."""
    _unregister(cloud, "flavor", flavor)


@flavors.command("sync")
def synchronize_flavors(
    cloud: Name,
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match", help="Create flavors only for sizes whose ID or name matches, such as 't3.*'; can be repeated."
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Create, register and change flavors.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="With --apply: delete flavors that the cloud does not offer any more.")
    ] = False,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Compare flavors with the sizes that a cloud offers. Changes nothing without --apply."""
    body = {"apply": apply, "delete": delete, "match": match or []}
    result = get_client().post(f"clouds/{_quote(cloud)}/flavors/synchronization", body)
    print_list(result["changes"], _FLAVOR_CHANGE_COLUMNS, output, columns)
    if output is Format.table:
        applied = sum(change["applied"] for change in result["changes"])
        print_line(f"{result['sizes']} sizes, {len(result['changes'])} differences, {applied} applied")


@volume_types.command("register")
def register_volume_type(
    cloud: CloudOption,
    native: NativeOption,
    volume_type: Annotated[str, typer.Option(help="Name or ID of the volume type.")],
) -> None:
    """Map a volume type to a disk type of the cloud."""
    _register(cloud, "volume-types", {"volume_type": volume_type, "native_id": native})


@volume_types.command("unregister")
def unregister_volume_type(
    cloud: CloudOption, volume_type: Annotated[str, typer.Option(help="ID of the volume type (see `clouds show`).")]
) -> None:
    """Remove the disk type of a volume type; existing volumes remain."""
    _unregister(cloud, "volume_type", volume_type)


def _format_binding(binding: Mapping[str, str]) -> str:
    return f"{format_named_id(binding['project_id'], binding['project_name'])} in {binding['zone']}"


def _format_native_id(mapping: Mapping[str, str]) -> str:
    default = f", default flavor {mapping['default_flavor_id']}" if mapping["default_flavor_id"] else ""
    return f"{_format_resource(mapping)}: {mapping['native_id']}{default}"


def _format_resource(mapping: Mapping[str, str]) -> str:
    resource = format_named_id(mapping["resource_id"], mapping["resource_name"])
    return f"{mapping['resource_type'].replace('_', ' ')} {resource}"


def _register(cloud: str, collection: str, body: Mapping[str, str | None]) -> None:
    mapping = get_client().post(f"clouds/{_quote(cloud)}/{collection}", body)
    print_line(f"Native ID of {_format_resource(mapping)} in {cloud}: {mapping['native_id']}")


def _unregister(cloud: str, resource_type: str, resource_id: str) -> None:
    get_client().delete(f"clouds/{_quote(cloud)}/native-ids/{resource_type}/{_quote(resource_id)}")
    print_line(f"Native ID of {resource_type} {resource_id} in {cloud} removed.")


def _add(kind: str) -> Any:
    def add(name: str, settings: dict[str, str], output: Format) -> None:
        cloud = get_client().post("clouds", {"kind": kind, "name": name, "settings": settings})
        print_item(cloud, _CHECKED_CLOUD_ROWS, output)

    return add


def _set(cloud: str) -> Any:
    def update(settings: dict[str, str], output: Format) -> None:
        if not settings:
            raise CliError("nothing to change", f"`stratiform clouds set {cloud} --help` lists the settings")
        print_item(get_client().put(f"clouds/{_quote(cloud)}", {"settings": settings}), _CHECKED_CLOUD_ROWS, output)

    return update


def _list_kinds() -> dict[str, Mapping[str, object]]:
    """Return the descriptions of the kinds of cloud by kind."""
    return {kind["kind"]: kind for kind in get_client().get("cloud-kinds")["kinds"]}


def _get_kind(kind: str) -> Mapping[str, object]:
    kinds = _list_kinds()
    if kind not in kinds:
        raise CliError(f"unknown kind of cloud: {kind}", f"kinds: {', '.join(kinds)}")
    return kinds[kind]


def _quote(text: str) -> str:
    return quote(text, safe="")
