"""`stratiform period`: billing periods; closing one issues its invoice."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import add_late_usage, print_late_usage
from stratiform.interfaces.cli.output import (
    ColumnOption,
    Format,
    FormatOption,
    NestedFormatOption,
    print_item,
    print_list,
)
from stratiform.interfaces.cli.period_previews import print_preview, print_warnings
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import escape_control_characters, print_line

app = typer.Typer(help="Manage billing periods; closing a period issues its invoice.", no_args_is_help=True)

AccountOption = Annotated[str, typer.Option(help="Name or ID of the customer account.")]
_COLUMNS = {
    "Start": "start",
    "End": "end",
    "Status": "state",
    "Invoice": "invoice",
    "Late usage": "late_usage",
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
_PREVIEW_COLUMNS = {
    "Account": "account",
    "From": "start",
    "Until": "end",
    "Status": "state",
    "Resources": "resources",
    "Total": "total",
    "Currency": "currency",
    "Unassigned": "unassigned_count",
    "Problem": "problem",
}
#: The body of a request: a month, or the end of the open period.
_Period = Mapping[str, str | None]

_CLOSED_COLUMNS = {name: _ROWS[name] for name in ("Account", "From", "Until", "Invoice", "Total", "Currency")}


@app.command("close")
def close_period(
    month: Annotated[str | None, typer.Argument(help="A completed month, such as 2026-11 (UTC).")] = None,
    account: Annotated[str | None, typer.Option(help="Name or ID of the customer account.")] = None,
    all_accounts: Annotated[bool, typer.Option("--all", help="Close the period of all customer accounts.")] = False,
    until: Annotated[str | None, typer.Option(help="End the open period at this time (ISO 8601), or `now`.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what closing would bill, and what it would leave out.")
    ] = False,
    yes: Yes = False,
    output: NestedFormatOption = Format.table,
) -> None:
    """Close a period and issue its invoice, after confirmation. Closing it again shows the same invoice.

    Exit status 1: a period cannot be closed.
    """
    if all_accounts == (account is not None):
        raise CliError("Specify either --account or --all", "see `stratiform period close --help`")
    period = {"month": month, "until": until}
    if account is not None:
        _close_one(account, period, output, dry_run=dry_run, yes=yes)
    else:
        _close_all(period, output, dry_run=dry_run, yes=yes)


@app.command("list")
def list_periods(account: AccountOption, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List the periods of a customer account; the last one is open."""
    periods = get_client().get(f"{_path(account)}/periods")["periods"]
    print_list(periods if output.is_structured else add_late_usage(periods), _COLUMNS, output, columns)


def _close_one(account: str, period: _Period, output: Format, *, dry_run: bool, yes: bool) -> None:
    preview = _preview(account, period)
    if dry_run:
        _print_preview(preview, output)
        if preview["problems"]:
            raise typer.Exit(1)
        return
    if preview["state"] == "open" and not preview["problems"]:  # otherwise the server returns the invoice or the error
        if output is Format.table:
            print_warnings(preview)
        confirm(_describe(preview), yes=yes)
    closed = _close(preview, period)
    print_item(closed, _ROWS, output)
    if output is Format.table:
        print_late_usage(closed)
        if closed["number"] is None:
            print_line("Nothing was charged in this period, so it has no invoice.")
        else:
            print_line(f"Download it with `stratiform invoice download {closed['number']} --output FILE.pdf`")


def _close_all(period: _Period, output: Format, *, dry_run: bool, yes: bool) -> None:
    previews, errors = _preview_all(period)
    if dry_run or output is Format.table:
        print_list(previews if output.is_structured else map(_preview_row, previews), _PREVIEW_COLUMNS, output)
    ready = [each for each in previews if each["state"] == "open" and not each["problems"]]
    if not dry_run:
        if ready:
            confirm(f"Close the period of {len(ready)} customer accounts and issue their invoices", yes=yes)
        print_list([_close(preview, period) for preview in ready], _CLOSED_COLUMNS, output)
    for error in errors:
        typer.echo(escape_control_characters(error), err=True)
    if errors:
        raise typer.Exit(1)


def _preview(account: str, period: _Period) -> dict[str, Any]:
    preview: dict[str, Any] = get_client().post(f"{_path(account)}/periods/preview", period)
    return preview


def _preview_all(period: _Period) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the previews of all accounts to which a project is assigned, and why periods cannot be closed."""
    previews, errors = [], []
    for account in get_client().iterate_items("accounts", "accounts"):
        if account["billed_until"] is None:
            continue
        try:
            preview = _preview(account["name"], period)
        except CliError as error:
            errors.append(f"{account['name']}: {error.message}")
            continue
        previews.append(preview)
        errors += [f"{account['name']}: {problem['detail']}" for problem in preview["problems"]]
    return previews, errors


def _close(preview: Mapping[str, Any], period: _Period) -> dict[str, Any]:
    """Close the period of a preview; `now` is the time of the preview, so that its total is the one of the invoice."""
    same = {**period, "until": preview["end"]} if period["until"] == "now" else period
    closed: dict[str, Any] = get_client().post(f"{_path(preview['account'])}/periods", same)
    return closed


def _print_preview(preview: Mapping[str, Any], output: Format) -> None:
    if output is Format.table:
        print_preview(preview)
    else:
        print_item(preview, {}, output)


def _describe(preview: Mapping[str, Any]) -> str:
    period = f"{preview['start']} to {preview['end']} of customer account '{preview['account']}'"
    if not preview["lines"]:
        return f"Close {period} without an invoice, because nothing is charged"
    return f"Close {period} and issue an invoice of {preview['total']} {preview['currency']}"


def _preview_row(preview: Mapping[str, Any]) -> dict[str, object]:
    problems = [problem["detail"] for problem in preview["problems"]]
    return {**preview, "unassigned_count": len(preview["unassigned"]), "problem": problems[0] if problems else ""}


def _path(account: str) -> str:
    return f"accounts/{quote(account, safe='')}"
