"""The session of a command: its options, and the client that it signs in on first use."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx

    from stratiform.interfaces.cli.client import Client


class LocalServer(Protocol):
    """The API of a home on this machine."""

    def find_address(self, home: Path) -> str | None:
        """Return the URL of the running API; None if it does not run."""

    def start_in_process(self, home: Path) -> "httpx.Client":
        """Return a client of a server in this process, which is not reachable for others."""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """Options of the command line. `home_is_explicit`: the home was chosen by option or environment."""

    home: Path
    cloud: str = ""
    local_server: LocalServer | None = None
    home_is_explicit: bool = False


@dataclass
class Session:
    """The global options, and the client of the running command."""

    home: Path
    cloud: str = ""
    local_server: LocalServer | None = None
    home_is_explicit: bool = False
    _client: "Client | None" = field(default=None, init=False)

    def get_client(self) -> "Client":
        if self._client is None:
            from stratiform.interfaces.cli.client import Client  # httpx takes longer to load than everything else
            from stratiform.interfaces.cli.sign_in import sign_in

            options = GlobalOptions(self.home, self.cloud, self.local_server, self.home_is_explicit)
            self._client = Client(*sign_in(options))
        return self._client


#: The session of this process; `app.commands` sets its options.
session = Session(home=Path())


def get_client() -> "Client":
    """Return the client of the running command. Raises CliError if the sign-in fails."""
    return session.get_client()
