"""URLs and files in the settings of clouds."""

from pathlib import Path

import pytest

from stratiform.contract.setting_values import check_authority, check_url
from stratiform.kit.errors import Invalid
from support.certificates import create_certificate


@pytest.mark.parametrize(
    "url",
    [
        "http://prometheus:9090",
        "https://cloud.example/v3",
        "http://127.0.0.1:9090",
        "http://[::1]:5000",
        "https://10.0.0.1",
    ],
)
def test_addresses_that_an_operator_chooses(url: str) -> None:
    check_url("url", url)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[::ffff:169.254.169.254]",
        "metadata.google.internal",
        "METADATA.google.internal.",
    ],
)
def test_metadata_services_are_refused(host: str) -> None:
    """They give the credentials of the machine to any program on it."""
    with pytest.raises(Invalid, match="must not be the address of a metadata service"):
        check_url("url", f"http://{host}:80/latest")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must be an http:// or https:// URL"),
        ("ftp://host", "must be an http:// or https:// URL"),
        ("file:///etc/passwd", "must be an http:// or https:// URL"),
        ("http:///path", "must be an http:// or https:// URL"),
        ("http://host:0", "must be an http:// or https:// URL"),
        ("http://host:99999", "not a valid URL"),
        ("http://[::1", "not a valid URL"),
        ("http://user:hush@host", "without a user name and password"),
        ("ftp://user:hush@host", "must be an http:// or https:// URL"),
    ],
)
def test_other_urls_are_invalid(url: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as error:
        check_url("endpoint", url)
    assert error.value.message.startswith("setting 'endpoint'")
    assert "hush" not in error.value.message


def test_errors_do_not_reveal_which_files_exist(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("not a certificate")
    messages = []
    for file in (tmp_path / "notes", tmp_path / "none", tmp_path):
        with pytest.raises(Invalid) as error:
            check_authority("cacert", str(file))
        messages.append(error.value.message.replace(str(file), "FILE"))
    assert set(messages) == {"setting 'cacert' is not a file with CA certificates: FILE"}
    check_authority("cacert", str(create_certificate(tmp_path).authority))
    check_authority("cacert", "")
