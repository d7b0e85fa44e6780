"""Sign-in of the command line: by `--os-cloud`, by the environment of `openstack`, or as the operator of the home.

A password of the home is only sent to a server that proves to have the home's keys. If the home's API does not run, a
server in this process is used.
"""

import logging
import os
import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import yaml

from stratiform.interfaces.cli.errors import (
    HINT_CERTIFICATE,
    HINT_NOT_RUNNING,
    CliError,
    error_of_response,
    no_response,
)
from stratiform.interfaces.cli.session import GlobalOptions
from stratiform.kit.server_proof import ServerProof, address_of

if TYPE_CHECKING:
    from openstack.config.cloud_region import CloudRegion

#: A query of a large ledger and an upload take long.
TIMEOUT = httpx.Timeout(600, connect=5)

_PROOF_TIMEOUT_S = 10

#: Hosts of URLs that are on this machine.
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::")  # noqa: S104 - compared only

#: The entry of the operator in clouds.yaml of each home.
OPERATOR_ENTRY = "stratiform-admin"

#: Keys of entries that need no openstacksdk, which takes a second to import.
_ENTRY_KEYS = {"auth", "region_name", "identity_api_version", "cacert"}
_REQUIRED_KEYS = {"auth_url", "username", "password", "project_name"}
_AUTH_KEYS = _REQUIRED_KEYS | {"user_domain_name", "project_domain_name"}

#: Environment variables of other authentication methods and of TLS options.
_SDK_VARIABLES = ("OS_AUTH_TYPE", "OS_CACERT", "OS_CERT", "OS_INSECURE", "OS_SYSTEM_SCOPE", "OS_TOKEN")

_HINT_OTHER_CLOUD = f"unset OS_CLOUD and OS_AUTH_URL, or use --os-cloud {OPERATOR_ENTRY}"


def sign_in(options: GlobalOptions) -> tuple[httpx.Client, str]:
    """Return a client of the server, and a token. Raises CliError."""
    name, environment = options.cloud or os.environ.get("OS_CLOUD", ""), os.environ
    if environment.get("OS_AUTH_URL") and not options.cloud and (environment.get("OS_PASSWORD") or not name):
        return _by_environment(options)
    own_file = options.home / "clouds.yaml"
    for file in _config_files(options, own_file):
        entry = _read_entries(file).get(name or OPERATOR_ENTRY)
        if entry is not None:
            return _by_entry(file, name or OPERATOR_ENTRY, entry, options)
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


def _by_environment(options: GlobalOptions) -> tuple[httpx.Client, str]:
    auth = {key: os.environ[f"OS_{key.upper()}"] for key in _AUTH_KEYS if os.environ.get(f"OS_{key.upper()}")}
    if auth.keys() >= _REQUIRED_KEYS and not any(os.environ.get(name) for name in _SDK_VARIABLES):
        return _by_password(auth, _owner(auth, options))
    return _by_sdk(None, "", _owner(auth, options))


def _owner(auth: Mapping[str, object], options: GlobalOptions) -> GlobalOptions | None:
    """Return the options if the password is one of the home, as after sourcing its openrc; otherwise None."""
    entries = _read_entries(options.home / "clouds.yaml").values()
    own = [entry["auth"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("auth"), dict)]
    password = auth.get("password")
    return options if password and any(password == entry.get("password") for entry in own) else None


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


def _by_entry(file: Path, name: str, entry: object, options: GlobalOptions) -> tuple[httpx.Client, str]:
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(auth, dict):
        raise CliError(f"The entry '{name}' in {file} is not valid", "it needs 'auth' with 'auth_url' and credentials")
    is_of_home = (file.parent / "keys").is_dir() or file.resolve() == (options.home / "clouds.yaml").resolve()
    owner = replace(options, home=file.parent.absolute()) if is_of_home else _owner(auth, options)
    if _REQUIRED_KEYS <= auth.keys() <= _AUTH_KEYS and entry.keys() <= _ENTRY_KEYS:
        return _by_password(auth, owner, str(entry.get("cacert", "")))
    return _by_sdk(file, name, owner)


def _by_password(
    auth: Mapping[str, object], owner: GlobalOptions | None, authority: str = ""
) -> tuple[httpx.Client, str]:
    """Sign in with a password. `owner`: the home whose password it is. `authority`: the file of a private CA."""
    base_url, tls = _base_url(str(auth["auth_url"])), _trust(authority)
    if owner is None:
        http = httpx.Client(base_url=base_url, timeout=TIMEOUT, verify=tls)
    else:
        http = _connect(base_url, owner, tls)
    user_domain = {"name": auth.get("user_domain_name", "Default")}
    user = {"name": auth["username"], "password": auth["password"], "domain": user_domain}
    project = {"name": auth["project_name"], "domain": {"name": auth.get("project_domain_name", "Default")}}
    body = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    with _closed_after_errors(http):
        response = http.post("/identity/v3/auth/tokens", json={"auth": body})
        if response.is_error:
            raise error_of_response(response)
    return http, response.headers["x-subject-token"]


