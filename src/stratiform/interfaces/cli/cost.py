"""`stratiform cost`: running cost."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import client, print_line
from stratiform.interfaces.cli.invoice import round_quantity
from stratiform.interfaces.cli.output import Format, FormatOption, print_item, print_list

app = typer.Typer(help="Running cost of servers and projects.", no_args_is_help=True)

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
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Name or ID of a server, or ID of a volume.")],
    output: FormatOption = Format.table,
) -> None:
    """Show the cost of a server or volume until now, and per hour."""
    cost = client().get(f"costs/servers/{quote(server, safe='')}")
    if output is Format.json:
        print_item(cost, {}, output)
        return
    print_list(
        [{**line, "quantity": round_quantity(line["quantity"])} for line in cost["lines"]], _LINE_COLUMNS, output
    )
    name = cost["resource_name"] or cost["resource_id"]
    print_line(f"{name}: {cost['amount']} {cost['currency']} since {cost['since']}, as of {cost['as_of']}")
    print_line(f"current rate: {cost['per_hour']} {cost['currency']} per hour")
    _print_unpriced(cost)


@app.command("month")
def month(
    project: Annotated[str | None, typer.Option(help="Name or ID of the project; default: your own.")] = None,
    month_: Annotated[
        str | None, typer.Option("--month", help="A month, such as 2026-11; default: the current one.")
    ] = None,
    output: FormatOption = Format.table,
) -> None:
    """Show the cost of a project in a month by resource."""
    cost = client().get("costs/month", project=project, month=month_)
    if output is Format.json:
        print_item(cost, {}, output)
        return
    rows = [{**row, "resource": row["resource_name"] or row["resource_id"]} for row in cost["resources"]]
    print_list(rows, _RESOURCE_COLUMNS, output)
    print_line(f"{cost['month']}: {cost['amount']} {cost['currency']} as of {cost['as_of']}")
    _print_unpriced(cost)


def _print_unpriced(cost: dict[str, Any]) -> None:
    for usage in cost["unpriced"]:
        resources = f"{usage['resources']} resource{'s' if usage['resources'] > 1 else ''}"
        quantity = f"{round_quantity(usage['quantity'])} {usage['unit']}"
        print_line(f"not priced: {usage['measure'] or usage['resource_type']}: {resources}, {quantity}")
    for gap in cost["gaps"][:1]:
        print_line(f"first: {gap['resource_type']} {gap['resource_id']} from {gap['start']}: {gap['reason']}")
