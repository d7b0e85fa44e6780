"""`stratiform price`: what things cost."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import CliError, client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="Price plans: publish and see them.", no_args_is_help=True)

_CONDITIONS = ("cloud", "flavor", "volume_type", "availability_zone")
_PRICE_COLUMNS = {
    "Valid from": "valid_from",
    "Meter": "meter",
    "Price": "price",
    "Per": "per",
    "Rounded": "rounded",
    "For": "for",
    "States": "states",
    "Label": "label",
}


@app.command("set")
def set_prices(
    file: Annotated[Path, typer.Argument(help="The plan as TOML; docs/reference/prices.md describes it.")],
) -> None:
    """Publish a price plan, or new versions of one. A version that is published is never changed."""
    if not file.is_file():
        raise CliError(f"can't read {file}: there is no such file")
    plan = client().upload("prices", file, "application/toml")
    say(f"plan '{plan['name']}' in {plan['currency']}, versions from {', '.join(_dates(plan))}")


@app.command("list")
def list_prices(output: FormatOption = Format.table) -> None:
    """List the plans."""
    plans = list(client().pages("prices", "prices"))
    rows = plans if output is Format.json else [{**plan, "from": _dates(plan)} for plan in plans]
    show_list(rows, {"Name": "name", "Currency": "currency", "Unpriced": "unpriced", "Versions from": "from"}, output)


@app.command("show")
def show_prices(
    name: Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan.")], output: FormatOption = Format.table
) -> None:
    """Show every price of a plan."""
    plan = client().get(f"prices/{quote(name, safe='')}")
    if output is Format.json:
        show_one(plan, {}, output)
        return
    rows = [_row(version, price) for version in plan["versions"] for price in version["prices"]]
    say(f"plan '{plan['name']}' in {plan['currency']}; usage that has no price: {plan['unpriced']}")
    show_list(rows, _PRICE_COLUMNS, output)


def _dates(plan: dict[str, Any]) -> list[str]:
    return [version["valid_from"][:10] for version in plan["versions"]]


def _row(version: dict[str, Any], price: dict[str, Any]) -> dict[str, Any]:
    asked = {condition: ", ".join(price[condition]) for condition in _CONDITIONS if condition in price}
    rounded = f"{price['round']} to the {price['granularity']}" if price["granularity"] else "no"
    states = ", ".join(price["states"]) or "all"
    return {**price, "valid_from": version["valid_from"][:10], "rounded": rounded, "for": asked, "states": states}
