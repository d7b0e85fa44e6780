"""`stratiform account`: customer accounts and the projects that are assigned to them."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import (
    ColumnOption,
    Format,
    FormatOption,
    NestedFormatOption,
    print_item,
    print_list,
)
from stratiform.interfaces.cli.period_previews import format_unassigned
from stratiform.interfaces.cli.price_changes import (
    DryRun,
    Reason,
    Retroactive,
    check_reason,
    describe_differences,
    print_change,
    print_differences,
)
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import format_named_id, print_line

app = typer.Typer(help="Manage customer accounts and their projects.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Name or ID of the customer account.")]
LegalName = Annotated[str | None, typer.Option(help="Name on invoices.")]
Address = Annotated[list[str] | None, typer.Option(help="A line of the address; can be repeated.")]
Country = Annotated[str | None, typer.Option(help="Two-letter country code (ISO 3166).")]
ProjectOption = Annotated[str, typer.Option(help="Name or ID of the project.")]
TaxId = Annotated[str | None, typer.Option(help="VAT number or other tax ID.")]

_COLUMNS = {"Name": "name", "Plan": "plan", "Currency": "currency", "Tax %": "tax_rate", "Open since": "billed_until"}
_UNASSIGNED_COLUMNS = {
    "Project ID": "project_id",
    "Name": "project_name",
    "Resources": "resources",
    "From": "start",
    "Until": "end",
}
_PARTY_ROWS = {"Legal name": "legal_name", "Address": "address", "Country": "country", "Tax ID": "tax_id"}
_ROWS = {"ID": "id", **_COLUMNS, **_PARTY_ROWS, "Projects": "assigned"}


@app.command("create")
def create_account(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the customer account.")],
    currency: Annotated[str, typer.Option(help="Currency of the invoices and of the plan (ISO 4217).")],
    plan: Annotated[str, typer.Option(help="Name of the price plan.")],
    legal_name: LegalName = None,
    address: Address = None,
    country: Country = None,
    tax_id: TaxId = None,
    tax_rate: Annotated[str, typer.Option(help="Default tax rate on invoices, in percent.")] = "0",
    output: FormatOption = Format.table,
) -> None:
    """Create a customer account."""
    party = build_party_fields(legal_name, address, country, tax_id)
    body = {"name": name, "currency": currency, "plan": plan, "tax_rate": tax_rate, **party}
    print_item(get_client().post("accounts", body), _ROWS, output)


@app.command("list")
def list_accounts(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List customer accounts."""
    print_list(get_client().iterate_items("accounts", "accounts"), _COLUMNS, output, columns)


@app.command("show")
def show_account(name: Name, output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """Show a customer account and its projects."""
    account = get_client().get(_path(name))
    if not output.is_structured:
        account["assigned"] = [_format_assignment(assignment) for assignment in account["projects"]]
    print_item(account, _ROWS, output, columns)


@app.command("set")
def update_account(
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="New name of the customer account.")] = None,
    legal_name: LegalName = None,
    address: Address = None,
    country: Country = None,
    tax_id: TaxId = None,
    tax_rate: Annotated[str | None, typer.Option(help="Default tax rate on invoices, in percent.")] = None,
    plan: Annotated[
        str | None, typer.Option(help="New price plan, in the same currency, from the start of the open period.")
    ] = None,
    dry_run: DryRun = False,
    retroactive: Retroactive = False,
    reason: Reason = "",
    yes: Yes = False,
    output: NestedFormatOption = Format.table,
) -> None:
    """Change a customer account. The changes apply to future invoices.

    To change the price plan from a date on, close the period until that date first. A plan that would change the cost
    of past usage requires --retroactive and --reason: the command shows the change, prompts for confirmation, and
    records the change.
    """
    if plan is None and (dry_run or retroactive or reason):
        raise CliError("--dry-run, --retroactive and --reason are allowed only with --plan")
    options = {"name": new_name, "tax_rate": tax_rate}
    changes: dict[str, object] = {key: value for key, value in options.items() if value is not None}
    changes |= build_party_fields(legal_name, address, country, tax_id)
    if plan is not None:
        if changes:
            raise CliError("--plan cannot be combined with other changes", "run two commands")
        check_reason(reason, retroactive=retroactive)
        _set_plan(name, plan, reason=reason, retroactive=retroactive, dry_run=dry_run, yes=yes, output=output)
        return
    if not changes:
        raise CliError("nothing to change", "`stratiform account set --help` lists the options")
    print_item(get_client().patch(_path(name), changes), _ROWS, output)


@app.command("assign")
def assign_project(
    name: Name,
    project: ProjectOption,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="Start of the assignment (ISO 8601), or `now`; required if the project has earlier usage."
        ),
    ] = None,
) -> None:
    """Assign a project to a customer account. An assignment to another account ends at that time.

    A later assignment to the same account is extended to start at that time.
    """
    assignment = get_client().post(f"{_path(name)}/projects", {"project": project, "start": start})
    print_line(f"Customer account '{name}' pays for project {_format_assignment(assignment)}")
    if assignment["unassigned"] is not None:
        print_line(f"Unassigned: {format_unassigned(assignment['unassigned'])}")


@app.command("unassign")
def unassign_project(
    name: Name,
    project: ProjectOption,
    until: Annotated[str | None, typer.Option(help="End of the assignment (ISO 8601), or `now` (default).")] = None,
) -> None:
    """End the assignment of a project to a customer account. An assignment that starts later is removed."""
    assignment = get_client().delete(f"{_path(name)}/projects/{quote(project, safe='')}", until=until)
    if assignment["until"] == assignment["start"]:
        print_line(f"Customer account '{name}' no longer pays for project {assignment['project_id']}")
    else:
        print_line(f"Customer account '{name}' pays for project {_format_assignment(assignment)}")


@app.command("unassigned")
def list_unassigned_usage(
    month: Annotated[str | None, typer.Option(help="A month such as 2026-11; default: the current month.")] = None,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """List the projects with usage that no customer account pays for."""
    print_list(get_client().get("unassigned-usage", month=month)["unassigned"], _UNASSIGNED_COLUMNS, output, columns)


def build_party_fields(
    legal_name: str | None, address: list[str] | None, country: str | None, tax_id: str | None
) -> dict[str, object]:
    """Return the fields of a party whose options are set."""
    options = {"legal_name": legal_name, "address": address, "country": country, "tax_id": tax_id}
    return {key: value for key, value in options.items() if value is not None}


def _set_plan(
    name: str, plan: str, *, reason: str, retroactive: bool, dry_run: bool, yes: bool, output: Format
) -> None:
    client, path = get_client(), f"{_path(name)}/plan"
    preview = client.post(f"{path}/preview", {"plan": plan}) if dry_run or retroactive else None
    if preview is not None and dry_run and output.is_structured:
        print_item(preview, {}, output)
    elif preview is not None and output is Format.table:
        print_differences(preview["differences"])
    if dry_run:
        return
    if preview is not None and preview["differences"]:
        differences = describe_differences(preview["differences"])
        confirm(f"Move customer account '{name}' to plan '{plan}' and {differences}", yes=yes)
    account = client.put(path, {"plan": plan, "retroactive": retroactive, "reason": reason})
    print_item(account, _ROWS, output)
    if output is Format.table:
        print_change(account["change"])


def _path(name: str) -> str:
    return f"accounts/{quote(name, safe='')}"


def _format_assignment(assignment: dict[str, object]) -> str:
    until = f" until {assignment['until']}" if assignment["until"] else ""
    project = format_named_id(str(assignment["project_id"]), str(assignment["project_name"]))
    return f"{project} from {assignment['start']}{until}"
