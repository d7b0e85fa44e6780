"""The entry point of the plug-in. Every `openstack` command imports it, so it imports nothing else at first.

Source: python-openstackclient, "Plugins".
"""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stratiform.interfaces.cli.openstack_plugin.requests import CloudsClient

DEFAULT_API_VERSION = "1"
API_VERSION_OPTION = "os_clouds_api_version"
API_NAME = "clouds"
API_VERSIONS = {"1": "stratiform.interfaces.cli.openstack_plugin.requests.CloudsClient"}


def make_client(instance: Any) -> "CloudsClient":
    """Return the client of the Clouds API; `instance` is the client manager, which has signed in."""
    from stratiform.interfaces.cli.openstack_plugin.requests import CloudsClient

    return CloudsClient(instance.session, instance.region_name, instance.interface)


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the global option for the version of the API."""
    parser.add_argument(
        "--os-clouds-api-version",
        metavar="<clouds-api-version>",
        default=DEFAULT_API_VERSION,
        choices=sorted(API_VERSIONS),
        help=f"Clouds API version, default={DEFAULT_API_VERSION}",
    )
    return parser
