"""`stratiform account`: customers, and the projects they pay for."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="Accounts: customers, and the projects they pay for.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Name or id of the account.")]
LegalName = Annotated[str | None, typer.Option(help="Name on invoices.")]
Address = Annotated[list[str] | None, typer.Option(help="A line of the address; may be given several times.")]
Country = Annotated[str | None, typer.Option(help="Two letters (ISO 3166).")]
TaxId = Annotated[str | None, typer.Option(help="VAT number or the like.")]

_COLUMNS = {"Name": "name", "Plan": "plan", "Currency": "currency", "Tax %": "tax_rate", "Closed until": "billed_until"}
_PARTY_ROWS = {"Legal name": "legal_name", "Address": "address", "Country": "country", "Tax id": "tax_id"}
_ROWS = {"Id": "id", **_COLUMNS, **_PARTY_ROWS, "Pays for": "paid"}


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")],
    currency: Annotated[str, typer.Option(help="Currency of its invoices, that of the plan (ISO 4217).")],
    plan: Annotated[str, typer.Option(help="Name of the price plan.")],
    legal_name: LegalName = None,
    address: Address = None,
    country: Country = None,
    tax_id: TaxId = None,
    tax_rate: Annotated[str, typer.Option(help="Tax on its invoices, in percent.")] = "0",
    output: FormatOption = Format.table,
) -> None:
    """Create an account."""
    party = party_of(legal_name, address, country, tax_id)
    body = {"name": name, "currency": currency, "plan": plan, "tax_rate": tax_rate, **party}
    show_one(client().post("accounts", body), _ROWS, output)


@app.command("list")
def list_accounts(output: FormatOption = Format.table) -> None:
    """List the accounts."""
    show_list(client().pages("accounts", "accounts"), _COLUMNS, output)


@app.command("show")
def show(name: Name, output: FormatOption = Format.table) -> None:
    """Show an account and what it pays for."""
    account = client().get(f"accounts/{quote(name, safe='')}")
    if output is Format.table:
        account["paid"] = [_assigned(one) for one in account["projects"]]
    show_one(account, _ROWS, output)


@app.command("assign")
def assign(
    name: Name,
    project: Annotated[str, typer.Option(help="Name or id of the project.")],
    start: Annotated[str | None, typer.Option("--from", help="Since when (ISO 8601); now, unless told.")] = None,
) -> None:
    """Let an account pay for a project; who paid before pays until then."""
    done = client().post(f"accounts/{quote(name, safe='')}/projects", {"project": project, "start": start})
    say(f"account '{name}' pays for project {_assigned(done)}")


def party_of(
    legal_name: str | None, address: list[str] | None, country: str | None, tax_id: str | None
) -> dict[str, Any]:
    """What was told of a name on an invoice."""
    told = {"legal_name": legal_name, "address": address, "country": country, "tax_id": tax_id}
    return {key: value for key, value in told.items() if value is not None}


def _assigned(one: dict[str, Any]) -> str:
    until = f" until {one['until']}" if one["until"] else ""
    return f"{one['project_id']} from {one['start']}{until}"
