"""`stratiform price`: price plans."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import (
    ColumnOption,
    Format,
    FormatOption,
    JsonObject,
    NestedFormatOption,
    print_item,
    print_list,
)
from stratiform.interfaces.cli.price_changes import (
    DryRun,
    Reason,
    Retroactive,
    check_reason,
    describe_differences,
    print_change,
    print_differences,
    print_price_changes,
)
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
    dry_run: DryRun = False,
    retroactive: Retroactive = False,
    reason: Reason = "",
    yes: Yes = False,
    output: NestedFormatOption = Format.table,
) -> None:
    """Publish a price plan, or new versions of a plan. A published version never changes.

    A version that would change the cost of past usage requires --retroactive and --reason: the command shows the
    change, prompts for confirmation, and records the change.
    """
    check_reason(reason, retroactive=retroactive)
    content = _read(file)
    preview = _preview(file, content) if dry_run or retroactive else None
    if preview is not None and (dry_run or output is Format.table):
        _print_preview(preview, output)
    if dry_run:
        return
    if preview is not None and preview["differences"]:
        differences = describe_differences(preview["differences"])
        confirm(f"Publish plan '{preview['plan']}' and {differences}", yes=yes)
    flags = {"retroactive": "true", "reason": reason} if retroactive else {}
    plan = get_client().post_bytes("prices", content, "application/toml", file_name=str(file), **flags)
    if output.is_structured:
        print_item(plan, {}, output)
        return
    print_line(f"plan '{plan['name']}' in {plan['currency']}, versions from {', '.join(_dates(plan))}")
    print_change(plan["change"])


@app.command("changes")
def list_price_changes(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List retroactive price changes, newest first."""
    changes = get_client().iterate_items("price-changes", "price_changes")
    if output.is_structured:
        print_list(changes, {}, output, columns)
    else:
        print_price_changes(changes, output, columns)


@app.command("list")
def list_prices(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List price plans."""
    plans = list(get_client().iterate_items("prices", "prices"))
    rows = plans if output.is_structured else [{**plan, "from": _dates(plan)} for plan in plans]
    print_list(rows, _PLAN_COLUMNS, output, columns)


@app.command("show")
def show_prices(
    name: Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan.")],
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Show all prices of a plan."""
    plan = get_client().get(f"prices/{quote(name, safe='')}")
    if output.is_structured:
        print_item(plan, {}, output, columns)
        return
    rows = [_row(version, price) for version in plan["versions"] for price in version["prices"]]
    if output is Format.table and not columns:
        print_line(f"plan '{plan['name']}' in {plan['currency']}; usage without a price: {plan['unpriced']}")
        if plan["free"]:
            print_line(f"free of charge if they have no price: {', '.join(plan['free'])}")
    print_list(rows, _PRICE_COLUMNS, output, columns)


def _read(file: Path) -> bytes:
    """Return the content of a plan file, so that the plan that is shown is the one that is published."""
    if not file.is_file():
        raise CliError(f"Cannot read {file}: no such file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error


def _preview(file: Path, content: bytes) -> JsonObject:
    preview: JsonObject = get_client().post_bytes("prices/preview", content, "application/toml", file_name=str(file))
    return preview


def _print_preview(preview: JsonObject, output: Format) -> None:
    if output.is_structured:
        print_item(preview, {}, output)
    else:
        print_differences(preview["differences"])


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
