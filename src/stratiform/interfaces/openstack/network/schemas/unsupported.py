"""Lists of resources that are not supported."""

from msgspec import Struct, field


class RoutersResponse(Struct):
    routers: list[str] = field(default_factory=list)


class FloatingIpsResponse(Struct):
    floating_ips: list[str] = field(name="floatingips", default_factory=list)
