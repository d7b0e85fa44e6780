"""Settings of an OpenStack cloud and region, named as in clouds.yaml.

Source: openstacksdk, "Configuring OpenStack SDK Applications"; Identity API, "Application credentials".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.setting_values import check_authority, check_url
from stratiform.kit.errors import Invalid

SETTINGS = (
    Setting("auth_url", "URL of Keystone, such as https://cloud.example:5000/v3."),
    Setting("username", "User name; for the usage of all projects, a user with the role admin.", required=False),
    Setting("password", "Password of that user.", secret=True, required=False),
    Setting("project_name", "Project of the servers, in which the user has a role.", required=False),
    Setting("project_id", "ID of the project, instead of its name and domain.", required=False),
    Setting("user_domain_name", "Domain of the user.", required=False, default="Default"),
    Setting("user_domain_id", "ID of the user's domain, instead of its name.", required=False),
    Setting("project_domain_name", "Domain of the project.", required=False, default="Default"),
    Setting("project_domain_id", "ID of the project's domain, instead of its name.", required=False),
    Setting("application_credential_id", "Application credential, instead of a user and a project.", required=False),
    Setting("application_credential_secret", "Secret of the application credential.", secret=True, required=False),
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
    Setting(
        "stop_mode",
        "How servers are stopped: stop keeps their host, shelve releases it, for clouds that charge for stopped "
        "servers.",
        required=False,
        default="stop",
        choices=("stop", "shelve"),
    ),
    Setting(
        "external_network",
        "Name or ID of the network of floating IPs and router gateways, if there is more than one.",
        required=False,
    ),
    Setting("encrypted_type", "Volume type of encrypted volumes.", required=False),
    Setting("multiattach_type", "Volume type of volumes that several servers can use.", required=False),
    Setting(
        "inventory",
        "Projects whose usage is read: all, which requires the role admin, or project, only the one of the servers.",
        required=False,
        default="all",
        choices=("all", "project"),
    ),
)


@dataclass(frozen=True, slots=True)
class OpenstackSettings:
    """Validated settings of one cloud and region."""

    auth_url: str
    username: str
    password: str = field(repr=False)
    project_name: str
    project_id: str
    user_domain_name: str
    user_domain_id: str
    project_domain_name: str
    project_domain_id: str
    application_credential_id: str
    application_credential_secret: str = field(repr=False)
    region_name: str
    interface: str
    cacert: str
    verify: bool
    stop_mode: str
    external_network: str
    encrypted_type: str
    multiattach_type: str
    inventory: str


def parse_settings(settings: Mapping[str, str]) -> OpenstackSettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values: dict[str, Any] = validate_settings("openstack", SETTINGS, settings)
    check_url("auth_url", values["auth_url"])
    check_authority("cacert", values["cacert"])
    _check_credentials(values)
    return OpenstackSettings(**{**values, "verify": values["verify"] == "true"})


def _check_credentials(values: Mapping[str, str]) -> None:
    """Require either an application credential with its secret, or a user with password and project."""
    if values["application_credential_id"]:
        if values["username"]:
            raise Invalid("settings 'username' and 'application_credential_id' exclude each other")
        _require(values, "application_credential_secret")
        return
    if values["application_credential_secret"]:
        _require(values, "application_credential_id")
    _require(values, "username")
    _require(values, "password")
    if not values["project_id"]:
        _require(values, "project_name")


def _require(values: Mapping[str, str], name: str) -> None:
    if not values[name]:
        [help_text] = [setting.help for setting in SETTINGS if setting.name == name]
        raise Invalid(f"setting '{name}' is missing for openstack", hint=help_text)
