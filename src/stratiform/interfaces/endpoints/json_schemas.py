"""JSON schemas of request and response types, with shared components.

msgspec describes the types without structs. Structs are described here, because msgspec has no schema for a union of
several structs. Microversions and the operator's fields are described by `x-openstack`, as in OpenStack's own OpenAPI
documents. Source: OpenAPI 3.1; openstack-codegenerator for `x-openstack`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Never, NoReturn, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.endpoints.extra_attributes import ExtensibleStruct
from stratiform.interfaces.endpoints.field_restrictions import ADMIN_ONLY, Since, Until
from stratiform.interfaces.endpoints.media_types import Schema

JsonSchema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_ANY_VALUE = {"type": ["object", "array", "string", "number", "boolean", "null"]}


@dataclass(frozen=True, slots=True)
class SchemaComponents:
    """The schemas that others refer to, by name: structs, enumerations, and JSON schemas with a title."""

    schemas: dict[str, JsonSchema] = field(default_factory=dict)
    names: dict[type[Struct], str] = field(default_factory=dict)

    def add(self, struct: type[Struct]) -> str:
        """Return a new name: that of the struct, or with the module if another struct has it."""
        name = struct.__name__
        if name in self.schemas:
            name = re.sub(r"[^\w.]", "_", f"{struct.__module__}.{struct.__qualname__}")
        self.names[struct] = name
        self.schemas[name] = {}
        return name


@dataclass(frozen=True, slots=True)
class JsonSchemas:
    """The JSON schemas of one API's types. `format_microversion` returns microversions as clients write them."""

    format_microversion: Callable[[int], str] = str
    components: SchemaComponents = field(default_factory=SchemaComponents)

    def get(self, schema: Schema) -> Any:
        """Return the JSON schema of a type, or a JSON schema with those of the types in it."""
        if isinstance(schema, list):
            return [self.get(item) for item in schema]
        if isinstance(schema, Mapping):
            return self._with_title({name: self.get(value) for name, value in schema.items()})
        return schema if isinstance(schema, str | int | None) else self._describe(schema)

    def iterate_fields(self, struct: type[Struct]) -> Iterator[tuple[str, JsonSchema, bool]]:
        """Yield every field of a query or header struct: name, JSON schema, and True if it is required."""
        description = self._describe_struct(struct)
        for name, json_schema in description["properties"].items():
            yield name, _without_null(json_schema), name in description["required"]

    def _with_title(self, json_schema: JsonSchema) -> JsonSchema:
        title = json_schema.get("title")
        if not isinstance(title, str):
            return json_schema
        registered = self.components.schemas.setdefault(title, json_schema)
        assert registered == json_schema, f"two schemas are named {title}"
        return {"$ref": _REFERENCE.format(name=title)}

    def _describe(self, annotation: object) -> JsonSchema:
        if not _has_struct(annotation):
            return self._describe_plain(annotation)
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return {**self._describe(arguments[0]), **_describe_metadata(arguments[1:])}
        if origin in (Union, UnionType):
            options = [self._describe(argument) for argument in arguments if argument is not UnsetType]
            return options[0] if len(options) == 1 else {"anyOf": options}
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            return {"$ref": _REFERENCE.format(name=self._component(annotation))}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self._describe(arguments[1])}
        return {"type": "array", "items": self._describe(arguments[0])}

    def _describe_plain(self, annotation: object) -> JsonSchema:
        (json_schema,), components = msgspec.json.schema_components(
            [annotation], schema_hook=_describe_custom_type, ref_template=_REFERENCE
        )
        self.components.schemas.update(components)
        return dict(json_schema)

    def _component(self, struct: type[Struct]) -> str:
        name = self.components.names.get(struct)
        if name is None:
            name = self.components.add(struct)  # before its fields, which may refer to it
            self.components.schemas[name].update(self._describe_struct(struct))
        return name

    def _describe_struct(self, struct: type[Struct]) -> JsonSchema:
        hints = get_type_hints(struct, include_extras=True)
        declared = [item for item in msgspec.structs.fields(struct) if item.encode_name != "*"]
        description: JsonSchema = {
            "title": struct.__name__,
            "type": "object",
            "properties": {item.encode_name: self._describe_field(hints[item.name], item) for item in declared},
            "required": [item.encode_name for item in declared if item.required],
        }
        if struct.__dict__.get("__doc__"):
            description["description"] = " ".join(struct.__dict__["__doc__"].split())
        if struct.__struct_config__.forbid_unknown_fields:
            description["additionalProperties"] = False
        if issubclass(struct, ExtensibleStruct):
            description["additionalProperties"] = True
        return description

    def _describe_field(self, hint: object, item: msgspec.structs.FieldInfo) -> JsonSchema:
        json_schema = self._describe(hint)
        availability = self._availability(getattr(hint, "__metadata__", ()))
        if availability:
            json_schema["x-openstack"] = availability
        if item.default_factory in (list, dict):
            json_schema["default"] = item.default_factory()
        elif item.default is not msgspec.NODEFAULT and item.default is not UNSET:
            json_schema["default"] = msgspec.to_builtins(item.default)
        return json_schema

    def _availability(self, metadata: tuple[object, ...]) -> JsonSchema:
        """Return the microversions of a field, and whether only operators see it."""
        availability: JsonSchema = {}
        for item in metadata:
            if isinstance(item, Since):
                availability["min-ver"] = self.format_microversion(item.minor)
            elif isinstance(item, Until):
                availability["max-ver"] = self.format_microversion(item.minor)
            elif item is ADMIN_ONLY:
                availability["admin-only"] = True
        return availability


def has_schema(annotation: object) -> bool:
    """Return True if an annotation has a JSON schema: values exist, and they are not UNSET."""
    return annotation not in (None, NoneType, UnsetType, NoReturn, Never)


def _has_struct(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return True
    return any(_has_struct(argument) for argument in get_args(annotation))


def _describe_metadata(metadata: tuple[object, ...]) -> JsonSchema:
    """Return title and description of an annotation with a struct in it."""
    texts: JsonSchema = {}
    for item in metadata:
        if isinstance(item, Meta):
            texts |= {"title": item.title} if item.title else {}
            texts |= {"description": item.description} if item.description else {}
    return texts


def _describe_custom_type(annotation: type) -> JsonSchema:
    """Describe a type that msgspec has no schema for: `object`, which is any JSON value."""
    if annotation is object:
        return _ANY_VALUE
    raise NotImplementedError


def _without_null(json_schema: JsonSchema) -> JsonSchema:
    """Return the schema of a parameter: an optional one is omitted, never null."""
    without_default = {name: value for name, value in json_schema.items() if name != "default" or value is not None}
    options = [option for option in without_default.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return {**options[0], **without_default}
    return {**without_default, "anyOf": options} if options else without_default
