"""Options of SlipStream's commands. The names, defaults and required ones are SlipStream's.

Source: SlipStreamClient (CloudClientCommand, RunInstancesCommand, …), SlipStreamConnectors (cloudstack, openstack).
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import NoReturn

from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint

USERNAME_VARIABLE = "__SLIPSTREAM_CLOUD_USERNAME"
PASSWORD_VARIABLE = "__SLIPSTREAM_CLOUD_PASSWORD"  # noqa: S105 - the name of a variable

#: The largest argument of alarm(2) on all platforms.
_MAX_TIMEOUT_S = (1 << 31) - 1

#: Options without a value here, with the reason.
_NO_EXTRA_DISK = "--extra-disk-volatile is not supported: create and attach a volume after the machine"


class _Parser(argparse.ArgumentParser):
    """Reports errors as all others are reported."""

    def error(self, message: str) -> NoReturn:
        raise Invalid(message)


def parse_options(
    cloud: str, action: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> argparse.Namespace:
    """Parse the options of `CLOUD-ACTION-instances`. Raises: Invalid.

    A password on the command line is refused: every user of the machine can read it.
    """
    parser = _Parser(prog=f"{cloud}-{action}-instances", allow_abbrev=False)
    timeout_s = {"run": 600, "describe": 30, "terminate": 900}[action]
    parser.add_argument("-v", dest="verbose", action="store_true", help="Be verbose.")
    parser.add_argument(
        "-t", dest="timeout", type=_parse_timeout, default=timeout_s, help=f"Timeout in seconds ({timeout_s})."
    )
    parser.add_argument(
        "--username", default=environment.get(USERNAME_VARIABLE, ""), help=f"Cloud user name ({USERNAME_VARIABLE})."
    )
    parser.add_argument("--password", help=f"Refused: set {PASSWORD_VARIABLE}.")
    required = _CLOUD_OPTIONS[cloud](parser)
    if action == "run":
        required += _add_run_options(parser) + _RUN_OPTIONS[cloud](parser)
    elif action == "terminate":
        parser.add_argument(
            "--instance-ids", action="append", default=[], metavar="ID", help="Instance ID; repeatable."
        )
        parser.add_argument("--instance-ids-file", metavar="FILE", help="File with one instance ID per line.")
    options = parser.parse_args(list(arguments))
    if options.password is not None:
        raise Invalid(
            "--password must not be passed on the command line, where other users can read it",
            hint=f"set {PASSWORD_VARIABLE}",
        )
    options.password = environment.get(PASSWORD_VARIABLE, "")
    missing = [f"--{name}" for name in ["username", *required] if not getattr(options, name.replace("-", "_"))]
    if missing:
        raise Invalid(f"The following mandatory options were not provided: {', '.join(missing)}")
    if not options.password:
        raise Invalid(f"{PASSWORD_VARIABLE} is not set")
    return options


def _add_run_options(parser: argparse.ArgumentParser) -> list[str]:
    parser.add_argument("--image-id", default="", metavar="IMAGEID", help="Image ID.")
    parser.add_argument("--platform", default="linux", help="Platform, such as Ubuntu or Windows.")
    parser.add_argument("--network-type", default="Public", help="Network type: Public or Private.")
    parser.add_argument("--disk", type=_parse_size, default=0, metavar="GB", help="Size of the root disk in GB.")
    parser.add_argument("--extra-disk-volatile", type=_refuse_extra_disk, default="", metavar="GB", help="Refused.")
    parser.add_argument("--login-username", default="", help="Has no effect: nothing is installed on the machine.")
    parser.add_argument("--login-password", default="", help="Has no effect: nothing is installed on the machine.")
    parser.add_argument("--native-contextualization", default="", help="Has no effect: machines have no user data.")
    parser.add_argument("--instance-type", metavar="TYPE", help="Instance type (flavor).")
    parser.add_argument("--security-groups", default="", help="Security groups, separated by commas.")
    return ["image-id", "instance-type"]


def _add_cloudstack(parser: argparse.ArgumentParser) -> list[str]:
    parser.add_argument("--endpoint", default="", help="URL of the API.")
    parser.add_argument("--zone", default="", help="Name of the zone.")
    return ["zone", "endpoint"]


def _add_cloudstack_run(parser: argparse.ArgumentParser) -> list[str]:
    parser.add_argument("--zone-type", default="Basic", help="Has no effect: the type is read from the zone.")
    parser.add_argument("--networks", default="", help="Name of the network of the machine.")
    return []


def _add_openstack(parser: argparse.ArgumentParser) -> list[str]:
    parser.add_argument("--endpoint", default="", help="URL of Keystone.")
    parser.add_argument("--region", default="regionOne", help="Region (regionOne).")
    parser.add_argument("--domain", default="", help="Domain of the user and the project (Default).")
    parser.add_argument("--project", default="", help="Project.")
    parser.add_argument("--identity-version", default="v3", choices=("v3",), help="Version of the Identity API (v3).")
    parser.add_argument("--service-type", default="compute", help="Type of the compute service (compute).")
    parser.add_argument("--service-name", default="nova", help="Has no effect: the service is selected by its type.")
    return ["region", "project", "endpoint"]


def _add_openstack_run(parser: argparse.ArgumentParser) -> list[str]:
    parser.add_argument("--network-public", default="", metavar="NAME", help="Network of machines of the type Public.")
    parser.add_argument(
        "--network-private", default="", metavar="NAME", help="Network of machines of the type Private."
    )
    parser.add_argument(
        "--use-floating-ips",
        action="store_true",
        help="Give machines of the type Public a floating IP of the network in --network-public.",
    )
    parser.add_argument(
        "--reuse-floating-ips", action="store_true", help="Use a free floating IP of the project first."
    )
    return []


_CLOUD_OPTIONS = {"cloudstack": _add_cloudstack, "openstack": _add_openstack}
_RUN_OPTIONS = {"cloudstack": _add_cloudstack_run, "openstack": _add_openstack_run}


def _parse_size(text: str) -> int:
    size = parse_uint(text or "0")
    if size is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of GB")
    return size


def _parse_timeout(text: str) -> int:
    seconds = parse_uint(text)
    if not seconds or seconds > _MAX_TIMEOUT_S:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds")
    return seconds


def _refuse_extra_disk(text: str) -> str:
    if text:
        raise argparse.ArgumentTypeError(_NO_EXTRA_DISK)
    return text
