"""`stratiform cost`: what something has cost so far."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import client, say
from stratiform.interfaces.cli.invoice import rounded
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="Running cost of servers and projects.", no_args_is_help=True)

_LINE_COLUMNS = {
    "What": "description",
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
    """Show what a server has cost until now, and what it costs an hour."""
    cost = client().get(f"costs/servers/{quote(server, safe='')}")
    if output is Format.json:
        show_one(cost, {}, output)
        return
    show_list([{**line, "quantity": rounded(line["quantity"])} for line in cost["lines"]], _LINE_COLUMNS, output)
    name = cost["resource_name"] or cost["resource_id"]
    say(f"{name} has cost {cost['amount']} {cost['currency']} since {cost['since']}, as of {cost['as_of']};")
    say(f"going on like this it costs {cost['per_hour']} {cost['currency']} an hour")
    _warn(cost)


@app.command("month")
def month(
    project: Annotated[str | None, typer.Option(help="Name or id of the project; one's own, unless told.")] = None,
    month_: Annotated[str | None, typer.Option("--month", help="Like 2026-11; this one, unless told.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """Show what a project has cost in a month, by resource."""
    cost = client().get("costs/month", project=project, month=month_)
    if output is Format.json:
        show_one(cost, {}, output)
        return
    rows = [{**one, "resource": one["resource_name"] or one["resource_id"]} for one in cost["resources"]]
    show_list(rows, _RESOURCE_COLUMNS, output)
    say(f"{cost['month']} has cost {cost['amount']} {cost['currency']} as of {cost['as_of']}")
    _warn(cost)


def _warn(cost: dict[str, Any]) -> None:
    for usage in cost["unpriced"]:
        resources = f"{usage['resources']} resource{'s' if usage['resources'] > 1 else ''}"
        quantity = f"{rounded(usage['quantity'])} {usage['unit']}"
        say(f"not priced: {usage['measure'] or usage['resource_type']}: {resources}, {quantity}")
    for gap in cost["gaps"][:1]:
        say(f"first: {gap['resource_type']} {gap['resource_id']} from {gap['start']}: {gap['reason']}")
