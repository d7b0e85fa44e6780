"""The commands that talk to the REST API; `app.manage` adds the programs of this machine."""

from typing import Annotated

import typer

from stratiform import __version__
from stratiform.faces.cli import account, clouds, cost, invoice, period, price, usage

app = typer.Typer(
    help="Sell cloud capacity: one OpenStack-compatible API, one usage ledger, one bill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _noun, _commands in {
    "account": account.app,
    "clouds": clouds.app,
    "cost": cost.app,
    "invoice": invoice.app,
    "period": period.app,
    "price": price.app,
    "usage": usage.app,
}.items():
    app.add_typer(_commands, name=_noun)


@app.callback()
def main(
    _home: Annotated[
        str, typer.Option("--home", help="Home of the installation (STRATIFORM_HOME, ~/.stratiform).")
    ] = "",
    _cloud: Annotated[str, typer.Option("--os-cloud", help="Entry of HOME/clouds.yaml to sign in with.")] = "",
) -> None:
    """Both options may stand anywhere in the line."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
