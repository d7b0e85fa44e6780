"""`stratiform cost`: running costs of servers and projects."""

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.amounts import format_amount
from stratiform.interfaces.cli.invoice import format_quantity
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, JsonObject, print_item, print_list
from stratiform.interfaces.cli.resource_order import sort_by_resource
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
    columns: ColumnOption = None,
) -> None:
    """Show what a server has cost to date, and its current cost per hour."""
    cost = get_client().get(f"costs/servers/{quote(server, safe='')}")
    if output.is_structured:
        print_item(cost, {}, output, columns)
        return
    lines = [{**line, "quantity": format_quantity(line["quantity"])} for line in sort_by_resource(cost["lines"])]
    print_list(_round_amounts(lines, cost, output), _LINE_COLUMNS, output, columns)
    if output is not Format.table or columns:
        return
    name = cost["resource_name"] or cost["resource_id"]
    print_line(f"{name} cost {_format_total(cost)} from {cost['since']} to {cost['as_of']}")
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
    columns: ColumnOption = None,
) -> None:
    """Show the cost of a project in a month by resource."""
    cost = get_client().get("costs/month", project=project, month=month_)
    if output.is_structured:
        print_item(cost, {}, output, columns)
        return
    rows = [
        {**resource, "resource": resource["resource_name"] or resource["resource_id"]}
        for resource in sort_by_resource(cost["resources"])
    ]
    print_list(_round_amounts(rows, cost, output), _RESOURCE_COLUMNS, output, columns)
    if output is not Format.table or columns:
        return
    label = f"{cost['project_name']} ({cost['project_id']})" if cost["project_name"] else cost["project_id"]
    print_line(f"Project {label}, {cost['month']}: {_format_total(cost)} as of {cost['as_of']}")
    _print_unpriced(cost)


def _round_amounts(rows: Iterable[JsonObject], cost: JsonObject, output: Format) -> Iterable[JsonObject]:
    """Round the amounts for people; programs get all digits."""
    if output is not Format.table:
        return rows
    return [{**row, "amount": format_amount(row["amount"], cost["currency"])} for row in rows]


def _format_total(cost: JsonObject) -> str:
    return f"{format_amount(cost['amount'], cost['currency'])} {cost['currency']}"


def _print_unpriced(cost: dict[str, Any]) -> None:
    for usage in cost["unpriced"]:
        resources = f"{usage['resources']} resource{'s' if usage['resources'] > 1 else ''}"
        quantity = f"{format_quantity(usage['quantity'])} {usage['unit']}"
        print_line(f"Unpriced: {usage['measure'] or usage['resource_type']}: {resources}, {quantity}")
    for gap in cost["gaps"][:1]:
        print_line(f"First: {gap['resource_type']} {gap['resource_id']} from {gap['start']}: {gap['reason']}")
