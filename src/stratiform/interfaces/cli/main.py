"""The commands that talk to the REST API; `app.manage` adds the programs of this machine."""

from typing import Annotated, Any, cast

import typer

from stratiform import __version__
from stratiform.interfaces.cli import account, clouds, cost, invoice, period, price, usage
from stratiform.interfaces.cli.errors import CliError

#: A line that can't be understood; typer has no public name for it.
_UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])

#: As others have it.
_USAGE_CODE = 2

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
    _cloud: Annotated[str, typer.Option("--os-cloud", help="Entry of clouds.yaml to sign in with (OS_CLOUD).")] = "",
) -> None:
    """Both options may stand anywhere in the line."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def start() -> int:
    """Do what the command line says; the code to end with. Raises CliError where it can't be understood, too."""
    try:
        code = app(prog_name="stratiform", standalone_mode=False)
    except typer.Abort:
        raise CliError("given up") from None
    except _UsageError as error:
        told = _told(error)
        if told is None:
            return _USAGE_CODE
        raise told from None
    return code if isinstance(code, int) else 0


def _told(error: Any) -> CliError | None:
    """In one line, with where to look for its hint; None where nothing was asked for: the help is written."""
    possible = sorted(getattr(error, "possibilities", None) or [])
    message = " ".join((error.message if possible else error.format_message()).split())
    if not message:
        return None
    message = message.replace("Value error, ", "").removesuffix(".")
    meant = f"did you mean {' or '.join(possible)}? " if possible else ""
    command = "stratiform" if error.ctx is None else error.ctx.command_path
    return CliError(message[0].lower() + message[1:], f"{meant}`{command} --help` tells more", _USAGE_CODE)
