"""SlipStream's connector configuration: `NAME.PARAMETER = VALUE` for each instance in `cloud.connector.class`.

Source: SlipStream documentation, "CloudStack" and "Configuration Files"; parameters of SlipStreamConnectors;
escapes: java.util.Properties.
"""

import re

from stratiform.interfaces.cli.cloud_import.plan import (
    IgnoredEntry,
    ImportPlan,
    PlannedAccount,
    PlannedSetting,
    build_cloud_name,
    check_unique_names,
)
from stratiform.kit.errors import Invalid

FORMAT = "a connector configuration of SlipStream"

CLASS_PARAMETER = "cloud.connector.class"

#: The kind of cloud for each connector of SlipStream.
_KINDS = {
    "cloudstack": "cloudstack",
    "cloudstackadvancedzone": "cloudstack",
    "exoscale": "cloudstack",
    "openstack": "openstack",
    "otc": "openstack",
    "ec2": "aws",
}

#: The setting for each parameter, by kind of cloud. Users' credentials are parameters with the same prefix.
_SETTINGS = {
    "cloudstack": {
        "endpoint": "endpoint",
        "zone": "zone",
        "username": "api_key",
        "key": "api_key",
        "password": "secret_key",
        "secret": "secret_key",
    },
    "openstack": {
        "endpoint": "auth_url",
        "service.region": "region_name",
        "username": "username",
        "key": "username",
        "password": "password",
        "secret": "password",
        "tenant.name": "project_name",
        "tenant-name": "project_name",
        "domain.name": "user_domain_name",
        "domain-name": "user_domain_name",
    },
    "aws": {
        "username": "access_key",
        "key": "access_key",
        "password": "secret_key",
        "secret": "secret_key",
        "region": "region",
        "zone": "az",
    },
}

_SECRETS = ("password", "secret", "orchestrator.ssh.password")

_NO_ORCHESTRATOR = "not needed: deployments do not use an orchestrator machine"
_NO_CATALOG_CHOICE = "not needed: the service is selected from Keystone's catalog by its type"
_NETWORKS = "not needed: servers are created in the networks of the request"

#: Why parameters are not imported.
_REASONS = {
    "quota.vm": "not imported: set it with `stratiform clouds quotas set`",
    "orchestrator.imageid": _NO_ORCHESTRATOR,
    "orchestrator.instance.type": _NO_ORCHESTRATOR,
    "orchestrator.ssh.username": _NO_ORCHESTRATOR,
    "orchestrator.ssh.password": _NO_ORCHESTRATOR,
    "orchestrator.networks": _NO_ORCHESTRATOR,
    "native-contextualization": "not needed: user data is passed to servers of every image",
    "max.iaas.workers": "not supported per cloud: worker_threads limits the requests to all clouds",
    "service.type": _NO_CATALOG_CHOICE,
    "service.name": _NO_CATALOG_CHOICE,
    "identity.version": "not needed: version 3 of the Identity API is used",
    "network.public": _NETWORKS,
    "network.private": _NETWORKS,
    "floating.ips": "not needed: floating IPs are created and associated by request",
    "reuse.floating.ips": "not needed: floating IPs are created and associated by request",
    "security.groups": "not needed: servers have the security groups of the request, by default `default`",
    "objectStoreEndpoint": "object stores are not part of a cloud account",
    "update.clienturl": "not needed: nothing is installed on servers",
    "disabledMonitoring": "not supported: every cloud is observed",
}

_UNKNOWN = "not a parameter of this connector"

_UNSUPPORTED_IDENTITY = "uses version 2 of the Identity API, which is not supported"

#: Key and value; a backslash and the character after it belong together.
_ASSIGNMENT = re.compile(r"\s*((?:\\.|[^\s=:\\])+)\s*[=:]\s*((?:\\.|[^\\])*?)\s*")

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")

