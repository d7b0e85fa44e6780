"""The token of a request, for operations that depend on more than its caller, such as its application credential."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.kit.context import RequestContext
from stratiform.services.identity.model import Token


def load_request_token(request: ApiRequest, ctx: RequestContext) -> Token:
    return request.services.identity.tokens.validate(ctx.db, request.http.headers["x-auth-token"], ctx.now)
