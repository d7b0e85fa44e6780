"""`stratiform keys`: the signing keys of the ledger. They belong to this machine, so no API reads or changes them."""

from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.session import session

if TYPE_CHECKING:
    from stratiform.kit.signing_keys import SigningKeys

app = typer.Typer(help="Signing keys of the ledger.", no_args_is_help=True)
rotate = typer.Typer(help="Rotate a key.", no_args_is_help=True)
show = typer.Typer(help="Show public keys.", no_args_is_help=True)
app.add_typer(rotate, name="rotate")
app.add_typer(show, name="show")


@rotate.command("ledger")
def rotate_ledger_key(
    stolen: Annotated[
        bool, typer.Option("--stolen", help="The old key is compromised: do not sign the new key with it.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Sign the ledger with a new key. Running programs use it without a restart. Print its public key."""
    if stolen:
        confirm(
            "Replace the ledger key with one that the old key does not sign, so that customers must trust it anew",
            yes=yes,
        )
    typer.echo(str(_ledger_keys().rotate(compromised=stolen)))


@show.command("ledger")
def show_ledger_keys() -> None:
    """Print the public keys of the ledger, oldest first, for `stratiform usage verify --keyfile`."""
    for verifier in _ledger_keys().list_verifiers():
        typer.echo(str(verifier))


def _ledger_keys() -> "SigningKeys":
    from stratiform.kit.signing_keys import SigningKeys  # no other command needs it

    return SigningKeys(session.home / "keys" / "ledger")