_CONTROL_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse_slipstream(text: str) -> ImportPlan:
    """Parse a connector configuration with any number of instances. Raises: Invalid."""
    parameters = _parse_properties(text)
    instances = _parse_instances(parameters.pop(CLASS_PARAMETER, ""))
    ignored: list[IgnoredEntry] = []
    accounts = []
    for name, connector in instances.items():
        prefix = f"{name}."
        own = {key.removeprefix(prefix): parameters.pop(key) for key in list(parameters) if key.startswith(prefix)}
        account, entries = _build_account(name, connector, own)
        accounts.append(account)
        ignored += entries
    reason = f"not a parameter of an instance in {CLASS_PARAMETER}"
    ignored += [IgnoredEntry(key, reason) for key in parameters]
    return ImportPlan(FORMAT, check_unique_names(accounts), tuple(ignored))


def _parse_properties(text: str) -> dict[str, str]:
    """Return the parameters of the file. The instances of several `cloud.connector.class` lines are joined."""
    parameters: dict[str, str] = {}
    for number, line in _join_lines(text):
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise Invalid(f"Line {number} is not `PARAMETER = VALUE`")
        key, value = (_unescape(text, number) for text in match.groups())
        if key == CLASS_PARAMETER and parameters.get(key):
            value = f"{parameters[key]},{value}"
        parameters[key] = value
    return parameters


def _join_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines with their numbers, without comments; an odd number of backslashes continues a line."""
    lines: list[tuple[int, str]] = []
    continued = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not continued and (not line.strip() or line.lstrip().startswith(("#", "!"))):
            continue
        joined = continued + (line.strip() if continued else line)
        backslashes = len(joined) - len(joined.rstrip("\\"))
        continued = joined[:-1] if backslashes % 2 else ""
        if not continued:
            lines.append((number, joined))
    if continued:
        lines.append((len(text.splitlines()), continued))
    return lines


def _unescape(text: str, number: int) -> str:
    """Return a key or value of line `number` without escapes. Raises: Invalid for a \\u without a character."""

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if escape == "u":
            raise Invalid(f"Line {number} has an invalid escape", hint="use \\u and four hexadecimal digits")
        return chr(int(escape[1:], 16)) if len(escape) > 1 else _CONTROL_CHARACTERS.get(escape, escape)

    characters = _ESCAPE.sub(replace, text)
    try:  # two escapes can be one character of UTF-16
        return characters.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise Invalid(f"Line {number} has an escape that is half a character") from error


def _parse_instances(value: str) -> dict[str, str]:
    """Return the connector of each instance: `a:cloudstack, b` has the instance `b` of the connector `b`."""
    instances: dict[str, str] = {}
    for entry in filter(None, map(str.strip, value.split(","))):
        name, _, connector = (each.strip() for each in entry.partition(":"))
        if not name or instances.get(name, connector or name) != (connector or name):
            raise Invalid(f"{CLASS_PARAMETER} has an invalid instance: '{entry}'", hint="use NAME:CONNECTOR")
        instances[name] = connector or name
    if not instances:
        raise Invalid(f"{CLASS_PARAMETER} is missing", hint=f"{CLASS_PARAMETER} = NAME:cloudstack")
    return instances


def _build_account(name: str, connector: str, parameters: dict[str, str]) -> tuple[PlannedAccount, list[IgnoredEntry]]:
    kind = _KINDS.get(connector, connector)
    names = _SETTINGS.get(kind, {})
    settings: dict[str, PlannedSetting] = {}
    ignored = []
    for parameter, value in parameters.items():
        label = f"{name}.{parameter}"
        setting = names.get(parameter)
        if setting is None:
            ignored.append(IgnoredEntry(label, _REASONS.get(parameter, _UNKNOWN)))
        elif not value:
            ignored.append(IgnoredEntry(label, "empty"))
        else:
            settings[setting] = PlannedSetting(setting, value, label, parameter in _SECRETS)
    if "user_domain_name" in settings:
        domain = settings["user_domain_name"]
        settings["project_domain_name"] = PlannedSetting("project_domain_name", domain.value, domain.label)
    problem = _UNSUPPORTED_IDENTITY if parameters.get("identity.version") == "v2" else ""
    account = PlannedAccount(build_cloud_name(name), kind, f"instance {name}", tuple(settings.values()), problem)
    return account, ignored
