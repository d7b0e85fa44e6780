"""TLS of the listeners, from the first start to the clients that the home's files configure."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml

from stratiform.app.settings import Settings
from stratiform.app.tls import find_tls_files
from stratiform.kit.errors import Invalid
from support.certificates import CertificateFiles, create_certificate
from support.ports import free_port
from support.programs import Cli


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return create_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, files: CertificateFiles) -> Iterator[Cli]:
    """An installation with TLS on both listeners."""
    cli = Cli(tmp_path_factory.mktemp("tls") / "home")
    cli.home.mkdir()
    settings = {
        "tls_certificate": f'"{files.certificate}"',
        "tls_key": f'"{files.key}"',
        "tls_ca": f'"{files.authority}"',
        "almanach_port": free_port(),
    }
    (cli.home / "stratiform.toml").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    try:
        cli("up", "--detach", "--port", free_port())
        yield cli
    finally:
        cli.stop()


def url(cli: Cli) -> str:
    return (cli.home / "address").read_text()


def test_clients_of_the_authority_connect(installation: Cli, files: CertificateFiles) -> None:
    assert url(installation).startswith("https://127.0.0.1:")
    response = httpx.get(f"{url(installation)}/identity/v3", verify=ssl.create_default_context(cafile=files.authority))
    assert response.is_success
    assert response.json()["version"]["links"][0]["href"].startswith(url(installation))
    assert response.headers["strict-transport-security"] == "max-age=31536000"


def test_other_clients_and_plain_connections_are_refused(installation: Cli) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{url(installation)}/identity/v3")
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{url(installation)}/identity/v3".replace("https", "http"))


def test_old_versions_of_the_protocol_are_refused(installation: Cli, files: CertificateFiles) -> None:
    context = ssl.create_default_context(cafile=files.authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert httpx.get(url(installation), verify=context).is_success
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(url(installation), verify=context)


def test_the_listener_of_almanach_has_tls(installation: Cli, files: CertificateFiles) -> None:
    port = (installation.home / "stratiform.toml").read_text().split("almanach_port = ")[1].strip()
    context = ssl.create_default_context(cafile=files.authority)
    assert httpx.get(f"https://127.0.0.1:{port}/info", verify=context).is_success


def test_openstacksdk_and_the_command_line_use_the_files_of_the_home(
    installation: Cli, files: CertificateFiles
) -> None:
    entry = yaml.safe_load((installation.home / "clouds.yaml").read_text())["clouds"]["stratiform-demo"]
    assert entry["cacert"] == str(files.authority)
    assert f"export OS_CACERT={files.authority}\n" in (installation.home / "openrc").read_text()
    with installation.connect() as cloud:
        assert [flavor.name for flavor in cloud.compute.flavors()]
    assert "memory" in installation("clouds", "list")
    elsewhere = Cli(installation.home.parent / "other")
    file = installation.home.parent / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"tls": entry}}))
    assert elsewhere.run("usage", "list", "--os-cloud", "tls", OS_CLIENT_CONFIG_FILE=file).returncode == 0
    file.write_text(yaml.safe_dump({"clouds": {"tls": {key: entry[key] for key in entry if key != "cacert"}}}))
    refused = elsewhere.run("usage", "list", "--os-cloud", "tls", OS_CLIENT_CONFIG_FILE=file)
    assert refused.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    assert "OS_CACERT" in refused.stderr


@pytest.mark.parametrize(
    ("certificate", "key", "message"),
    [
        ("server.pem", "", "must be set together"),
        ("", "server-key.pem", "must be set together"),
        ("nothing.pem", "server-key.pem", "tls_certificate: cannot read .*nothing.pem: No such file"),
        ("server.pem", "nothing.pem", "tls_key: cannot read .*nothing.pem: No such file"),
        ("server.pem", "other-key.pem", "do not match, are not valid"),
        ("server.pem", "locked-key.pem", "do not match, are not valid, or the key is encrypted"),
        ("server-key.pem", "server-key.pem", "do not match, are not valid"),
    ],
)
def test_invalid_files_are_refused_before_the_start(tmp_path: Path, certificate: str, key: str, message: str) -> None:
    create_certificate(tmp_path)
    create_certificate(tmp_path, "other")
    create_certificate(tmp_path, "locked", password="sesame")
    if key == "locked-key.pem":
        certificate = "locked.pem"
    with pytest.raises(Invalid, match=message):
        find_tls_files(Settings(home=tmp_path, tls_certificate=certificate, tls_key=key))


def test_files_are_relative_to_the_home(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = create_certificate(tmp_path)
    tls = find_tls_files(Settings(home=tmp_path, tls_certificate="server.pem", tls_key="server-key.pem"))
    assert tls is not None
    assert (tls.certificate, tls.key) == (files.certificate, files.key)
    assert find_tls_files(Settings(home=tmp_path)) is None
    assert caplog.text == ""


def test_an_expired_certificate_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    create_certificate(tmp_path, valid_for=timedelta(days=-1))
    assert find_tls_files(Settings(home=tmp_path, tls_certificate="server.pem", tls_key="server-key.pem"))
    assert "TLS certificate has expired" in caplog.text


def test_the_addresses_of_an_installation_have_its_scheme(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, host="192.0.2.1", port=1, tls_certificate="c", tls_key="k")
    assert (settings.url, settings.local_url) == ("https://192.0.2.1:1",) * 2
    assert Settings(home=tmp_path, host="192.0.2.1", port=1).url == "http://192.0.2.1:1"
