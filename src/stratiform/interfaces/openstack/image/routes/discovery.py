"""`/schemas` and `/info`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import schemas
from stratiform.interfaces.openstack.image.api import api
from stratiform.interfaces.openstack.image.json_schemas import JSON_SCHEMAS, JsonSchema
from stratiform.interfaces.openstack.image.metadef_json_schemas import METADEF_JSON_SCHEMAS
from stratiform.kit.errors import NotFound
from stratiform.services.image import policy


@api.get("/schemas/{schema_name}", policy.SCHEMAS_GET)
def show_schema(request: ApiRequest, schema_name: str) -> JsonSchema:  # noqa: ARG001
    if schema_name not in JSON_SCHEMAS:
        raise NotFound(f"Schema {schema_name} not found")
    return JSON_SCHEMAS[schema_name]


@api.get("/schemas/metadefs/{schema_name}", policy.SCHEMAS_GET)
def show_metadef_schema(request: ApiRequest, schema_name: str) -> JsonSchema:  # noqa: ARG001
    if schema_name not in METADEF_JSON_SCHEMAS:
        raise NotFound(f"Schema {schema_name} not found")
    return METADEF_JSON_SCHEMAS[schema_name]


@api.get("/info/import", policy.IMPORT_INFO_GET)
def show_import_info(request: ApiRequest) -> schemas.ImportInfoResponse:
    available = list(request.services.image.image_imports.methods)
    methods = schemas.ImportMethods("Import methods available.", "array", available)
    return schemas.ImportInfoResponse(methods)


@api.get("/info/usage", policy.USAGE_INFO_GET)
def show_usage(request: ApiRequest) -> schemas.UsageResponse:
    """Show the quotas of the project and their usage."""
    usage = request.services.image.quotas.list_usage(request.ctx)
    return schemas.UsageResponse({name: schemas.Usage(limit, used) for name, (limit, used) in usage.items()})
