"""The files of noVNC, which Debian's package `novnc` installs."""

import mimetypes
from pathlib import Path

import litestar
from litestar import Response

from stratiform.interfaces.consoles.settings import PATH, get_settings
from stratiform.interfaces.http import Request
from stratiform.kit.errors import NotFound

NOVNC_PATH = f"{PATH}/novnc"

#: noVNC has scripts and styles in its pages, and connects to the websocket.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
    "; img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'self'",
    "Cache-Control": "no-cache",
}


@litestar.get(f"{NOVNC_PATH}/{{file:path}}", sync_to_thread=True, include_in_schema=False)
def show_novnc_file(request: Request, file: Path) -> Response[bytes]:
    """Return a file of noVNC. Raises NotFound, also for a path outside of the folder."""
    path = _find_file(get_settings(request).novnc_folder.resolve(), str(file).lstrip("/"))
    if path is None:
        raise NotFound("The resource could not be found.")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=media_type, headers=_HEADERS)


def _find_file(folder: Path, name: str) -> Path | None:
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have: with NUL, or too long
        return None
