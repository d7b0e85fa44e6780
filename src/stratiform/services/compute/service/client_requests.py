"""Requests with a token of the client, which take effect once, as in the EC2 API."""

from dataclasses import dataclass

from stratiform.kit.clock import DAY_US
from stratiform.kit.context import RequestContext
from stratiform.services.compute.model.client_requests import ClientRequest
from stratiform.services.compute.repository import client_requests as repository
from stratiform.services.compute.repository import quotas

#: How long tokens are stored, as in EC2.
_STORED_US = DAY_US


@dataclass(frozen=True, slots=True)
class ClientRequests:
    """Stored requests of the caller's project."""

    def find(self, ctx: RequestContext, token: str) -> ClientRequest | None:
        """Return the request with this token. Those of a project wait until others commit."""
        project_id = ctx.caller.require_project_id()
        quotas.lock_owner(ctx.db, project_id)
        repository.delete_requests_before(ctx.db, project_id, ctx.now - _STORED_US)
        return repository.find_request(ctx.db, project_id, token)

    def record(self, ctx: RequestContext, token: str, digest: str, result_id: str) -> None:
        """Store a request after it has taken effect, in the same transaction."""
        project_id = ctx.caller.require_project_id()
        repository.insert_request(ctx.db, ClientRequest(project_id, token, digest, result_id, ctx.now))
