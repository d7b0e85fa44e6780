"""Import plans: the cloud accounts that a file describes, and the entries that are ignored, with the reasons."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.errors import Invalid

_MAX_NAME_LENGTH = 63


@dataclass(frozen=True, slots=True)
class PlannedSetting:
    """A setting of a connector, and the entry of the file that it comes from. `is_assumed`: the file does not have it.

    A setting is shown as `***` if `is_secret` or if its connector declares it as secret. `is_optional`: it is left out
    if the connector does not declare it.
    """

    name: str
    value: str = field(repr=False)
    label: str
    is_secret: bool = False
    is_assumed: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """A cloud account to add. `problem` is the reason why it cannot be imported; usually empty."""

    name: str
    kind: str
    label: str
    settings: tuple[PlannedSetting, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlannedBinding:
    """A binding of a project, by name or ID, to a planned account; the account's name is the availability zone."""

    project: str
    cloud: str


@dataclass(frozen=True, slots=True)
class IgnoredEntry:
    """An entry of the file that is not imported."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The result of parsing a file. `home_settings` are settings of the installation (stratiform.toml), in order."""

    format: str
    accounts: tuple[PlannedAccount, ...] = ()
    ignored: tuple[IgnoredEntry, ...] = ()
    home_settings: tuple[PlannedSetting, ...] = ()
    bindings: tuple[PlannedBinding, ...] = ()

    def select(self, names: Sequence[str]) -> "ImportPlan":
        """Return the plan with only the accounts `names`; all if it is empty. Raises: Invalid for an unknown name."""
        names_in_file = [account.name for account in self.accounts]
        for name in names:
            if name not in names_in_file:
                raise Invalid(
                    f"The file does not describe a cloud '{name}'", hint=f"clouds: {', '.join(names_in_file)}"
                )
        accounts = tuple(account for account in self.accounts if not names or account.name in names)
        return replace(self, accounts=accounts)

    def bind(self, projects: Sequence[str]) -> "ImportPlan":
        """Return the plan with bindings of each project to each account, in the order of the file."""
        bindings = tuple(PlannedBinding(project, account.name) for project in projects for account in self.accounts)
        return replace(self, bindings=bindings)


#: A parser of one format: from the text of a file to a plan. Raises: Invalid, without secrets of the file.
Parser = Callable[[str], ImportPlan]


def build_cloud_name(text: str) -> str:
    """Return a valid cloud name for a name in another system: `OpenStack 1` becomes `openstack-1`. Raises: Invalid."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MAX_NAME_LENGTH].rstrip("-")
    if not name:
        raise Invalid(f"'{text}' cannot be converted to a cloud name", hint="use letters and digits")
    return name


def check_unique_names(accounts: Sequence[PlannedAccount]) -> tuple[PlannedAccount, ...]:
    """Return the accounts. Raises: Invalid if two of them have the same name."""
    labels: dict[str, str] = {}
    for account in accounts:
        if account.name in labels:
            raise Invalid(
                f"{labels[account.name]} and {account.label} are both named '{account.name}' as clouds",
                hint="rename one of them in the file",
            )
        labels[account.name] = account.label
    return tuple(accounts)
