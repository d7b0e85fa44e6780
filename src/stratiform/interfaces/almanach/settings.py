"""Settings of the API, and the authentication of its clients: by private key, by token, or by either."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from stratiform.interfaces.http import Request
from stratiform.interfaces.services import Services
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import CatalogService

#: The entries of the API in the service catalog. Almanach's client requests the type `cloudmetrics`, and its command
#: line uses the name as ID; its devstack and tempest plug-ins have the type `usage`.
CATALOG_SERVICES = (
    CatalogService("cloudmetrics", "almanach", "/almanach", id="almanach"),
    CatalogService("usage", "almanach", "/almanach"),
)

#: Returns the owner of a token. Raises Unauthenticated, Unavailable.
TokenValidator = Callable[[Services, str], Caller]

#: The caller of a request with the private key.
OPERATOR = Caller(user_id="almanach", user_name="almanach", system=True, roles=frozenset({"admin", "member", "reader"}))


def validate_local_token(services: Services, token: str) -> Caller:
    """Validate a token with the identity service of this process. Raises Unauthenticated."""
    services.identity.prepare_token(services.database, token)
    with services.database.read_transaction() as db:
        return services.identity.authenticate(db, token, services.clock.now())


@dataclass(frozen=True, slots=True)
class AlmanachSettings:
    """Settings of the API.

    An empty `private_key` disables authentication by key, `validate_token` None authentication by token. `cloud` is the
    cloud of new resources. `metadata` and `image_meta` are the keys that entities contain.
    """

    private_key: str = field(default="", repr=False)
    validate_token: TokenValidator | None = validate_local_token
    cloud: str = "openstack"
    metadata: tuple[str, ...] = ()
    image_meta: tuple[str, ...] = ("distro", "version", "os_type")

    def authenticate(self, services: Services, token: str) -> Caller:
        """Return the caller for the value of `X-Auth-Token`. Raises Unauthenticated, Unavailable."""
        if self.private_key and hmac.compare_digest(token.encode(), self.private_key.encode()):
            return OPERATOR
        if self.validate_token is None:
            raise Unauthenticated("Invalid Token")
        return self.validate_token(services, token)


def get_settings(request: Request) -> AlmanachSettings:
    """Return the settings from the application's state."""
    return cast("AlmanachSettings", request.app.state.almanach)
