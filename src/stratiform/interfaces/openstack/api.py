"""The declaration of one OpenStack API: catalog entries, version document, microversions, and its router."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Router
from litestar.middleware import DefineMiddleware

from stratiform.interfaces.endpoints import Api
from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.openstack.microversions import MicroversionMiddleware, Microversions
from stratiform.interfaces.openstack.version_documents import VersionDocuments
from stratiform.services.identity.model import CatalogService


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OpenStackApi(Api):
    """One OpenStack API. `catalog`: its entries in the service catalog; `versions`: its version documents."""

    catalog: tuple[CatalogService, ...]
    versions: VersionDocuments
    microversions: Microversions | None = None

    def format_microversion(self, minor: int) -> str:
        return f"{self.versions.id.lstrip('v').partition('.')[0]}.{minor}"

    def build_router(self) -> Router:
        """Return the routes of all endpoints."""
        if self.microversions is None:
            return build_router(self)
        middleware: Sequence[DefineMiddleware] = [DefineMiddleware(MicroversionMiddleware, versions=self.microversions)]
        return build_router(self, before_request=self.microversions.negotiate, middleware=middleware)
