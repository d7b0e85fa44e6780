"""`stratiform keys`: the keys of an installation. They belong to this machine, so no API reads or changes them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.app import home_folder
from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from stratiform.kit.errors import Fault

if TYPE_CHECKING:
    from stratiform.app.settings import Settings
    from stratiform.kit.database import Database
    from stratiform.kit.signing_keys import SigningKeys

app = typer.Typer(help="Manage the keys of the installation.", no_args_is_help=True)
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
    """Rotate the ledger key and print the new public key. Running programs use it without a restart."""
    if stolen:
        confirm(
            "Replace the ledger key with one that the old key does not sign, so that customers must trust it anew",
            yes=yes,
        )
    from stratiform.app.home_keys import save_ledger_notes

    typer.echo(str(_ledger_keys().rotate(compromised=stolen)))
    with suppress(Fault), _open_database() as database:  # otherwise the next start saves them
        save_ledger_notes(session.home, database)


@rotate.command("secrets")
def rotate_secret_key(
    data_keys: Annotated[
        bool, typer.Option("--data-keys", help="Also encrypt the credentials of each cloud with a new data key.")
    ] = False,
) -> None:
    """Rotate the key that encrypts credentials of clouds and users. Programs can keep running."""
    from stratiform.app.home_keys import check_keys
    from stratiform.app.secret_rotation import rotate_secret_key
    from stratiform.app.wiring import build_services

    with _open_database() as database:
        check_keys(session.home, database)
        services = build_services(_load_settings(), database=database)
        result = rotate_secret_key(services, session.home, new_data_keys=data_keys)
    typer.echo(f"{result.clouds} cloud accounts and {result.credentials} credentials of users encrypted again.")
    typer.echo("Copy the directory keys/secrets to the other homes of this installation, if there are any.")


@show.command("ledger")
def show_ledger_keys() -> None:
    """Print the public keys of the ledger, oldest first, for `stratiform usage verify --keyfile`."""
    for verifier in _ledger_keys().list_verifiers():
        typer.echo(str(verifier))


class LostKey(StrEnum):
    """What `replace` replaces."""

    tokens = "tokens"
    secrets = "secrets"
    ledger = "ledger"
    password = "password"  # noqa: S105 - a name


#: What each replacement costs, for the question.
_COSTS = {
    LostKey.tokens: "all tokens become invalid",
    LostKey.secrets: "the credentials of all clouds are lost and must be set again",
    LostKey.ledger: "customers must trust a new key that the old one does not sign",
    LostKey.password: "the user admin gets a new password",
}


@app.command("replace")
def replace_lost_key(
    key: Annotated[LostKey, typer.Argument(help="The key, or the password of the user admin in clouds.yaml.")],
    yes: Yes = False,
) -> None:
    """Replace a key that is lost and not in any backup. First stop the programs on all machines."""
    from stratiform.app.home_keys import replace_key

    if home_folder.list_running_programs(session.home):
        raise CliError(f"Stratiform is running in {session.home}", "stop it with `stratiform down`")
    confirm(f"Replace {key} in {session.home} ({_COSTS[key]})", yes=yes)
    with _open_database() as database:
        if key is LostKey.password:
            _replace_password(database)
        else:
            replace_key(session.home, database, key)
    typer.echo(f"{key} replaced. Copy it to the other homes of this installation, if there are any.")


def _replace_password(database: "Database") -> None:
    from stratiform.app.bootstrap import replace_admin_password
    from stratiform.app.wiring import build_services

    settings = _load_settings()
    replace_admin_password(build_services(settings, database=database), settings)


@contextmanager
def _open_database() -> "Iterator[Database]":
    """Yield the database. Raises Conflict if its schema is not the newest."""
    from stratiform.app import database_schema
    from stratiform.kit.database import Database

    database = Database(_load_settings().database)
    try:
        database_schema.require_newest_revision(database)
        yield database
    finally:
        database.close()


def _load_settings() -> "Settings":
    from stratiform.app.settings import load_settings

    return load_settings(session.home)


def _ledger_keys() -> "SigningKeys":
    from stratiform.kit.signing_keys import SigningKeys  # no other command needs it

    return SigningKeys(session.home / "keys" / "ledger")
