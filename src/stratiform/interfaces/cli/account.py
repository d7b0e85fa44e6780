"""`stratiform account`: customer accounts and the projects that are assigned to them."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.output import Format, FormatOption, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="Customer accounts, and the projects that are assigned to them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Name or ID of the customer account.")]
LegalName = Annotated[str | None, typer.Option(help="Name on invoices.")]
Address = Annotated[list[str] | None, typer.Option(help="A line of the address; can be repeated.")]
Country = Annotated[str | None, typer.Option(help="Country code of two letters (ISO 3166).")]
TaxId = Annotated[str | None, typer.Option(help="VAT number or other tax ID.")]

_COLUMNS = {"Name": "name", "Plan": "plan", "Currency": "currency", "Tax %": "tax_rate", "Closed until": "billed_until"}
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
    tax_rate: Annotated[str, typer.Option(help="Default tax rate of its invoices, in percent.")] = "0",
    output: FormatOption = Format.table,
) -> None:
    """Create a customer account."""
    party = build_party_fields(legal_name, address, country, tax_id)
    body = {"name": name, "currency": currency, "plan": plan, "tax_rate": tax_rate, **party}
    print_item(get_client().post("accounts", body), _ROWS, output)


@app.command("list")
def list_accounts(output: FormatOption = Format.table) -> None:
    """List customer accounts."""
    print_list(get_client().iterate_items("accounts", "accounts"), _COLUMNS, output)


@app.command("show")
def show_account(name: Name, output: FormatOption = Format.table) -> None:
    """Show a customer account and its projects."""
    account = get_client().get(f"accounts/{quote(name, safe='')}")
    if output is Format.table:
        account["assigned"] = [_format_assignment(assignment) for assignment in account["projects"]]
    print_item(account, _ROWS, output)


@app.command("assign")
def assign_project(
    name: Name,
    project: Annotated[str, typer.Option(help="Name or ID of the project.")],
    start: Annotated[
        str | None, typer.Option("--from", help="Start of the assignment (ISO 8601); default: now.")
    ] = None,
) -> None:
    """Assign a project to a customer account. An assignment to another account ends at the start."""
    assignment = get_client().post(f"accounts/{quote(name, safe='')}/projects", {"project": project, "start": start})
    print_line(f"Customer account '{name}' pays for project {_format_assignment(assignment)}")


def build_party_fields(
    legal_name: str | None, address: list[str] | None, country: str | None, tax_id: str | None
) -> dict[str, object]:
    """Return the fields of a party whose options are set."""
    options = {"legal_name": legal_name, "address": address, "country": country, "tax_id": tax_id}
    return {key: value for key, value in options.items() if value is not None}


def _format_assignment(assignment: dict[str, object]) -> str:
    until = f" until {assignment['until']}" if assignment["until"] else ""
    project_id, name = assignment["project_id"], assignment["project_name"]
    project = f"{name} ({project_id})" if name else project_id
    return f"{project} from {assignment['start']}{until}"
