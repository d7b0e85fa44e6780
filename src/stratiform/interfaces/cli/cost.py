"""`stratiform cost`: running costs of servers and projects."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.invoice import format_quantity
from stratiform.interfaces.cli.output import Format, FormatOption, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="Show the cost to date of servers and projects.", no_args_is_help=True)

_LINE_COLUMNS = {
    "Description": "description",
    "Quantity": "quantity",
    "Unit": "unit",
    "Unit price": "unit_price",
    "Amount": "amount",
}
_RESOURCE_COLUMNS = {"Resource": "resource", "Type": "resource_type", "Cloud": "cloud", "Amount": "amount"}


@app.command("show")
def show_server_cost(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Name or ID of a server, or ID of a volume.")],
    output: FormatOption = Format.table,
) -> None:
    """Show what a server has cost to date, and its current cost per hour."""
    cost = get_client().get(f"costs/servers/{quote(server, safe='')}")
    if output is not Format.table:
        print_item(cost, {}, output)
        return
    print_list(
        [{**line, "quantity": format_quantity(line["quantity"])} for line in cost["lines"]], _LINE_COLUMNS, output
    )
    name = cost["resource_name"] or cost["resource_id"]
    print_line(f"{name} cost {cost['amount']} {cost['currency']} from {cost['since']} to {cost['as_of']}")
    if cost["ended_at"]:
        print_line(f"{name} ended {cost['ended_at']}")
    else:
        print_line(f"Current cost per hour: {cost['per_hour']} {cost['currency']}")
    _print_unpriced(cost)


@app.command("month")
def show_project_cost(
    project: Annotated[
        str | None, typer.Option(help="Name or ID of the project; default: the current project.")
    ] = None,
    month_: Annotated[
        str | None, typer.Option("--month", help="A month such as 2026-11; default: the current month.")
    ] = None,
    output: FormatOption = Format.table,
) -> None:
    """Show the cost of a project in a month by resource."""
    cost = get_client().get("costs/month", project=project, month=month_)
    if output is not Format.table:
        print_item(cost, {}, output)
        return
    rows = [
        {**resource, "resource": resource["resource_name"] or resource["resource_id"]} for resource in cost["resources"]
    ]
    print_list(rows, _RESOURCE_COLUMNS, output)
    label = f"{cost['project_name']} ({cost['project_id']})" if cost["project_name"] else cost["project_id"]
    print_line(f"Project {label}, {cost['month']}: {cost['amount']} {cost['currency']} as of {cost['as_of']}")
    _print_unpriced(cost)


def _print_unpriced(cost: dict[str, Any]) -> None:
    for usage in cost["unpriced"]:
        resources = f"{usage['resources']} resource{'s' if usage['resources'] > 1 else ''}"
        quantity = f"{format_quantity(usage['quantity'])} {usage['unit']}"
        print_line(f"Unpriced: {usage['measure'] or usage['resource_type']}: {resources}, {quantity}")
    for gap in cost["gaps"][:1]:
        print_line(f"First: {gap['resource_type']} {gap['resource_id']} from {gap['start']}: {gap['reason']}")
