"""What must be told about one Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stratiform.contract.connector import Setting
from stratiform.kit.errors import Invalid

SETTINGS = (
    Setting("url", "URL of Prometheus, such as https://prometheus.example:9090."),
    Setting("token", "Bearer token, where one is needed.", secret=True, required=False),
    Setting("username", "User, where a name and a password are needed.", required=False),
    Setting("password", "Password of that user.", secret=True, required=False),
    Setting("cacert", "File with the certificates to trust, instead of the system's own.", required=False),
)


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """The settings of one Prometheus, checked. What is secret isn't printed."""

    url: str
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    cacert: str = ""


def parse(given: Mapping[str, str]) -> PrometheusSettings:
    """Raises Invalid, naming the setting, where one is missing, unknown or wrong."""
    known = [setting.name for setting in SETTINGS]
    for name in given:
        if name not in known:
            raise Invalid(f"prometheus has no setting '{name}'", hint=f"it has: {', '.join(known)}")
    if not given.get("url"):
        raise Invalid("prometheus needs the setting 'url'", hint=SETTINGS[0].help)
    url = urlsplit(given["url"])
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
        raise Invalid("the setting 'url' must be a URL that begins with http:// or https://, with no user and no query")
    if given.get("token") and given.get("username"):
        raise Invalid("the settings 'token' and 'username' exclude each other")
    if bool(given.get("username")) != bool(given.get("password")):
        raise Invalid("the settings 'username' and 'password' belong together")
    if given.get("cacert") and not Path(given["cacert"]).is_file():
        raise Invalid(f"the setting 'cacert' names no file: {given['cacert']}")
    return PrometheusSettings(**{name: value for name, value in given.items() if value})
