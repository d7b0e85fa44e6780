"""`stratiform clouds pools`, `policy`, `explain`, `label`: which of a project's clouds takes a new server."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

_POOL_COLUMNS = {"Name": "name", "Clouds": "clouds", "Created at": "created_at", "ID": "id"}
_POLICY_COLUMNS = {"Project ID": "project_id", "Weighers": "weighers", "Price plan": "price_plan"}
_CANDIDATE_COLUMNS = {
    "Rank": "rank",
    "Cloud": "cloud",
    "Availability zone": "zone",
    "Pool": "pool",
    "Refused by": "filter",
    "Reason": "reason",
}

PoolArgument = Annotated[str, typer.Argument(metavar="POOL", help="Name or ID of the pool.")]
CloudArgument = Annotated[str, typer.Argument(metavar="CLOUD", help="Name or ID of the cloud.")]
ProjectOption = Annotated[str | None, typer.Option("--project", help="Name or ID of the project.")]
DefaultOption = Annotated[
    bool, typer.Option("--default", help="Instead of a project: all projects that have none of their own.")
]
ZoneOption = Annotated[str, typer.Option("--zone", help="Availability zone of the project (default: the pool's name).")]

pools = typer.Typer(help="Manage pools: named groups of clouds, to which projects can be bound.", no_args_is_help=True)
policies = typer.Typer(help="Manage the policies by which clouds are chosen for new servers.", no_args_is_help=True)


def select_project(project: str | None, default: bool) -> str:
    """Return the value of `project` for the REST API."""
    if (project is None) != default:
        raise CliError("Specify either --project or --default", "see the --help of the command", code=2)
    return project or "*"


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return `NAME=VALUE` texts as a mapping. Raises: CliError."""
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, _) in zip(texts, pairs, strict=True):
        if not name or not equals:
            raise CliError(f"{option} must have the form NAME=VALUE: '{text}'", code=2)
    return {name: value for name, _, value in pairs}


def set_labels(
    cloud: CloudArgument,
    labels: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Labels to set.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Name of a label; can be repeated.")] = None,
) -> None:
    """Set and remove labels of a cloud, which flavors and servers can require."""
    changes = {**parse_pairs(labels or [], "A label"), **dict.fromkeys(remove or [])}
    if not changes:
        raise CliError("nothing to change", "specify NAME=VALUE or --remove NAME", code=2)
    updated = get_client().put(f"clouds/{quote(cloud, safe='')}/labels", {"labels": changes})
    print_line(f"Labels of {updated['name']}: {_format_pairs(updated['labels']) or 'none'}")


