"""`stratiform keys`: the keys that sign the ledger. They are of this machine, so no API tells or changes them."""

from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.interfaces.cli.client import session

if TYPE_CHECKING:
    from stratiform.kit.signing import SigningKeys

app = typer.Typer(help="The keys that sign the ledger.", no_args_is_help=True)
rotate = typer.Typer(help="Put a new key in the place of one.", no_args_is_help=True)
show = typer.Typer(help="Show public keys.", no_args_is_help=True)
app.add_typer(rotate, name="rotate")
app.add_typer(show, name="show")


@rotate.command("ledger")
def rotate_ledger(
    stolen: Annotated[
        bool, typer.Option("--stolen", help="Somebody else has the old key: it must not vouch for the new one.")
    ] = False,
) -> None:
    """From now on a new key signs the ledger; running programs take it up by themselves. Prints its public part."""
    typer.echo(str(_ledger().rotate(stolen=stolen)))


@show.command("ledger")
def show_ledger() -> None:
    """Print the public keys of the ledger, the oldest first: what `stratiform usage verify --keyfile` reads."""
    for verifier in _ledger().verifiers():
        typer.echo(str(verifier))


def _ledger() -> "SigningKeys":
    from stratiform.kit.signing import SigningKeys  # no other command needs it

    return SigningKeys(session.home / "keys" / "ledger")
