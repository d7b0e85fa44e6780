"""`stratiform period`: billing periods; closing one issues its invoice."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.late_usage import add_late_usage, print_late_usage
from stratiform.interfaces.cli.output import Format, FormatOption, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="Billing periods; closing one issues its invoice.", no_args_is_help=True)

AccountOption = Annotated[str, typer.Option(help="Name or ID of the customer account.")]
_COLUMNS = {
    "Start": "start",
    "End": "end",
    "Status": "state",
    "Invoice": "invoice",
    "As-of position": "as_of",
    "Late usage": "late",
}
_ROWS = {
    "Invoice": "number",
    "Account": "account",
    "From": "start",
    "Until": "end",
    "Total": "total",
    "Currency": "currency",
    "SHA-256": "sha256",
}


@app.command("close")
def close_period(
    account: AccountOption,
    month: Annotated[str | None, typer.Argument(help="A month that is over, such as 2026-11 (UTC).")] = None,
    until: Annotated[str | None, typer.Option(help="End the open period at this time (ISO 8601), or `now`.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """Close a period of a customer account and issue its invoice. Closing it again shows the same invoice."""
    closed = get_client().post(f"accounts/{quote(account, safe='')}/periods", {"month": month, "until": until})
    print_item(closed, _ROWS, output)
    if output is Format.table:
        print_late_usage(closed)
        print_line(f"Download it with `stratiform invoice download {closed['number']} --output FILE.pdf`")


@app.command("list")
def list_periods(account: AccountOption, output: FormatOption = Format.table) -> None:
    """List the periods of a customer account; the last one is open."""
    periods = get_client().get(f"accounts/{quote(account, safe='')}/periods")["periods"]
    print_list(periods if output is Format.json else add_late_usage(periods), _COLUMNS, output)
