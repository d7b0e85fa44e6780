"""The declaration of resource types: attributes with type, default and rules, as in Neutron's attribute maps.

One implementation serves every declared type, see service/resource_collection.py. Source: neutron_lib/api/definitions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

from msgspec import Meta

from stratiform.kit.clock import Micros, format_iso_seconds
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.policy import Rule
from stratiform.services.network.model.resources import Attributes
from stratiform.services.network.policy import ResourceRules

Text = Annotated[str, Meta(max_length=255)]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Direction = Literal["ingress", "egress"]
Port = Annotated[int, Meta(ge=1, le=65535)]
IpVersion = Literal[4, 6]


class _Default(Enum):
    """The default of an attribute that a request must have."""

    REQUIRED = "required"


REQUIRED = _Default.REQUIRED

#: The attributes that Neutron gives to most resources, beside `id`, the project and those of the type.
STANDARD = frozenset({"name", "description", "tags", "timestamps"})


class Column(Enum):
    """How an attribute is stored. `NONE`: it is computed, or stored in rows of its own."""

    TEXT = "text"
    LONG_TEXT = "long text"
    NUMBER = "number"
    FLAG = "flag"
    JSON = "json"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a resource type.

    `type` is that of values in requests. `hidden`: neither requests nor responses have it. `filters`: lists can be
    filtered and sorted by it. `create_rule` and `update_rule` are required beside the type's own, for values other
    than the default; `read_rule` for the attribute to be in responses. `refers_to` is the table whose row cannot be
    deleted meanwhile, or (`cascades`) takes this resource with it.
    """

    name: str
    type: Any = Text
    default: Any = REQUIRED
    column: Column = Column.TEXT
    create: bool = True
    update: bool = True
    filters: bool = True
    nullable: bool = False
    hidden: bool = False
    create_rule: Rule | None = None
    update_rule: Rule | None = None
    read_rule: Rule | None = None
    refers_to: str = ""
    cascades: bool = False


def text(name: str, default: Any = "", kind: Any = Text, **options: Any) -> Attribute:
    options.setdefault("nullable", default is None)
    return Attribute(name, kind | None if default is None else kind, default, **options)


def flag(name: str, default: bool | None = False, **options: Any) -> Attribute:
    return Attribute(name, bool, default, Column.FLAG, **options)


def hidden(name: str, default: Any = "", **options: Any) -> Attribute:
    """Return a text that the service stores for itself."""
    return text(name, default, create=False, update=False, filters=False, hidden=True, **options)


def number(name: str, kind: Any = int, default: Any = REQUIRED, **options: Any) -> Attribute:
    kind = kind | None if default is None else kind
    return Attribute(name, kind, default, Column.NUMBER, nullable=default is None, **options)


def reference(name: str, table: str = "", default: Any = REQUIRED, **options: Any) -> Attribute:
    """Return an attribute with the id of another resource; without `table` the database does not check it."""
    kind = Identifier | None if default is None else Identifier
    return Attribute(name, kind, default, nullable=default is None, refers_to=table, **options)


def document(name: str, kind: Any, default: Any = REQUIRED, **options: Any) -> Attribute:
    """Return an attribute with a list or an object, stored as JSON."""
    options.setdefault("filters", False)
    return Attribute(name, kind, default, Column.JSON, nullable=default is None, **options)


def computed(name: str, **options: Any) -> Attribute:
    """Return an attribute that responses have and requests do not."""
    return Attribute(name, column=Column.NONE, create=False, update=False, **{"filters": False, **options})


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resources. `name` is the key of one resource in bodies, `collection` that of several.

    `path` may contain the id of a parent, stored in the attribute `parent`. `public`: every project sees all resources
    of the type. `owned` False: responses have no project. `unique`: attributes of which no two resources have the same
    values. `quota` is the name of the limit for the number of resources of a project. `id_name`: the name of the id in
    paths, if another API has resources of the same name. `has_null_texts`: an empty name or description is null.
    `has_id` False: responses have no id.
    """

    name: str
    collection: str
    path: str
    rules: ResourceRules
    not_found: type[NotFound]
    attributes: tuple[Attribute, ...]
    in_use: type[Conflict] | None = None
    duplicate: type[Conflict] | None = None
    standard: frozenset[str] = STANDARD
    parent: str = ""
    public: bool = False
    owned: bool = True
    unique: tuple[tuple[str, ...], ...] = ()
    quota: str = ""
    operations: frozenset[str] = frozenset({"create", "show", "list", "update", "delete"})
    id_name: str = ""
    has_null_texts: bool = False
    has_id: bool = True

    @property
    def table_name(self) -> str:
        return f"network_{self.name}"

    @property
    def id_parameter(self) -> str:
        """The name of the id in paths."""
        return self.id_name or f"{self.name}_id"

    @property
    def stored_attributes(self) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in self.attributes if attribute.column is not Column.NONE)

    @property
    def is_shareable(self) -> bool:
        """True if other projects may see a resource whose attribute `shared` is set."""
        return any(attribute.name == "shared" for attribute in self.stored_attributes)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a declared type. `values`: its stored attributes by name."""

    id: str
    project_id: str
    created_at: Micros
    updated_at: Micros
    name: str = ""
    description: str = ""
    tags: list[str] = field(default_factory=list)
    revision: int = 1
    values: Attributes = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def describe_resource(
    resource_type: ResourceType, resource: Resource, computed_values: Mapping[str, Any]
) -> Attributes:
    """Return the attributes of a resource as in the API's bodies, which notifications have, too."""
    body: Attributes = {"id": resource.id} if resource_type.has_id else {}
    for name in ("name", "description"):
        if name in resource_type.standard:
            value = getattr(resource, name)
            body[name] = None if resource_type.has_null_texts and not value else value
    if resource_type.owned:
        body |= {"project_id": resource.project_id, "tenant_id": resource.project_id}
    body |= {
        attribute.name: computed_values.get(attribute.name, resource.values.get(attribute.name))
        for attribute in resource_type.attributes
        if not attribute.hidden
    }
    if "tags" in resource_type.standard:
        body["tags"] = resource.tags
    if "timestamps" in resource_type.standard:
        body |= {
            "created_at": format_iso_seconds(resource.created_at),
            "updated_at": format_iso_seconds(resource.updated_at),
            "revision_number": resource.revision,
        }
    return body
