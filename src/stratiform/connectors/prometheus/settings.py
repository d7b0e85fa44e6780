"""Settings of a Prometheus server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.setting_values import check_authority, check_url
from stratiform.kit.errors import Invalid

SETTINGS = (
    Setting("url", "URL of Prometheus, such as https://prometheus.example:9090."),
    Setting("token", "Bearer token, if required.", secret=True, required=False),
    Setting("username", "User name for basic authentication, if required.", required=False),
    Setting("password", "Password of that user.", secret=True, required=False),
    Setting("cacert", "File with CA certificates to use instead of the system's.", required=False),
)


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """Validated settings of one Prometheus server."""

    url: str
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    cacert: str = ""


def parse_settings(settings: Mapping[str, str]) -> PrometheusSettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values = validate_settings("prometheus", SETTINGS, settings)
    check_url("url", values["url"])
    if urlsplit(values["url"]).query:
        raise Invalid("setting 'url' must be a URL without a query")
    if values["token"] and values["username"]:
        raise Invalid("settings 'token' and 'username' are mutually exclusive")
    if bool(values["username"]) != bool(values["password"]):
        raise Invalid("settings 'username' and 'password' must be set together")
    check_authority("cacert", values["cacert"])
    return PrometheusSettings(**values)
