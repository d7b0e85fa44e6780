"""Settings of an OpenStack installation and region, named as in clouds.yaml.

Source: openstacksdk, "Configuring OpenStack SDK Applications".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.setting_values import check_authority, check_url

SETTINGS = (
    Setting("auth_url", "URL of Keystone, such as https://cloud.example:5000/v3."),
    Setting("username", "User that can list the resources of all projects, usually an admin."),
    Setting("password", "Password of that user.", secret=True),
    Setting("project_name", "Project in which the user has the required role."),
    Setting("user_domain_name", "Domain of the user.", required=False, default="Default"),
    Setting("project_domain_name", "Domain of the project.", required=False, default="Default"),
    Setting("region_name", "Region, if the catalog has more than one.", required=False),
    Setting(
        "interface",
        "Endpoint interface: public, internal or admin.",
        required=False,
        default="public",
        choices=("public", "internal", "admin"),
    ),
    Setting("cacert", "File with CA certificates to use instead of the system's.", required=False),
    Setting(
        "verify",
        "Whether TLS certificates are verified: true or false.",
        required=False,
        default="true",
        choices=("true", "false"),
    ),
)


@dataclass(frozen=True, slots=True)
class OpenstackSettings:
    """Validated settings of one installation."""

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


def parse_settings(settings: Mapping[str, str]) -> OpenstackSettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values: dict[str, Any] = validate_settings("openstack", SETTINGS, settings)
    check_url("auth_url", values["auth_url"])
    check_authority("cacert", values["cacert"])
    return OpenstackSettings(**{**values, "verify": values["verify"] == "true"})
