"""Settings of consoles."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from stratiform.interfaces.services import Services

PATH = "/console"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`allowed_origins`: other hosts whose pages may connect. `novnc_folder`: has noVNC's `vnc_lite.html`."""

    allowed_origins: tuple[str, ...] = ()
    novnc_folder: Path = Path("/usr/share/novnc")

    def is_origin_allowed(self, origin: str | None, host: str, services: Services) -> bool:
        """Return True without an origin (not a browser), and for pages of this API or of an allowed host.

        Otherwise the page of another site could use a console to which its visitor has a token.
        """
        if origin is None:
            return True
        page = urlsplit(origin)
        own = (host, urlsplit(services.url).netloc)
        return page.scheme in ("http", "https") and (page.netloc in own or page.hostname in self.allowed_origins)


def get_settings(connection: ASGIConnection[Any, Any, Any, Any]) -> ConsoleSettings:
    """Return the settings from the application's state."""
    return cast("ConsoleSettings", connection.app.state.consoles)
