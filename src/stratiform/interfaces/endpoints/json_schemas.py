"""JSON schemas of request and response types, with shared components.

Microversions and the operator's fields are described by `x-openstack`, as in OpenStack's own OpenAPI documents.
Source: OpenAPI 3.1; msgspec's JSON schemas; openstack-codegenerator for `x-openstack`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Never, NoReturn, get_args, get_type_hints

import msgspec
from msgspec import Struct, UnsetType

from stratiform.interfaces.endpoints.fields import ADMIN_ONLY, Since, Until
from stratiform.interfaces.endpoints.media_types import Schema

JsonSchema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"


class JsonSchemas:
    """The JSON schemas of `schemas` (types, or JSON schemas in which types occur).

    `components` are those that others refer to: structs, and JSON schemas with a title.
    """

    def __init__(self, schemas: Iterable[Schema]) -> None:
        types = list(dict.fromkeys(annotation for schema in schemas for annotation in types_in(schema)))
        structs = list(dict.fromkeys(struct for annotation in types for struct in find_structs(annotation)))
        json_schemas, self.components = msgspec.json.schema_components(
            [*types, *structs], schema_hook=_describe_custom_type, ref_template=_REFERENCE
        )
        self._by_type: dict[Any, JsonSchema] = dict(zip([*types, *structs], json_schemas, strict=True))

    def get(self, schema: Schema) -> Any:
        """Return the JSON schema of a type, or a JSON schema with those of the types in it."""
        if isinstance(schema, list):
            return [self.get(item) for item in schema]
        if isinstance(schema, Mapping):
            return self._with_title({name: self.get(value) for name, value in schema.items()})
        return schema if isinstance(schema, str | int | None) else self._by_type[schema]

    def resolve(self, struct: type[Struct]) -> JsonSchema:
        """Return the component of a struct."""
        name = self._by_type[struct]["$ref"].rpartition("/")[2]
        component: JsonSchema = self.components[name]
        return component

    def _with_title(self, json_schema: JsonSchema) -> JsonSchema:
        title = json_schema.get("title")
        if not isinstance(title, str):
            return json_schema
        assert self.components.setdefault(title, json_schema) == json_schema, f"two schemas are named {title}"
        return {"$ref": _REFERENCE.format(name=title)}


def parameter_schemas(
    struct: type[Struct], format_microversion: Callable[[int], str]
) -> Iterator[tuple[str, JsonSchema, bool]]:
    """Yield every field of a query or header struct: name, JSON schema, and True if it is required."""
    (reference,), components = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    component = components[reference["$ref"].rpartition("/")[2]]
    add_availability(component, struct, format_microversion)
    for name, json_schema in component["properties"].items():
        yield name, _without_null(json_schema), name in component["required"]


def find_structs(annotation: Any, seen: frozenset[type[Struct]] = frozenset()) -> Iterator[type[Struct]]:
    """Yield every struct in a type, and those in the fields of structs. `seen`: structs to leave out."""
    if isinstance(annotation, type) and issubclass(annotation, Struct) and annotation not in seen:
        yield annotation
        for hint in get_type_hints(annotation).values():
            yield from find_structs(hint, seen | {annotation})
    for argument in get_args(annotation):
        yield from find_structs(argument, seen)


def _describe_custom_type(annotation: type) -> JsonSchema:
    """Describe a type that msgspec has no schema for: `object`, which is any JSON value."""
    if annotation is object:
        return {"type": ["object", "array", "string", "number", "boolean", "null"]}
    raise NotImplementedError


def types_in(schema: Schema) -> Iterator[Any]:
    """Yield the types in a schema."""
    if isinstance(schema, Mapping):
        yield from types_in(list(schema.values()))
    elif isinstance(schema, Sequence) and not isinstance(schema, str):
        for item in schema:
            yield from types_in(item)
    elif not isinstance(schema, str | int | None):
        yield schema


def allow_extra_properties(json_schema: JsonSchema) -> None:
    """Describe an extensible struct: it may have any properties beside the declared ones."""
    del json_schema["properties"]["*"]
    json_schema["additionalProperties"] = True


def add_availability(json_schema: JsonSchema, struct: type[Struct], format_microversion: Callable[[int], str]) -> None:
    """Add the microversions of fields, and which of them only operators see."""
    hints = get_type_hints(struct, include_extras=True)
    for name, encoded in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        availability: JsonSchema = {}
        for metadata in getattr(hints[name], "__metadata__", ()):
            if isinstance(metadata, Since):
                availability["min-ver"] = format_microversion(metadata.minor)
            elif isinstance(metadata, Until):
                availability["max-ver"] = format_microversion(metadata.minor)
            elif metadata is ADMIN_ONLY:
                availability["admin-only"] = True
        if availability:
            json_schema["properties"][encoded]["x-openstack"] = availability


def _without_null(json_schema: JsonSchema) -> JsonSchema:
    """Return the schema of a parameter: an optional one is omitted, never null."""
    without_default = {name: value for name, value in json_schema.items() if name != "default" or value is not None}
    options = [option for option in without_default.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return {**options[0], **without_default}
    return {**without_default, "anyOf": options} if options else without_default


def is_schema(annotation: Any) -> bool:
    """Return True if an annotation has a JSON schema: values exist, and they are not UNSET."""
    return annotation not in (None, NoneType, UnsetType, NoReturn, Never)
