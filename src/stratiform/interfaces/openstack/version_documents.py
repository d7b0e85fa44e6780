"""Version documents: `/`, `/SERVICE` and `/SERVICE/VERSION`. They need no token.

Source: the "Versions" sections of the API references.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from stratiform.interfaces.http import Request, get, get_services

if TYPE_CHECKING:
    from stratiform.interfaces.openstack.api import OpenStackApi

Document = Mapping[str, object]

#: Makes the response of `/SERVICE` or `/SERVICE/VERSION` from the entry of the only version.
DocumentFormat = Callable[[Document], Response[Document]]


def build_version_list(entry: Document) -> Response[Document]:
    """The list of Neutron."""
    return Response({"versions": [entry]})


def build_nova_version_list(entry: Document) -> Response[Document]:
    """Nova's list starts with version 2.0, which is version 2.1 without microversions."""
    links = entry["links"]
    assert isinstance(links, list)
    legacy = {
        "id": "v2.0",
        "status": "DEPRECATED",
        "version": "",
        "min_version": "",
        "updated": "2011-01-21T11:33:21Z",
        "links": [{"rel": "self", "href": links[0]["href"].replace("/v2.1/", "/v2/")}],
    }
    return Response({"versions": [legacy, entry]})


def build_version_choices(entry: Document) -> Response[Document]:
    """The list of Cinder and Glance."""
    return Response({"versions": [entry]}, status_code=300)


def build_keystone_version_list(entry: Document) -> Response[Document]:
    return Response({"versions": {"values": [entry]}}, status_code=300)


def build_version_document(entry: Document) -> Response[Document]:
    """The document of Keystone and Nova."""
    return Response({"version": entry})


def build_neutron_resource_list(entry: Document) -> Response[Document]:
    """Neutron's document lists its resources."""
    links = entry["links"]
    assert isinstance(links, list)
    base = links[0]["href"]
    resources = [
        {"name": noun, "collection": f"{noun}s", "links": [{"rel": "self", "href": f"{base}{noun}s"}]}
        for noun in ("network", "subnet", "port")
    ]
    return Response({"resources": resources})


@dataclass(frozen=True, slots=True)
class VersionDocuments:
    """The only version of an API: its id and date, and the formats of its documents.

    `list_alias`: a second path of the list below `/SERVICE`, with status 200.
    """

    id: str
    updated: str
    list: DocumentFormat
    show: DocumentFormat
    status: str = "CURRENT"
    media_type: str = ""
    list_alias: str = ""


def build_version_entry(api: "OpenStackApi", url: str) -> dict[str, object]:
    """Return the entry of an API's version; `url` is the public address without a slash at the end."""
    versions = api.versions
    entry: dict[str, object] = {
        "id": versions.id,
        "status": versions.status,
        "links": [{"rel": "self", "href": f"{url}{api.path}/"}],
    }
    if versions.updated:
        entry["updated"] = versions.updated
    if versions.media_type:
        entry["media-types"] = [{"base": "application/json", "type": versions.media_type}]
    if api.microversions is not None:
        microversions = api.microversions
        entry |= {
            "version": microversions.format_version(microversions.last),
            "min_version": microversions.format_version(microversions.first),
        }
    return entry


def build_version_routes(apis: Sequence["OpenStackApi"]) -> list[HTTPRouteHandler]:
    """Return the routes of all version documents; a browser is redirected from `/` to the portal."""

    @get("/", operation_id="allVersions")
    def list_all(request: Request) -> Response[Document] | Redirect:
        if "text/html" in request.headers.get("accept", ""):
            return Redirect("/dashboard")
        url = get_services(request).url
        return Response({"versions": [build_version_entry(api, url) | {"service": api.name} for api in apis]})

    routes = [list_all]
    for api in apis:
        routes.append(_route(f"/{api.name}", f"{api.name}Versions", api, api.versions.list))
        routes.append(_route(api.path, f"{api.name}Version", api, api.versions.show))
        if api.versions.list_alias:
            alias = f"/{api.name}/{api.versions.list_alias}"
            routes.append(_route(alias, f"{api.name}VersionsAlias", api, _with_status_ok(api.versions.list)))
    return routes


def _with_status_ok(document_format: DocumentFormat) -> DocumentFormat:
    return lambda entry: Response(document_format(entry).content)


def _route(path: str, operation_id: str, api: "OpenStackApi", document_format: DocumentFormat) -> HTTPRouteHandler:
    @get(path, operation_id=operation_id)
    def document(request: Request) -> Response[Document]:
        return document_format(build_version_entry(api, get_services(request).url))

    return document
