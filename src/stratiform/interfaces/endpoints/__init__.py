"""Declared endpoints: one declaration has method, path, microversions, policy rule, schemas and errors of a route.

Owns: dispatch, decoding, encoding, authorization before anything is decoded. Does not own: any endpoint.
"""

from stratiform.interfaces.endpoints.declaration import Action, Api, Endpoint
from stratiform.interfaces.endpoints.extra_attributes import ExtensibleStruct
from stratiform.interfaces.endpoints.field_restrictions import ADMIN_ONLY, Since, Until
from stratiform.interfaces.endpoints.request import ApiRequest, ApiResponse, ViewContext

__all__ = [
    "ADMIN_ONLY",
    "Action",
    "Api",
    "ApiRequest",
    "ApiResponse",
    "Endpoint",
    "ExtensibleStruct",
    "Since",
    "Until",
    "ViewContext",
]
