"""Configuration files of Almanach, as each release reads them.

Up to 3.2, Almanach used Python 2's RawConfigParser: options of `[DEFAULT]` apply to all sections, there is no
interpolation, and environment variables override options. Since 3.3 it uses oslo.config: `[DEFAULT]` is a section of
its own, and `$name` is replaced by another option.
"""

import configparser
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from stratiform.app.almanach_import.options import RELEASE_1, RELEASE_3_3, RELEASE_4, AlmanachRelease, OptionKey
from stratiform.interfaces.cli.errors import CliError

#: The hint for files that are not Almanach's.
_FORMATS = "other formats: Atomia's XML, SlipStream's connectors, clouds.yaml, AccentOS's clouds.conf, Omni's sections"

_HEADER = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)

#: A reference to another option, or an escaped dollar sign.
_REFERENCE = re.compile(r"\$\$|\\\$|\$\{(?P<braced>[A-Za-z_][\w.]*)\}|\$(?P<plain>[A-Za-z_]\w*(\.\w+)?)")

Sections = dict[str, dict[str, str]]

#: Separates the name of an option in `RawConfigParser` from the number of the occurrence.
_OCCURRENCE = "\0"


class Option(NamedTuple):
    """An option that is set. `label` is its section and name, or its environment variable."""

    label: str
    value: str


class OverriddenOption(NamedTuple):
    """An option without effect, because another one with the same meaning takes precedence."""

    label: str
    reason: str


@dataclass(slots=True)
class _Occurrences:
    """The values of a file by section and name. Of several values of an option, the last one applies."""

    sections: Sections = field(default_factory=dict)
    labels: dict[OptionKey, str] = field(default_factory=dict)
    overridden: list[OverriddenOption] = field(default_factory=list)

    def add(self, key: OptionKey, label: str, value: str) -> None:
        """Add a value; `label` is its section and name as the file spells them."""
        section, name = key
        if key in self.labels:
            self.overridden.append(OverriddenOption(self.labels[key], f"set again as {label}: the last value applies"))
        self.labels[key] = label
        self.sections.setdefault(section, {})[name] = value


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The options of a file that are set, by section and name, and those that have no effect."""

    release: AlmanachRelease
    options: Mapping[OptionKey, Option]
    overridden: Iterable[OverriddenOption] = ()

    def find(self, key: OptionKey) -> Option | None:
        """Return an option with its references resolved, or None if it is not set or empty. Raises: CliError."""
        option = self.options.get(key)
        if option is None or not option.value:
            return None
        if self.release is RELEASE_1:
            return option
        return Option(option.label, self._resolve(key, ()))

    def _resolve(self, key: OptionKey, path: tuple[OptionKey, ...]) -> str:
        def replace(match: re.Match[str]) -> str:
            name = match["braced"] or match["plain"]
            return self._resolve(self._find_reference(key, name, path), (*path, key)) if name else "$"

        return _REFERENCE.sub(replace, self.options[key].value)

    def _find_reference(self, key: OptionKey, name: str, path: tuple[OptionKey, ...]) -> OptionKey:
        """Return the option that `name` refers to: in a section, in the same one, or in `DEFAULT`."""
        section, dot, option = name.partition(".")
        candidates = [(section.lower(), option)] if dot else [(key[0], name), ("DEFAULT", name)]
        for candidate in candidates:
            if candidate in self.options and candidate not in (*path, key):
                return candidate
        raise CliError(
            f"{self.options[key].label} refers to ${name}, which is not set in the file",
            "set it in the file, or write $$ for a dollar sign",
        )


def read_file(file: Path, environment: Mapping[str, str]) -> ConfigFile:
    """Read a configuration file of any release. Raises: CliError, without values of the file."""
    text = _read_text(file)
    headers = {header.strip() for header in _HEADER.findall(text)}
    first = {header for header in headers if header.upper() in RELEASE_1.sections}
    later = {header for header in headers if header.lower() in RELEASE_3_3.sections | RELEASE_4.sections}
    if first and later:
        raise CliError(
            f"{file} has sections of Almanach 1.0 to 3.2 ({_join(first)}) and of 3.3 or later ({_join(later)})",
            "remove the sections that Almanach does not use",
        )
    if not headers:
        raise CliError(f"{file} is not a valid configuration file: it does not have any sections", _FORMATS)
    if not first and not later and "DEFAULT" not in {header.upper() for header in headers}:
        raise CliError(f"{file} does not contain any of Almanach's sections", _FORMATS)
    if first or (not later and _has_options_of_release_1(_read_raw(file, text).sections)):
        return _build_release_1(_read_raw(file, text), environment)
    read = _read_oslo(file)
    options = {
        (section, name): Option(f"{section}.{name}", value)
        for section, values in read.sections.items()
        for name, value in values.items()
    }
    return ConfigFile(_choose_oslo_release(options), options, read.overridden)


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(f"{file} is not a valid configuration file: it is not UTF-8") from error
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error


def _read_raw(file: Path, text: str) -> _Occurrences:
    """Read sections as Python 2's RawConfigParser does; names of sections are converted to capitals."""
    parser = configparser.RawConfigParser(
        strict=False, default_section="", comment_prefixes=("#", ";", "rem "), inline_comment_prefixes=(";",)
    )
    counter = itertools.count()
    # keeps each occurrence of an option: they are merged below
    parser.optionxform = lambda optionstr: f"{optionstr}{_OCCURRENCE}{next(counter)}"  # type: ignore[method-assign]
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise _invalid(file, error.lineno) from error
    except configparser.ParsingError as error:
        raise _invalid(file, error.errors[0][0]) from error
    except configparser.Error as error:
        raise CliError(f"{file} is not a valid configuration file") from error
    occurrences = _Occurrences({name.strip().upper(): {} for name in parser.sections()})
    for section in parser.sections():
        for occurrence, value in parser.items(section):
            name = occurrence.partition(_OCCURRENCE)[0]
            occurrences.add((section.strip().upper(), name.lower()), f"{section.strip()}.{name}", value)
    return occurrences


