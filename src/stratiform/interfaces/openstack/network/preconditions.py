"""The header `If-Match: revision_number=N`. Source: Networking API v2.0, "Revisions" (revision-if-match)."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.kit.number_parsing import parse_uint
from stratiform.services.network.errors import BadRequest, RevisionNumberConstraintFailed

_PREFIX = "revision_number="


def check_revision(request: ApiRequest, resource_id: str, revision: int) -> None:
    """Raises: RevisionNumberConstraintFailed if the header names another revision; BadRequest for another header."""
    condition = request.http.headers.get("if-match")
    if condition is None:
        return
    expected = parse_uint(condition.removeprefix(_PREFIX)) if condition.startswith(_PREFIX) else None
    if expected is None:
        raise BadRequest(f"The value of If-Match must be 'revision_number=<int>': '{condition}'")
    if expected != revision:
        raise RevisionNumberConstraintFailed(expected, resource_id, revision)
