"""`stratiform invoice`: issued invoices and the seller."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.account import Address, Country, LegalName, TaxId, build_party_fields
from stratiform.interfaces.cli.amounts import format_amount
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, JsonObject, print_item, print_list
from stratiform.interfaces.cli.resource_order import sort_by_resource
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="Show invoices, and manage the seller who issues them.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the invoice.")]
_COLUMNS = {
    "Number": "number",
    "Account": "account",
    "From": "start",
    "Until": "end",
    "Total": "total",
    "Currency": "currency",
}
_LINE_COLUMNS = {
    "Resource": "resource",
    "Description": "description",
    "Quantity": "quantity",
    "Unit": "unit",
    "Unit price": "unit_price",
    "Amount": "amount",
}
_TOTAL_ROWS = {
    "Exact sum": "exact",
    "Carried": "carried",
    "Net": "net",
    "Tax": "tax",
    "Total": "total",
    "Currency": "currency",
}
_PARTY_ROWS = {"Legal name": "legal_name", "Address": "address", "Country": "country", "Tax ID": "tax_id"}


@app.command("list")
def list_invoices(
    account: Annotated[str | None, typer.Option(help="Name or ID of the customer account.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List invoices, newest first."""
    print_list(get_client().iterate_items("invoices", "invoices", account=account), _COLUMNS, output, columns)


@app.command("show")
def show_invoice(number: Number, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """Show the lines and the totals of an invoice."""
    invoice = get_client().get(f"invoices/{quote(number, safe='')}")
    if output.is_structured:
        print_item(invoice, {}, output, columns)
        return
    if output is not Format.table or columns:
        _print_lines(invoice, output, columns)
        return
    period = invoice["period"]
    print_line(f"Invoice {invoice['number']} to {invoice['customer']['name']}, {period['start']} to {period['end']}")
    _print_lines(invoice, output)
    carried = _get_carried_amount(invoice)
    rows = {name: key for name, key in _TOTAL_ROWS.items() if key != "carried" or carried}
    print_item({**invoice, "carried": f"{carried:f}"}, rows, output)


@app.command("download")
def download_invoice(
    number: Number,
    output: Annotated[Path, typer.Option("--output", "-o", help="Output file, whose name must end in .pdf or .json.")],
) -> None:
    """Download an invoice as PDF or JSON."""
    paths = {".pdf": "/pdf", ".json": ""}
    if output.suffix.lower() not in paths:
        raise CliError(f"{output}: the file name must end in .pdf or .json")
    content = get_client().download(f"invoices/{quote(number, safe='')}{paths[output.suffix.lower()]}")
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CliError(f"Cannot write {output}: {error.strerror}") from error
    print_line(f"{output}: {len(content)} bytes")


@app.command("seller")
def show_or_update_seller(
    legal_name: LegalName = None,
    address: Address = None,
    country: Country = None,
    tax_id: TaxId = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Show the seller on invoices. With options, change the seller of future invoices."""
    changes = build_party_fields(legal_name, address, country, tax_id)
    party = (
        get_client().put("seller", {**get_client().get("seller"), **changes}) if changes else get_client().get("seller")
    )
    print_item(party, _PARTY_ROWS, output, columns)


def _print_lines(invoice: JsonObject, output: Format, columns: Sequence[str] | None = None) -> None:
    """Print the lines by resource and component. Amounts are rounded for people; programs get all digits."""
    rows = [_row(line) for line in sort_by_resource(invoice["lines"])]
    if output is Format.table:
        rows = [{**row, "amount": format_amount(str(row["amount"]), invoice["currency"])} for row in rows]
    print_list(rows, _LINE_COLUMNS, output, columns)


def _get_carried_amount(invoice: JsonObject) -> Decimal:
    """Return what earlier invoices of the month have not charged of their exact sums."""
    sums = [(tax["exact_before"], tax["net_before"]) for tax in invoice["taxes"] if "exact_before" in tax]
    return sum((Decimal(exact) - Decimal(net) for exact, net in sums), Decimal(0))


def format_quantity(quantity: str) -> str:
    """Return a quantity with six decimal places."""
    return f"{Decimal(quantity):.6f}"


def _row(line: JsonObject) -> dict[str, object]:
    return {
        **line,
        "resource": line["resource_name"] or line["resource_id"],
        "quantity": format_quantity(line["quantity"]),
    }