def explain_placement(
    project: Annotated[str, typer.Option(help="Name or ID of the project.")],
    flavor: Annotated[str, typer.Option(help="Name or ID of the flavor.")],
    image: Annotated[str, typer.Option(help="Name or ID of the image.")] = "",
    volume: Annotated[
        list[str] | None, typer.Option("--volume", help="ID of an existing volume of the server; can be repeated.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Availability zone of the request.")] = None,
    user: Annotated[str, typer.Option(help="ID of the user, for quotas (default: you).")] = "",
    hint: Annotated[
        list[str] | None,
        typer.Option("--hint", help="Scheduler hint NAME=VALUE, such as cloud_label:region=eu; can be repeated."),
    ] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Explain which clouds would take a server, in which order, and why others refuse it. Nothing is created."""
    body = {
        "project": project,
        "flavor": flavor,
        "image": image,
        "volumes": volume or [],
        "zone": zone,
        "user_id": user,
        "hints": parse_pairs(hint or [], "--hint"),
    }
    explanation = get_client().post("placement", body)
    if output.is_structured:
        print_item(explanation, {}, output, columns)
        return
    policy = explanation["policy"]
    rows = [
        {**item, "reason": item["reason"] or _format_weights(item["weights"])} for item in explanation["candidates"]
    ]
    print_list(rows, _CANDIDATE_COLUMNS, output, columns)
    if output is Format.table:
        plan = f" by price plan {policy['price_plan']}" if policy["price_plan"] else ""
        print_line(f"Policy: {', '.join(policy['weighers']) or 'oldest binding'}{plan}")


@pools.command("create")
def create_pool(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the pool.")], output: FormatOption = Format.table
) -> None:
    """Create a pool without clouds."""
    _print_pool(get_client().post("pools", {"name": name}), output)


@pools.command("list")
def list_pools(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List pools."""
    items = get_client().get("pools")["pools"]
    print_list(items if output.is_structured else map(_format_pool, items), _POOL_COLUMNS, output, columns)


@pools.command("show")
def show_pool(pool: PoolArgument, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """Show a pool and its clouds."""
    _print_pool(get_client().get(_path(pool)), output, columns)


@pools.command("delete")
def delete_pool(pool: PoolArgument, yes: Yes = False) -> None:
    """Delete a pool that serves no project; its clouds remain."""
    confirm(f"Delete pool '{pool}'", yes=yes)
    get_client().delete(_path(pool))
    print_line(f"Pool {pool} deleted; its clouds remain.")


@pools.command("add")
def add_pool_member(
    pool: PoolArgument,
    cloud: CloudArgument,
    native_zone: Annotated[str, typer.Option(help="Zone in the cloud (default: chosen by the cloud).")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Add a cloud to a pool: it serves all projects that are bound to the pool."""
    _print_pool(get_client().post(f"{_path(pool)}/clouds", {"cloud": cloud, "native_zone": native_zone}), output)


@pools.command("remove")
def remove_pool_member(pool: PoolArgument, cloud: CloudArgument) -> None:
    """Remove a cloud from a pool; existing resources in it remain."""
    get_client().delete(f"{_path(pool)}/clouds?{urlencode({'cloud': cloud})}")
    print_line(f"Cloud {cloud} removed from pool {pool}; existing resources in it remain.")


@pools.command("bind")
def create_pool_binding(
    pool: PoolArgument, project: ProjectOption = None, default: DefaultOption = False, zone: ZoneOption = ""
) -> None:
    """Bind a project to all present and future clouds of a pool."""
    body = {"project": select_project(project, default), "zone": zone}
    bindings = get_client().post(f"{_path(pool)}/bindings", body)["bindings"]
    whose = "All projects without bindings are" if default else f"Project {project} is"
    clouds = ", ".join(binding["cloud"] for binding in bindings) or "no clouds yet"
    print_line(f"{whose} bound to pool {pool} ({clouds}) in availability zone {zone or pool}.")


@pools.command("unbind")
def delete_pool_binding(
    pool: PoolArgument,
    project: ProjectOption = None,
    default: DefaultOption = False,
    zone: Annotated[str | None, typer.Option(help="Availability zone (default: all).")] = None,
) -> None:
    """Unbind a project from a pool; its resources in the clouds remain."""
    params = {"project": select_project(project, default)} | ({"zone": zone} if zone is not None else {})
    get_client().delete(f"{_path(pool)}/bindings?{urlencode(params)}")
    print_line(f"{'Projects without bindings' if default else project} unbound from pool {pool}; resources remain.")


@policies.command("set")
def set_policy(
    weighers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WEIGHER]...",
            help="The most important first: round_robin, cheapest, least_filled, spread, data_location "
            "(default: the oldest binding).",
        ),
    ] = None,
    project: ProjectOption = None,
    default: DefaultOption = False,
    price_plan: Annotated[str, typer.Option(help="The price plan that cheapest compares.")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Set the placement policy of a project, or of all projects without one."""
    body = {"project": select_project(project, default), "weighers": weighers or [], "price_plan": price_plan}
    print_item(get_client().put("placement-policies", body), _POLICY_COLUMNS, output)


@policies.command("list")
def list_policies(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List placement policies; `*` is that of all projects without one."""
    print_list(get_client().get("placement-policies")["policies"], _POLICY_COLUMNS, output, columns)


@policies.command("delete")
def delete_policy(project: ProjectOption = None, default: DefaultOption = False) -> None:
    """Delete the placement policy of a project."""
    owner = select_project(project, default)
    get_client().delete(f"placement-policies?{urlencode({'project': owner})}")
    print_line("Placement policy deleted.")


def _path(pool: str) -> str:
    return f"pools/{quote(pool, safe='')}"


def _print_pool(pool: Mapping[str, Any], output: Format, columns: Sequence[str] | None = None) -> None:
    print_item(pool if output.is_structured else _format_pool(pool), _POOL_COLUMNS, output, columns)


def _format_pool(pool: Mapping[str, Any]) -> Mapping[str, object]:
    clouds = [
        f"{member['cloud']} in {member['native_zone']}" if member["native_zone"] else member["cloud"]
        for member in pool["clouds"]
    ]
    return {**pool, "clouds": clouds}


def _format_weights(weights: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{weight['weigher']}: {weight['text']}" for weight in weights)


def _format_pairs(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in pairs.items())
