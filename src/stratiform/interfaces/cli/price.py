"""`stratiform price`: price plans."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import Format, FormatOption, JsonObject, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="Publish and show price plans.", no_args_is_help=True)

_PLAN_COLUMNS = {
    "Name": "name",
    "Currency": "currency",
    "Unpriced": "unpriced",
    "Free": "free",
    "Versions from": "from",
}
_PRICE_COLUMNS = {
    "Valid from": "valid_from",
    "Resource": "resource",
    "Measure": "measure",
    "Price": "price",
    "Unit": "unit",
    "Rounded": "rounded",
    "Where": "where",
    "States": "states",
    "Label": "label",
}


@app.command("set")
def publish_prices(
    file: Annotated[Path, typer.Argument(help="The plan in TOML; docs/reference/prices.md describes the format.")],
) -> None:
    """Publish a price plan, or new versions of a plan. A published version never changes."""
    if not file.is_file():
        raise CliError(f"Cannot read {file}: no such file")
    plan = get_client().post_file("prices", file, "application/toml", file_name=str(file))
    print_line(f"plan '{plan['name']}' in {plan['currency']}, versions from {', '.join(_dates(plan))}")


@app.command("list")
def list_prices(output: FormatOption = Format.table) -> None:
    """List price plans."""
    plans = list(get_client().iterate_items("prices", "prices"))
    rows = plans if output is Format.json else [{**plan, "from": _dates(plan)} for plan in plans]
    print_list(rows, _PLAN_COLUMNS, output)


@app.command("show")
def show_prices(
    name: Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan.")], output: FormatOption = Format.table
) -> None:
    """Show all prices of a plan."""
    plan = get_client().get(f"prices/{quote(name, safe='')}")
    if output is Format.json:
        print_item(plan, {}, output)
        return
    rows = [_row(version, price) for version in plan["versions"] for price in version["prices"]]
    print_line(f"plan '{plan['name']}' in {plan['currency']}; usage without a price: {plan['unpriced']}")
    if plan["free"]:
        print_line(f"free of charge if they have no price: {', '.join(plan['free'])}")
    print_list(rows, _PRICE_COLUMNS, output)


def _dates(plan: JsonObject) -> list[str]:
    return [version["valid_from"][:10] for version in plan["versions"]]


def _row(version: JsonObject, price: JsonObject) -> dict[str, object]:
    rounded = f"{price['round']} to the {price['granularity']}" if price["granularity"] else "no"
    where = {name: ", ".join(value or "(not set)" for value in values) for name, values in price["where"].items()}
    return {
        **price,
        "valid_from": version["valid_from"][:10],
        "measure": price["name"],
        "rounded": rounded,
        "where": where,
        "states": ", ".join(price["states"]) or "all",
    }
