"""The entry of the Clouds API, which is the REST API, in the service catalog."""

from stratiform.services.identity.model import CatalogService

#: Type and name of the service as in AccentOS.
CATALOG_SERVICE = CatalogService("clouds", "clouds", "/api/v1")
