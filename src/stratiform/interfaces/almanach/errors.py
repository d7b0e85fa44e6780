"""Errors in Almanach's own shapes: `{"error": …}`, a bare word for 401, a page where there is no such path."""

import logging
from html import escape
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.services import Request
from stratiform.kit.errors import Fault, Invalid, NotFound, Unauthenticated

logger = logging.getLogger(__name__)

HTML = "text/html"  # and the charset that every text gets


class BadPayload(Invalid):
    """A body or a period that isn't understood."""

    def __init__(self) -> None:
        super().__init__("Invalid parameter or payload")


class MissingKey(Invalid):
    """A key that must be there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The '{name}' param is mandatory for the request you have made.")


class BadDate(Invalid):
    """A date in a body that isn't understood."""

    def __init__(self) -> None:
        super().__init__(
            "The provided date has an invalid format. Format should be of yyyy-mm-ddThh:mm:ss.msZ, "
            "ex: 2015-01-31T18:24:34.1523Z"
        )


class BadFields(Invalid):
    """An update with fields that can't be taken: the reason for each."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = reasons


class NoVolumeType(NotFound):
    """No volume type has this id."""

    def __init__(self, type_id: str) -> None:
        super().__init__(f'Unable to find volume_type_id "{type_id}"')


class NoActiveEntity(NotFound):
    """Nothing with this id is in use."""

    def __init__(self, entity_id: str) -> None:
        super().__init__(f"Entity {entity_id} not found")


def told(request: Request, error: Exception) -> Response[Any]:
    """What Almanach says of `error`. What we did not foresee is logged, and told without any detail."""
    answer = _answer(error)
    if request.method == "HEAD":
        return Response(b"", status_code=answer.status_code, media_type=HTML)
    return answer


def _answer(error: Exception) -> Response[Any]:
    if isinstance(error, Unauthenticated):
        return Response("Unauthorized", status_code=401, media_type=HTML)
    if isinstance(error, BadFields):
        return Response({"error": error.reasons}, status_code=400)
    if isinstance(error, Fault):
        return Response({"error": error.message}, status_code=error.status)
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        return _page(error.status_code, dict(error.headers or {}))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Response({"error": BadPayload().message}, status_code=error.status_code)
    logger.error("unforeseen in almanach", exc_info=error)
    return Response({"error": "Something went wrong here; the log says what."}, status_code=500)


def _page(status: int, headers: dict[str, str]) -> Response[str]:
    phrase = escape(HTTPStatus(status).phrase)
    body = f"<!DOCTYPE html>\n<title>{status} {phrase}</title>\n<h1>{phrase}</h1>\n"
    return Response(body, status_code=status, media_type=HTML, headers=headers)
