"""The path of the API, and its entry in the service catalog."""

from stratiform.services.identity.model import CatalogService

PATH = "/ec2"

CATALOG_SERVICE = CatalogService("ec2", "ec2", PATH)