def _read_oslo(file: Path) -> _Occurrences:
    """Read sections as oslo.config does; names of sections are converted to lower case, except `DEFAULT`."""
    from oslo_config import cfg  # not needed by other commands

    sections: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(file), sections).parse()
    except cfg.ParseError as error:
        raise _invalid(file, error.lineno) from error
    occurrences = _Occurrences()
    for section, options in sections.items():
        name = "DEFAULT" if section.upper() == "DEFAULT" else section.lower()
        occurrences.sections.setdefault(name, {})
        for option, values in options.items():
            for value in values:
                occurrences.add((name, option), f"{section}.{option}", value.strip())
    return occurrences


def _has_options_of_release_1(sections: Sections) -> bool:
    """Return True if `[DEFAULT]` has options that only Almanach 1.0 to 3.2 has."""
    names = {name for _, name in RELEASE_1.roles}
    names -= {name for release in (RELEASE_3_3, RELEASE_4) for _, name in release.roles}
    return not names.isdisjoint(sections.get("DEFAULT", {}))


def _build_release_1(read: _Occurrences, environment: Mapping[str, str]) -> ConfigFile:
    """Return the options that are set. Options of `[DEFAULT]` apply to every section that has an option of the name."""
    documented = (*RELEASE_1.roles, *RELEASE_1.unused)
    options: dict[OptionKey, Option] = {}
    for name, value in read.sections.get("DEFAULT", {}).items():
        users = [key for key in documented if key[1] == name]
        options |= {key: Option(f"DEFAULT.{name}", value) for key in users or [("DEFAULT", name)]}
    overriding: dict[OptionKey, Option] = {}
    for section, values in read.sections.items():
        if section != "DEFAULT":
            overriding |= {(section, name): Option(f"{section}.{name}", value) for name, value in values.items()}
    overridden = [*read.overridden, *_override(options, overriding)]
    variables: dict[OptionKey, Option] = {}
    for section, name in documented:
        variable = f"{section}_{name.upper()}"
        if environment.get(variable):
            variables[section, name] = Option(f"{variable} in the environment", environment[variable])
    overridden += _override(options, variables)
    return ConfigFile(RELEASE_1, options, overridden)


def _override(options: dict[OptionKey, Option], overriding: Mapping[OptionKey, Option]) -> Iterable[OverriddenOption]:
    """Replace options, and return those that have no effect any more."""
    replaced = {options[key].label: option.label for key, option in overriding.items() if key in options}
    options |= overriding
    used = {option.label for option in options.values()}
    return [OverriddenOption(label, f"overridden by {by}") for label, by in replaced.items() if label not in used]


def _choose_oslo_release(options: Mapping[OptionKey, Option]) -> AlmanachRelease:
    """Return the release that has the most of the options: 4, if several have."""
    return max((RELEASE_4, RELEASE_3_3), key=lambda release: len(options.keys() & {*release.roles, *release.unused}))


def _invalid(file: Path, line: int) -> CliError:
    """Return an error without the text of the line, which may be a password."""
    return CliError(f"{file} is not a valid configuration file: line {line} is neither a section nor an option")


def _join(headers: set[str]) -> str:
    return ", ".join(f"[{header}]" for header in sorted(headers))
