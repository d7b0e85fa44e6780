"""Sign-in of the command line: by `--os-cloud`, by the environment of `openstack`, or as the operator of the home."""

import logging
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from stratiform.interfaces.cli.errors import CliError, error_of_response

#: A query of a large ledger and an upload take long.
TIMEOUT = httpx.Timeout(600, connect=5)

#: Returns a client of a server in this process, for homes without a running server.
LocalServer = Callable[[Path], httpx.Client]

#: The entry of the operator in clouds.yaml of each home.
OPERATOR_ENTRY = "stratiform-admin"

#: Keys of entries that need no openstacksdk, which takes a second to import.
_ENTRY_KEYS = {"auth", "region_name", "identity_api_version"}
_REQUIRED_KEYS = {"auth_url", "username", "password", "project_name"}
_AUTH_KEYS = _REQUIRED_KEYS | {"user_domain_name", "project_domain_name"}

#: Environment variables of other authentication methods and of TLS options.
_SDK_VARIABLES = ("OS_AUTH_TYPE", "OS_CACERT", "OS_CERT", "OS_INSECURE", "OS_SYSTEM_SCOPE", "OS_TOKEN")

HINT_NOT_RUNNING = "is `stratiform up` running?"
_HINT_OTHER_CLOUD = f"unset OS_CLOUD and OS_AUTH_URL, or use --os-cloud {OPERATOR_ENTRY}"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """Options of the command line. `home_is_explicit`: the home was chosen by option or environment."""

    home: Path
    cloud: str = ""
    local_server: LocalServer | None = None
    home_is_explicit: bool = False


def sign_in(options: GlobalOptions) -> tuple[httpx.Client, str]:
    """Return a client of the server, and a token. Raises CliError."""
    name, environment = options.cloud or os.environ.get("OS_CLOUD", ""), os.environ
    if environment.get("OS_AUTH_URL") and not options.cloud and (environment.get("OS_PASSWORD") or not name):
        return _by_environment()
    own_file = options.home / "clouds.yaml"
    for file in _config_files(options, own_file):
        entry = _read_entries(file).get(name or OPERATOR_ENTRY)
        if entry is not None:
            is_own = file.resolve() == own_file.resolve()
            return _by_entry(file, name or OPERATOR_ENTRY, entry, options if is_own else None)
    if name and name != OPERATOR_ENTRY:
        return _by_sdk(None, name)
    if own_file.exists():
        raise CliError(f"{own_file} does not have an entry '{OPERATOR_ENTRY}'", "`stratiform up` writes it")
    raise CliError(f"No installation found in {options.home}", "run `stratiform up`, or choose another with --home")


def _config_files(options: GlobalOptions, own_file: Path) -> list[Path]:
    """Return the files that may have the entry; explicit options come before defaults."""
    other_file = os.environ.get("OS_CLIENT_CONFIG_FILE")
    if not other_file:
        return [own_file]
    is_explicit = options.home_is_explicit or options.cloud
    return [own_file, Path(other_file)] if is_explicit else [Path(other_file), own_file]


def _by_environment() -> tuple[httpx.Client, str]:
    auth = {key: os.environ[f"OS_{key.upper()}"] for key in _AUTH_KEYS if os.environ.get(f"OS_{key.upper()}")}
    if auth.keys() >= _REQUIRED_KEYS and not any(os.environ.get(name) for name in _SDK_VARIABLES):
        return _by_password(auth, None)
    return _by_sdk(None, "")


def _read_entries(file: Path) -> Mapping[str, object]:
    """Raises CliError if the file is not valid."""
    try:
        return dict(yaml.safe_load(file.read_text())["clouds"])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        raise CliError(f"{file} is not a valid clouds.yaml", "it needs entries under 'clouds'") from None


def _by_entry(file: Path, name: str, entry: object, options: GlobalOptions | None) -> tuple[httpx.Client, str]:
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(auth, dict):
        raise CliError(f"The entry '{name}' in {file} is not valid", "it needs 'auth' with 'auth_url' and credentials")
    if _REQUIRED_KEYS <= auth.keys() <= _AUTH_KEYS and entry.keys() <= _ENTRY_KEYS:
        return _by_password(auth, options)
    return _by_sdk(file, name)


def _by_password(auth: Mapping[str, object], options: GlobalOptions | None) -> tuple[httpx.Client, str]:
    """Sign in with a password. With `options` the entry belongs to that home, and a local server may be used."""
    base_url = _base_url(str(auth["auth_url"]))
    if options is not None and options.local_server is not None and not _responds(base_url):
        http = options.local_server(options.home)
    else:
        http = httpx.Client(base_url=base_url, timeout=TIMEOUT)
    user_domain = {"name": auth.get("user_domain_name", "Default")}
    user = {"name": auth["username"], "password": auth["password"], "domain": user_domain}
    project = {"name": auth["project_name"], "domain": {"name": auth.get("project_domain_name", "Default")}}
    body = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    try:
        response = http.post("/identity/v3/auth/tokens", json={"auth": body})
    except httpx.HTTPError as error:
        http.close()
        raise CliError(f"No response from {base_url}: {error}", HINT_NOT_RUNNING) from error
    if response.is_error:
        http.close()
        raise error_of_response(response)
    return http, response.headers["x-subject-token"]


def _by_sdk(file: Path | None, name: str) -> tuple[httpx.Client, str]:
    """Sign in as `openstack` does, with its files, its environment and all of its authentication methods."""
    from keystoneauth1.exceptions import ClientException, ConnectFailure, DiscoveryFailure
    from openstack.config import OpenStackConfig
    from openstack.exceptions import SDKException

    logging.getLogger("keystoneauth").setLevel(logging.CRITICAL)  # its warnings repeat the error
    try:
        config = OpenStackConfig(config_files=None if file is None else [str(file)])
        region = config.get_one(cloud=name or None)
        base_url = _base_url(str(region.config["auth"].get("auth_url", "")))
        keystone = region.get_session()
        with keystone.session:
            token = keystone.get_token()
    except SDKException as error:
        raise CliError(f"Cannot sign in with cloud '{name}': {_one_line(error)}", _HINT_OTHER_CLOUD) from error
    except (ConnectFailure, DiscoveryFailure) as error:
        raise CliError(f"No response from {base_url}", HINT_NOT_RUNNING) from error
    except ClientException as error:
        raise CliError(f"Cannot sign in: {_one_line(error)}", "check clouds.yaml and the OS_… variables") from error
    verify, _ = region.get_requests_verify_args()
    tls = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else bool(verify)
    return httpx.Client(base_url=base_url, timeout=TIMEOUT, verify=tls), str(token)


def _base_url(auth_url: str) -> str:
    """Return the address of the API. Raises CliError if the URL is not one of Stratiform."""
    base_url, identity, _ = auth_url.partition("/identity")
    if not identity:
        message = f"'{auth_url}' is not a Stratiform installation: its URL ends in /identity/v3"
        raise CliError(message, _HINT_OTHER_CLOUD)
    return base_url


def _responds(base_url: str) -> bool:
    try:
        httpx.get(f"{base_url}/identity/v3", timeout=2)
    except httpx.HTTPError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
