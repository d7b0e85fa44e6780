"""Errors in Almanach's formats: `{"error": …}` in JSON, plain text for 401, HTML for an unknown path or method."""

from html import escape
from http import HTTPStatus

from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.http import Request
from stratiform.kit.errors import Fault, Invalid, NotFound, Unauthenticated

HTML = "text/html"

ErrorBody = bytes | str | dict[str, str | dict[str, str]]


class InvalidPayload(Invalid):
    """A body or a period that cannot be parsed."""

    def __init__(self) -> None:
        super().__init__("Invalid parameter or payload")


class MissingParameter(Invalid):
    def __init__(self, name: str) -> None:
        super().__init__(f"The '{name}' param is mandatory for the request you have made.")


class InvalidDate(Invalid):
    """A date in a body that cannot be parsed."""

    def __init__(self) -> None:
        super().__init__(
            "The provided date has an invalid format. Format should be of yyyy-mm-ddThh:mm:ss.msZ, "
            "ex: 2015-01-31T18:24:34.1523Z"
        )


class InvalidFields(Invalid):
    """Invalid fields of an update. `reasons`: field to reason."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = reasons


class MultipleEntities(Invalid):
    """More than one closed entity in the period of an update."""

    def __init__(self) -> None:
        super().__init__("Multiple entities found while updating a closed entity")


class VolumeTypeNotFound(NotFound):
    def __init__(self, type_id: str) -> None:
        super().__init__(f'Unable to find volume_type_id "{type_id}"')


class EntityNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("Entity not found")


class ActiveEntityNotFound(NotFound):
    """No entity with this id that has not ended."""

    def __init__(self, entity_id: str) -> None:
        super().__init__(f"Entity {entity_id} not found")


class InstanceNotFound(NotFound):
    """No active instance to delete."""

    def __init__(self, entity_id: str) -> None:
        super().__init__(f"InstanceId: {entity_id} Not Found")


class ClosedEntityNotFound(NotFound):
    """No closed entity in the period of an update."""

    def __init__(self, entity_id: str) -> None:
        super().__init__(f"InstanceId: {entity_id} Not Found with start")


def render_error(request: Request, error: Exception) -> Response[ErrorBody]:
    """Return the response for an error. The client gets no details of unexpected errors."""
    response = _render(error)
    if request.method == "HEAD":
        return Response(b"", status_code=response.status_code, media_type=HTML)
    return response


def _render(error: Exception) -> Response[ErrorBody]:
    if isinstance(error, Unauthenticated):
        return Response("Unauthorized", status_code=401, media_type=HTML)
    if isinstance(error, InvalidFields):
        return Response({"error": error.reasons}, status_code=400)
    if isinstance(error, Fault):
        return Response({"error": error.message}, status_code=error.status)
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        return _render_page(error.status_code, dict(error.headers or {}))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Response({"error": InvalidPayload().message}, status_code=error.status_code)
    return Response({"error": "An unexpected error occurred; see the server log."}, status_code=500)


def _render_page(status: int, headers: dict[str, str]) -> Response[ErrorBody]:
    phrase = escape(HTTPStatus(status).phrase)
    body = f"<!DOCTYPE html>\n<title>{status} {phrase}</title>\n<h1>{phrase}</h1>\n"
    return Response(body, status_code=status, media_type=HTML, headers=headers)
