"""The settings that a configuration file is converted to, and one line of a report for each of its options."""

import json
from dataclasses import dataclass, field, fields

from stratiform.app import settings
from stratiform.app.almanach_import.files import Option

_DEFAULT = "(Almanach's default)"


@dataclass(slots=True)
class ConversionReport:
    """The settings, and the lines that explain them. Secrets are shown as `***`."""

    values: dict[str, object] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _secrets: frozenset[str] = frozenset(
        setting.name for setting in fields(settings.Settings) if setting.metadata.get("secret")
    )

    def add_setting(self, label: str, setting: str, value: object) -> None:
        """Set `setting`, because of the option or fact `label`."""
        self.values[setting] = value
        text = "***" if setting in self._secrets else json.dumps(value, ensure_ascii=False)
        self.lines.append(f"  {label:<44} {setting} = {text}")

    def add_option(self, option: Option | None, setting: str, value: object) -> None:
        """Set `setting` to the value of an option, or to Almanach's default if the file does not set the option."""
        self.add_setting(_DEFAULT if option is None else option.label, setting, value)

    def add_explanation(self, label: str, text: str) -> None:
        """Explain an option that is part of another setting."""
        self.lines.append(f"  {label:<44} {text}")

    def add_skipped_option(self, label: str, reason: str) -> None:
        """Explain why an option is not converted."""
        self.lines.append(f"- {label:<44} {reason}")