def _connect(base_url: str, owner: GlobalOptions, tls: ssl.SSLContext | bool) -> httpx.Client:
    """Return a client of a home's own server: the running one, or one in this process. Raises CliError."""
    machine = owner.local_server
    if machine is None:
        return _proven(httpx.Client(base_url=base_url, timeout=TIMEOUT, verify=tls), owner.home)
    running = machine.find_address(owner.home)
    if running is not None:
        # Without trust_env: a proxy has no part in a connection on this machine. Without verify: the proof identifies
        # the server, whose certificate is for its public name.
        return _proven(httpx.Client(base_url=running, timeout=TIMEOUT, trust_env=False, verify=False), owner.home)  # noqa: S501
    if urlsplit(base_url).hostname not in _LOCAL_HOSTS:
        with suppress(CliError):
            return _proven(httpx.Client(base_url=base_url, timeout=TIMEOUT, verify=tls), owner.home)
    return machine.start_in_process(owner.home)


def _trust(authority: str) -> ssl.SSLContext | bool:
    """Return httpx's `verify`: the authority in a file, or the usual ones. Raises CliError."""
    if not authority:
        return True
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise CliError(f"Cannot read the CA certificate {authority}: {error}") from error


def _proven(http: httpx.Client, home: Path) -> httpx.Client:
    """Return the client if its server has the keys of `home`; otherwise close it and raise CliError."""
    nonce, address = secrets.token_hex(16), address_of(str(http.base_url))
    with _closed_after_errors(http):
        params = {"nonce": nonce, "address": address}
        response = http.get("/api/v1/server-proof", params=params, timeout=_PROOF_TIMEOUT_S)
        try:
            proof = str(response.json()["proof"])
        except (ValueError, KeyError, TypeError):
            proof = ""
        if not ServerProof(home / "keys" / "tokens").verify(proof, nonce, address):
            raise CliError(
                f"The server at {address} does not have the keys of {home}, so no password was sent",
                "another program listens there; `stratiform status` prints the address of this home",
            )
    return http


@contextmanager
def _closed_after_errors(http: httpx.Client) -> Iterator[None]:
    """Close a client whose sign-in fails. Raises CliError."""
    try:
        yield
    except httpx.HTTPError as error:
        http.close()
        raise no_response(http.base_url, error) from error
    except CliError:
        http.close()
        raise


def _by_sdk(file: Path | None, name: str, owner: GlobalOptions | None = None) -> tuple[httpx.Client, str]:
    """Sign in as `openstack` does, with its files, its environment and all of its authentication methods."""
    from keystoneauth1.exceptions import ClientException, ConnectFailure, DiscoveryFailure
    from keystoneauth1.exceptions.connection import SSLError
    from openstack.config import OpenStackConfig
    from openstack.exceptions import SDKException

    logging.getLogger("keystoneauth").setLevel(logging.CRITICAL)  # its warnings repeat the error
    try:
        config = OpenStackConfig(config_files=None if file is None else [str(file)])
        region = config.get_one(cloud=name or None)
        base_url = _base_url(str(region.config["auth"].get("auth_url", "")))
        http = httpx.Client(base_url=base_url, timeout=TIMEOUT, verify=_tls(region))
        if owner is not None:
            _proven(http, owner.home)
        keystone = region.get_session()
        with keystone.session:
            token = keystone.get_token()
    except SDKException as error:
        raise CliError(f"Cannot sign in with cloud '{name}': {_one_line(error)}", _HINT_OTHER_CLOUD) from error
    except SSLError as error:
        raise CliError(f"No response from {base_url}: {_one_line(error)}", HINT_CERTIFICATE) from error
    except (ConnectFailure, DiscoveryFailure) as error:
        raise CliError(f"No response from {base_url}", HINT_NOT_RUNNING) from error
    except ClientException as error:
        raise CliError(f"Cannot sign in: {_one_line(error)}", "check clouds.yaml and the OS_… variables") from error
    return http, str(token)


def _tls(region: "CloudRegion") -> ssl.SSLContext | bool:
    verify, _ = region.get_requests_verify_args()
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else bool(verify)


def _base_url(auth_url: str) -> str:
    """Return the address of the API. Raises CliError if the URL is not one of Stratiform."""
    base_url, identity, _ = auth_url.partition("/identity")
    if not identity:
        message = f"'{auth_url}' is not a Stratiform installation: its URL ends in /identity/v3"
        raise CliError(message, _HINT_OTHER_CLOUD)
    return base_url


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
