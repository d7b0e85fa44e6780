"""Lists of users and groups are those of the directory of their domain, if it has one."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.services.identity.model import ListQuery


def synchronize_directory(request: ApiRequest, query: ListQuery) -> None:
    """Read the directory of the domain in a list request, else that of the caller. Raises: Unavailable."""
    directories = request.services.identity.directories
    if not directories.clients:
        return
    with request.read_transaction() as ctx:
        domain_id = str(query.filters.get("domain_id") or ctx.caller.domain_id or "")
        is_allowed = ctx.caller.is_admin or domain_id == ctx.caller.domain_id
    if is_allowed:
        directories.synchronize(request.services.database, domain_id, request.services.clock.now())
