"""`/healthcheck` of the installation and of each OpenStack API, with the answers of oslo.middleware. It needs no token.

Source: oslo_middleware/healthcheck, with the back ends `disable_by_file` and a query to the database.
"""

import gc
import html
import platform
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from litestar import HttpMethod, Response
from litestar.datastructures.headers import Accept
from litestar.handlers import HTTPRouteHandler

from stratiform.interfaces.http import Request, get_services
from stratiform.interfaces.http_settings import get_http_settings
from stratiform.kit.clock import format_iso_seconds
from stratiform.kit.errors import Fault

_TEXT, _HTML, _JSON = "text/plain", "text/html", "application/json"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `details` are only in detailed answers."""

    name: str
    available: bool
    reason: str
    details: str


def build_health_check_routes(paths: Sequence[str]) -> list[HTTPRouteHandler]:
    """Return the routes of `/healthcheck` below each of `paths`."""
    return [
        HTTPRouteHandler(
            f"{path}/healthcheck",
            http_method=[HttpMethod.GET, HttpMethod.HEAD],
            sync_to_thread=True,
            include_in_schema=False,
        )(check_health)
        for path in paths
    ]


def check_health(request: Request) -> Response[Any]:
    """Return 200, or 503 if the database is not available or the disable file exists."""
    results = [_check_disable_file(request), _check_database(request)]
    healthy = all(result.available for result in results)
    if request.method == "HEAD":
        return Response(b"", status_code=204 if healthy else 503, media_type=_TEXT)
    media_type = Accept(request.headers.get("accept", _TEXT)).best_match([_TEXT, _HTML, _JSON], default=_TEXT)
    detailed = get_http_settings(request.app.state).healthcheck_detailed
    if media_type == _JSON:
        body = msgspec.json.format(msgspec.json.encode(_build_document(request, results, detailed=detailed)), indent=4)
    elif media_type == _HTML:
        body = _render_page(request, results, detailed=detailed).encode()
    else:
        body = "\n".join(result.reason for result in results).encode()
    if media_type == _JSON:
        media_type = f"{_JSON}; charset=UTF-8"  # Litestar adds it to texts
    return Response(body, status_code=200 if healthy else 503, media_type=media_type)


def _check_disable_file(request: Request) -> CheckResult:
    path = get_http_settings(request.app.state).disable_file
    if not path:
        return CheckResult("DisableByFile", True, "OK", "No 'disable_by_file_path' configuration value specified")
    if Path(path).exists():
        return CheckResult("DisableByFile", False, "DISABLED BY FILE", f"Path '{path}' was found")
    return CheckResult("DisableByFile", True, "OK", f"Path '{path}' was not found")


def _check_database(request: Request) -> CheckResult:
    try:
        get_services(request).database.check_connection()
    except Fault as error:
        return CheckResult("Database", False, "DATABASE UNAVAILABLE", error.message)
    return CheckResult("Database", True, "OK", "the database responds")


def _build_document(request: Request, results: Sequence[CheckResult], *, detailed: bool) -> dict[str, object]:
    if not detailed:
        return {"detailed": False, "reasons": [result.reason for result in results]}
    reasons = [{"class": result.name, "details": result.details, "reason": result.reason} for result in results]
    return {
        "detailed": True,
        "gc": {"counts": gc.get_count(), "threshold": gc.get_threshold()},
        "greenthreads": [],
        "now": format_iso_seconds(get_services(request).clock.now()),
        "platform": platform.platform(),
        "python_version": sys.version,
        "reasons": reasons,
        "threads": ["".join(traceback.format_stack(frame)) for frame in sys._current_frames().values()],
    }


def _render_page(request: Request, results: Sequence[CheckResult], *, detailed: bool) -> str:
    """Return the results as a table; a detailed page has the other facts of the JSON document before it."""
    columns = ("name", "reason", "details") if detailed else ("reason",)
    titles = {"name": "Kind", "reason": "Reason", "details": "Details"}
    rows = ["".join(f"<TD>{html.escape(getattr(result, column))}</TD>" for column in columns) for result in results]
    lines = ["<HTML>", "<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>", "<BODY>"]
    if detailed:
        document = _build_document(request, results, detailed=True)
        lines.append("<H1>Server status</H1>")
        for key, title in (("now", "Current time"), ("python_version", "Python version"), ("platform", "Platform")):
            lines.append(f"<B>{title}:</B><PRE>{html.escape(str(document[key]))}</PRE>")
    lines.append(f"<H2>Result of {len(results)} checks:</H2>")
    lines += ["<TABLE>", f"<TR>{''.join(f'<TH>{titles[column]}</TH>' for column in columns)}</TR>"]
    lines += [f"<TR>{row}</TR>" for row in rows]
    return "\n".join([*lines, "</TABLE>", "</BODY>", "</HTML>"])
