"""AccentOS Clouds: `clouds.conf`, and the sections of `aos.conf` that it overrides.

Source: AccentOS, "Clouds: Installation and configuration", "Configuration file".
"""

import re

from stratiform.interfaces.cli.cloud_import.ini_sections import parse_sections
from stratiform.interfaces.cli.cloud_import.plan import IgnoredEntry, ImportPlan, PlannedSetting
from stratiform.kit.errors import Invalid

FORMAT = "a configuration file of AccentOS Clouds"

_REASONS = {
    ("api", "logfile"): "not supported: the API logs to standard error, or to HOME/stratiform.log with --detach",
}

#: The character set of connections that has only characters of up to three bytes.
_CHARSET = re.compile(r"(?<=[?&]charset=)(utf8|utf8mb3)(?=&|$)")

_UNKNOWN = "not an option of AccentOS Clouds"


def is_accentos(text: str) -> bool:
    """Return True for text with an option that only AccentOS has: `[database] url` or `[api] logfile`."""
    try:
        sections = parse_sections(text)
    except Invalid:
        return False
    return "url" in sections.get("database", {}) or "logfile" in sections.get("api", {})


def parse_accentos(text: str) -> ImportPlan:
    """Parse `clouds.conf`. It has no cloud accounts: AccentOS adds them with a command. Raises: Invalid."""
    settings: list[PlannedSetting] = []
    ignored: list[IgnoredEntry] = []
    for section, options in parse_sections(text).items():
        for name, value in options.items():
            label = f"{section}.{name}"
            if (section, name) == ("database", "url") and value:
                url, replaced = _CHARSET.subn("utf8mb4", value)
                settings.append(PlannedSetting("database_url", url, label, is_secret=True))
                ignored += [IgnoredEntry(f"{label} charset", "replaced by utf8mb4: utf8 lacks characters")] * replaced
            else:
                ignored.append(IgnoredEntry(label, _REASONS.get((section, name), _UNKNOWN) if value else "empty"))
    if not settings:
        ignored.append(IgnoredEntry("database.url", "missing or empty: the database of the home is used"))
    return ImportPlan(FORMAT, ignored=tuple(ignored), home_settings=tuple(settings))
