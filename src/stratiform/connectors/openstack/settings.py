"""What must be told about one OpenStack installation and region; the names are those of clouds.yaml.

Source: openstacksdk, "Configuring OpenStack SDK Applications".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stratiform.contract.connector import Setting
from stratiform.kit.errors import Invalid

SETTINGS = (
    Setting("auth_url", "URL of Keystone, such as https://cloud.example:5000/v3."),
    Setting("username", "User who may see what all projects have; usually one with the role admin."),
    Setting("password", "Password of that user.", secret=True),
    Setting("project_name", "Project that the user has the role on."),
    Setting("user_domain_name", "Domain of the user.", required=False, default="Default"),
    Setting("project_domain_name", "Domain of the project.", required=False, default="Default"),
    Setting("region_name", "Region, where the catalog has more than one.", required=False),
    Setting("interface", "Endpoints to use: public, internal or admin.", required=False, default="public"),
    Setting("cacert", "File with the certificates to trust, instead of the system's own.", required=False),
    Setting("verify", "Whether certificates are checked: true or false.", required=False, default="true"),
)

_INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True)
class OpenstackSettings:
    """The settings of one installation, checked. What is secret isn't printed."""

    auth_url: str
    username: str
    password: str = field(repr=False)
    project_name: str
    user_domain_name: str
    project_domain_name: str
    region_name: str
    interface: str
    cacert: str
    verify: bool


def parse(given: Mapping[str, str]) -> OpenstackSettings:
    """Raises Invalid, naming the setting, where one is missing, unknown or wrong."""
    known = {setting.name: setting for setting in SETTINGS}
    for name in given:
        if name not in known:
            raise Invalid(f"openstack has no setting '{name}'", hint=f"it has: {', '.join(known)}")
    told = {name: given.get(name) or setting.default for name, setting in known.items()}
    for name, setting in known.items():
        if setting.required and not told[name]:
            raise Invalid(f"openstack needs the setting '{name}'", hint=setting.help)
    url = urlsplit(told["auth_url"])
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Invalid("the setting 'auth_url' must be a URL that begins with http:// or https://")
    if told["interface"] not in _INTERFACES:
        raise Invalid(f"the setting 'interface' must be one of: {', '.join(_INTERFACES)}")
    if told["verify"] not in ("true", "false"):
        raise Invalid("the setting 'verify' must be true or false")
    if told["cacert"] and not Path(told["cacert"]).is_file():
        raise Invalid(f"the setting 'cacert' names no file: {told['cacert']}")
    verify = told.pop("verify") == "true"
    return OpenstackSettings(**told, verify=verify)
