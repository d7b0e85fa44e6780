"""Random JSON values for a JSON schema: mostly valid ones, and ones with a few wrong, missing or additional values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

#: Texts that programs often handle wrongly: numbers, times, addresses, names of nothing, unusual characters.
TEXTS = (
    "",
    " ",
    "x",
    "0",
    "-1",
    "1e999",
    "true",
    "None",
    "null",
    "\x00",
    "\ud7ff",
    "\U0001f600",
    "é",
    "%s",
    "%(project_id)s",
    "../../etc/passwd",
    "a" * 300,
    "a,b",
    "a:b",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:00",
    "0001-01-01T00:00:00+23:00",
    "10.0.0.0/8",
    "192.0.2.1",
    "2001:db8::/64",
    "::ffff:1.2.3.4",
    "fa:16:3e:00:00:01",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "00000000-0000-4000-8000-00000000dead",
    "[",
    "{}",
    "*",
    "$",
    "(",
)

INTEGERS = (0, 1, 2, -1, 4, 6, 64, 80, 255, 1500, 65536, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30)

#: The depth at which containers are empty, because schemas may contain themselves.
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class RandomBodies:
    """Values for schemas whose references are to `components`. `identifiers`: ids of resources that exist."""

    random: Random
    components: Mapping[str, Any]
    identifiers: Sequence[str] = ()
    mistakes: float = 0.05

    def create(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        """Return a value that is probably valid by `schema`."""
        if self.random.random() < self.mistakes:
            return self._any_value(depth)
        if "$ref" in schema:
            return self.create(self.components[schema["$ref"].rpartition("/")[2]], depth)
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self.create(self.random.choice(schema[key]), depth)
        if schema.get("enum"):
            return self.random.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type", "object" if "properties" in schema else "any")
        if isinstance(kind, list):
            kind = self.random.choice(kind)
        return self._create_of_type(kind, schema, depth)

    def _create_of_type(self, kind: str, schema: Mapping[str, Any], depth: int) -> Any:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            size = 0 if depth > _MAX_DEPTH else max(schema.get("minItems", 0), self.random.randrange(3))
            return [self.create(schema.get("items") or {}, depth + 1) for _ in range(size)]
        if kind == "string":
            return self._text()
        if kind == "integer":
            bounds = [schema[key] for key in ("minimum", "maximum") if key in schema]
            return self.random.choice([*INTEGERS, *bounds])
        if kind == "number":
            return self.random.choice([*INTEGERS, 0.5, -1e300, 1e-9])
        if kind == "boolean":
            return self.random.random() < 0.5
        return None if kind == "null" else self._any_value(depth)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        value = {
            name: self.create(item, depth + 1)
            for name, item in schema.get("properties", {}).items()
            if (name in required and self.random.random() > self.mistakes)
            or (depth <= _MAX_DEPTH and self.random.random() < 0.4)
        }
        additional = schema.get("additionalProperties", True)
        if additional is not False and depth <= _MAX_DEPTH and self.random.random() < 0.2:
            item = additional if isinstance(additional, Mapping) else {}
            value[self._text()] = self.create(item, depth + 1)
        return value

    def _text(self) -> str:
        if self.identifiers and self.random.random() < 0.5:
            return self.random.choice(self.identifiers)
        return self.random.choice(TEXTS)

    def _any_value(self, depth: int) -> Any:
        choices: list[Any] = [None, True, False, self._text(), self.random.choice(INTEGERS), 0.5, [], {}]
        if depth <= _MAX_DEPTH:
            choices += [[self._any_value(depth + 2)], {self._text(): self._any_value(depth + 2)}]
        return self.random.choice(choices)
