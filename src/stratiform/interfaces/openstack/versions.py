"""Version documents and request ids. Source: the "Versions" sections of the API references."""

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.response import Redirect
from litestar.types import Message, Scope

from stratiform.interfaces.openstack.microversions import COMPUTE, VOLUME
from stratiform.interfaces.services import Request, get, request_id, services_of

__all__ = ["documents", "tell_request_id"]

#: What each service says of itself.
_SERVICES: dict[str, dict[str, str]] = {
    "identity": {"id": "v3.14", "path": "/identity/v3/", "updated": "2020-04-07T00:00:00Z"},
    "compute": {"id": "v2.1", "path": "/compute/v2.1/", "updated": "2013-07-23T11:33:21Z"},
    "network": {"id": "v2.0", "path": "/network/v2.0/", "updated": "2016-01-01T00:00:00-00:00"},
    "volume": {"id": "v3.0", "path": "/volume/v3/", "updated": "2025-01-01T00:00:00Z"},
    "image": {"id": "v2.9", "path": "/image/v2/", "updated": ""},
}

_SPOKEN = {"compute": COMPUTE, "volume": VOLUME}


async def tell_request_id(message: Message, scope: Scope) -> None:
    """Every answer tells the id of its request, also where no route was found."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], (b"x-openstack-request-id", request_id(scope).encode())]


def version_of(service: str, url: str) -> dict[str, Any]:
    """One service's version entry; `url` is what clients reach us by, without a slash at the end."""
    said = _SERVICES[service]
    entry: dict[str, Any] = {
        "id": said["id"],
        "status": "CURRENT" if service != "identity" else "stable",
        "links": [{"rel": "self", "href": url + said["path"]}],
    }
    if said["updated"]:
        entry["updated"] = said["updated"]
    if service == "identity":
        entry["media-types"] = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
    spoken = _SPOKEN.get(service)
    if spoken is not None:
        entry |= {"version": spoken.text(spoken.last), "min_version": spoken.text(spoken.first)}
    return entry


def _root(service: str) -> Callable[[Request], Response[Any]]:
    def show_versions(request: Request) -> Response[Any]:
        entry = version_of(service, services_of(request).url)
        if service == "identity":
            return Response({"versions": {"values": [entry]}}, status_code=300)
        return Response({"versions": [entry]}, status_code=300 if service in ("image", "volume") else 200)

    return show_versions


def _version(service: str) -> Callable[[Request], Response[Any]]:
    def show_version(request: Request) -> Response[Any]:
        entry = version_of(service, services_of(request).url)
        if service in ("volume", "image"):
            return Response({"versions": [entry]})
        if service == "network":
            return Response({"resources": [_collection(noun, entry) for noun in ("network", "subnet", "port")]})
        return Response({"version": entry})

    return show_version


def _collection(noun: str, entry: dict[str, Any]) -> dict[str, Any]:
    """One of Neutron's resources, as its version document lists them."""
    links = [{"rel": "self", "href": f"{entry['links'][0]['href']}{noun}s"}]
    return {"name": noun, "collection": f"{noun}s", "links": links}


@get("/", operation_id="everyVersion")
def show_everything(request: Request) -> Response[Any]:
    """Every service with its version; a browser is led to the dashboard."""
    if "text/html" in request.headers.get("accept", ""):
        return Redirect("/dashboard")
    url = services_of(request).url
    entries = [version_of(service, url) | {"service": service} for service in _SERVICES]
    return Response({"versions": entries})


def documents() -> list[Any]:
    """The routes that need no token: `/`, `/SERVICE` and `/SERVICE/VERSION`."""
    routes: list[Any] = [show_everything]
    for service, said in _SERVICES.items():
        routes.append(get(f"/{service}", operation_id=f"{service}Versions")(_root(service)))
        routes.append(get(said["path"].rstrip("/"), operation_id=f"{service}Version")(_version(service)))
    return routes
