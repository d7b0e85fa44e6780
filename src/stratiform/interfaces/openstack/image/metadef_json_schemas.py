"""The JSON schemas of metadata definitions. Source: Image API v2, "Metadata definition schemas"."""

from typing import get_args

from stratiform.interfaces.openstack.image.json_schemas import JsonSchema, build_collection_schema
from stratiform.interfaces.openstack.image.metadef_schemas import JsonType
from stratiform.services.image.model import METADEF_VISIBILITIES

_TEXT: JsonSchema = {"type": "string"}
_NAME: JsonSchema = {"type": "string", "maxLength": 80}
_BOOLEAN: JsonSchema = {"type": "boolean"}
_COUNT: JsonSchema = {"$ref": "#/definitions/positiveInteger"}
_STRINGS: JsonSchema = {"$ref": "#/definitions/stringArray"}
_TYPE: JsonSchema = {"type": "string", "enum": [*get_args(JsonType), None]}
_READ_ONLY_TEXT: JsonSchema = {"type": "string", "readOnly": True}
_READ_ONLY_TIME: JsonSchema = {"type": "string", "readOnly": True, "format": "date-time"}
_TIMES: JsonSchema = {"created_at": _READ_ONLY_TIME, "updated_at": _READ_ONLY_TIME}
_LINKS: JsonSchema = {"self": _READ_ONLY_TEXT, "schema": _READ_ONLY_TEXT}

_PROPERTY_ATTRIBUTES: JsonSchema = {
    "name": _NAME,
    "title": _TEXT,
    "description": _TEXT,
    "operators": {"type": "array", "items": _TEXT},
    "type": _TYPE,
    "required": _STRINGS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _COUNT,
    "minLength": _COUNT,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": _BOOLEAN,
    "default": {},
    "items": {"type": "object", "properties": {"type": _TYPE, "enum": {"type": "array"}}},
    "maxItems": _COUNT,
    "minItems": _COUNT,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": _BOOLEAN,
}
_DEFINITIONS: JsonSchema = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "stringArray": {"type": "array", "items": _TEXT, "uniqueItems": True},
    "property": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["title", "type"],
            "properties": _PROPERTY_ATTRIBUTES,
        },
    },
}
_OBJECT_ATTRIBUTES: JsonSchema = {
    "name": _NAME,
    "description": _TEXT,
    "required": _STRINGS,
    "properties": {"$ref": "#/definitions/property"},
}
_ASSOCIATION_ATTRIBUTES: JsonSchema = {"name": _NAME, "prefix": _NAME, "properties_target": _NAME}


def _schema(name: str, required: list[str], *attributes: JsonSchema) -> JsonSchema:
    properties = {key: value for part in attributes for key, value in part.items()}
    return {
        "name": name,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "definitions": _DEFINITIONS,
    }


_NAMESPACE = _schema(
    "namespace",
    ["namespace"],
    {
        "namespace": {**_NAME, "description": "The unique name of the namespace."},
        "display_name": _NAME,
        "description": {"type": "string", "maxLength": 500},
        "visibility": {"type": "string", "enum": list(METADEF_VISIBILITIES)},
        "protected": {"type": "boolean", "description": "If true, namespace will not be deletable."},
        "owner": {"type": "string", "maxLength": 255},
        "resource_type_associations": {
            "type": "array",
            "items": {"type": "object", "properties": _ASSOCIATION_ATTRIBUTES},
        },
        "properties": {"$ref": "#/definitions/property"},
        "objects": {"type": "array", "items": {"type": "object", "properties": _OBJECT_ATTRIBUTES}},
        "tags": {"type": "array", "items": {"type": "object", "properties": {"name": _NAME}}},
    },
    _TIMES,
    _LINKS,
)
_OBJECT = _schema("object", ["name"], _OBJECT_ATTRIBUTES, _TIMES, _LINKS)
_PROPERTY = _schema("property", ["name", "title", "type"], _PROPERTY_ATTRIBUTES)
_TAG = _schema("tag", ["name"], {"name": _NAME}, _TIMES)
_ASSOCIATION = _schema("resource_type_association", ["name"], _ASSOCIATION_ATTRIBUTES, _TIMES)

#: The schemas by name, as in `/v2/schemas/metadefs/NAME`.
METADEF_JSON_SCHEMAS = {
    "namespace": _NAMESPACE,
    "namespaces": build_collection_schema("namespaces", _NAMESPACE),
    "object": _OBJECT,
    "objects": build_collection_schema("objects", _OBJECT),
    "property": _PROPERTY,
    "properties": build_collection_schema("properties", _PROPERTY),
    "tag": _TAG,
    "tags": build_collection_schema("tags", _TAG),
    "resource_type": _ASSOCIATION,
    "resource_types": build_collection_schema("resource_type_associations", _ASSOCIATION),
}
