"""The entry of the Clouds API, which is the REST API, in the service catalog."""

from stratiform.services.identity.model import CatalogService

#: Type of the service as in AccentOS, whose operators create another service with this type and the name `clouds`.
CATALOG_SERVICE = CatalogService("clouds", "stratiform", "/api/v1")
