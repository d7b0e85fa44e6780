"""Who asks: Almanach's private key, a token of a Keystone, or either."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from stratiform.interfaces.services import Request, Services
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.policy import Caller

#: Tells whose a token is. Raises Unauthenticated, Unavailable.
Keystone = Callable[[Services, str], Caller]

#: Whoever has the private key.
OPERATOR = Caller(user_id="almanach", user_name="almanach", system=True, roles=frozenset({"admin", "member", "reader"}))


def our_own(services: Services, token: str) -> Caller:
    """Our own identity service, in this process."""
    with services.database.snapshot() as db:
        return services.identity.authenticate(db, token, services.clock.now())


@dataclass(frozen=True, slots=True)
class Almanach:
    """How this API is served here.

    An empty `private_key` opens nothing; with no `keystone`, no token does. What is told of something that no cloud is
    known to have is in `cloud`. `metadata` and `image_meta` are the keys that entities show.
    """

    private_key: str = field(default="", repr=False)
    keystone: Keystone | None = our_own
    cloud: str = "openstack"
    metadata: tuple[str, ...] = ()
    image_meta: tuple[str, ...] = ("distro", "version", "os_type")

    def caller(self, services: Services, token: str) -> Caller:
        """Raises Unauthenticated, Unavailable."""
        if self.private_key and hmac.compare_digest(token.encode(), self.private_key.encode()):
            return OPERATOR
        if self.keystone is None:
            raise Unauthenticated("Invalid Token")
        return self.keystone(services, token)


def almanach_of(request: Request) -> Almanach:
    return cast("Almanach", request.app.state.almanach)
