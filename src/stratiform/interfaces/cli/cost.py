"""`stratiform cost`: running costs of servers and projects."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import client, say
from stratiform.interfaces.cli.invoice import format_quantity
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="Running costs of servers and projects.", no_args_is_help=True)

_LINE_COLUMNS = {
    "Description": "description",
    "Quantity": "quantity",
    "Unit": "unit",
    "Unit price": "unit_price",
    "Amount": "amount",
}
_RESOURCE_COLUMNS = {"Resource": "resource", "Type": "resource_type", "Cloud": "cloud", "Amount": "amount"}


@app.command("show")
def show(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Name or id of the server, or id of a volume.")],
    output: FormatOption = Format.table,
) -> None:
    """Show what a server has cost until now, and its cost per hour."""
    cost = client().get(f"costs/servers/{quote(server, safe='')}")
    if output is Format.json:
        show_one(cost, {}, output)
        return
    show_list(
        [{**line, "quantity": format_quantity(line["quantity"])} for line in cost["lines"]], _LINE_COLUMNS, output
    )
    name = cost["resource_name"] or cost["resource_id"]
    say(f"{name} has cost {cost['amount']} {cost['currency']} from {cost['since']} to {cost['as_of']}")
    say(f"Current cost per hour: {cost['per_hour']} {cost['currency']}")
    _warn(cost)


@app.command("month")
def month(
    project: Annotated[
        str | None, typer.Option(help="Name or id of the project; default: the current project.")
    ] = None,
    month_: Annotated[
        str | None, typer.Option("--month", help="A month such as 2026-11; default: the current month.")
    ] = None,
    output: FormatOption = Format.table,
) -> None:
    """Show what a project has cost in a month, by resource."""
    cost = client().get("costs/month", project=project, month=month_)
    if output is Format.json:
        show_one(cost, {}, output)
        return
    rows = [
        {**resource, "resource": resource["resource_name"] or resource["resource_id"]} for resource in cost["resources"]
    ]
    show_list(rows, _RESOURCE_COLUMNS, output)
    say(f"{cost['month']} has cost {cost['amount']} {cost['currency']} as of {cost['as_of']}")
    _warn(cost)


def _warn(cost: dict[str, Any]) -> None:
    for usage in cost["unpriced"]:
        resources = f"{usage['resources']} resource{'s' if usage['resources'] > 1 else ''}"
        quantity = f"{format_quantity(usage['quantity'])} {usage['unit']}"
        say(f"Not priced: {usage['measure'] or usage['resource_type']}: {resources}, {quantity}")
    for gap in cost["gaps"][:1]:
        say(f"First: {gap['resource_type']} {gap['resource_id']} from {gap['start']}: {gap['reason']}")
