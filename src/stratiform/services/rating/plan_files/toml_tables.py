"""Tables of a plan file: values with the location at which they stand, for error messages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from stratiform.kit.errors import Invalid

_MISSING = object()


@dataclass(frozen=True, slots=True)
class PlanFileTable:
    """A TOML table. `location` starts its error messages, such as `prices.toml: price 2 of version 1`."""

    values: Mapping[str, object]
    location: str = ""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def build_error(self, key: str, problem: str, hint: str = "") -> Invalid:
        """Return the error for a key (empty: for the table)."""
        return Invalid(": ".join(part for part in (self.location, key, problem) if part), hint=hint)

    def check_keys(self, allowed: Collection[str]) -> None:
        """Raises: Invalid for a key that is not in `allowed`."""
        for key in self.values:
            if key not in allowed:
                raise self.build_error("", f"unknown key '{key}'", suggest_options(key, allowed))

    def get(self, key: str, default: object = _MISSING) -> object:
        """Return a value. Raises: Invalid if it is missing and has no default"""
        if key in self.values:
            return self.values[key]
        if default is _MISSING:
            raise self.build_error("", f"'{key}' is missing")
        return default

    def get_text(self, key: str) -> str:
        """Return a text that is not empty. Raises: Invalid"""
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise self.build_error(key, "must be a string")
        return value

    def get_texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list, or the only text, without duplicates. Raises: Invalid"""
        value = self.get(key)
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(item, str) and item for item in items):
            raise self.build_error(key, "must be a string or a list of strings")
        return tuple(dict.fromkeys(items))

    def get_choice(self, key: str, options: Collection[str], default: object = _MISSING) -> str:
        """Return one of `options`. Raises: Invalid"""
        value = self.get(key, default)
        if value not in options:
            raise self.build_error(key, f"'{value}' is not one of {', '.join(options)}")
        return str(value)

    def get_tables(self, key: str, name: str, entry_location: str) -> "list[PlanFileTable]":
        """Return the array of tables `[[name]]` as tables at `entry_location`, which has a `{}` for the number."""
        entries = self.values.get(key)
        if not isinstance(entries, list) or not entries:
            raise self.build_error("", f"[[{name}]] is missing")
        if not all(isinstance(entry, dict) for entry in entries):
            raise self.build_error(key, "must be tables")
        return [PlanFileTable(entry, entry_location.format(number)) for number, entry in enumerate(entries, 1)]


def suggest_options(value: str, options: Collection[str]) -> str:
    """Return a hint with the options that are near to `value`, or else with all."""
    near = get_close_matches(value, options, 3)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(sorted(options)) or 'none'}"
