"""Connections to a broker with TLS."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stratiform.interfaces.amqp.connection import ConsumerConnection, connect
from stratiform.interfaces.amqp.queues import Subscription
from stratiform.interfaces.amqp.transport_url import parse_transport_url
from support.bus import BusNames, Proxy, wait_for


def create_certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """Create a self-signed certificate for `address`; return its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a broker")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{address}.pem", folder / f"{address}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


@pytest.fixture(params=["127.0.0.1"])
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy to the broker with TLS and a certificate for the address in the parameter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*create_certificate(tmp_path, request.param))
    proxy = Proxy(context)
    yield proxy
    proxy.close()


def consume_message(url: str, names: BusNames) -> list[bytes]:
    """Publish a message; return the messages that are received, which are acknowledged."""
    address, subscription = parse_transport_url(url, "url"), Subscription([names.exchange], [names.topic], names.pool)
    messages: list[tuple[int, bytes]] = []
    with connect(address.hosts[0], address, subscription, messages.extend) as connection:
        connection.consume(subscription, 10, address.options)
        names.publish([b"x" * 100_000])
        wait_for(lambda: _receive(connection) and bool(messages))
        connection.acknowledge(messages[-1][0])
    return [body for _, body in messages]


def _receive(connection: ConsumerConnection) -> bool:
    connection.receive()
    connection.send_heartbeat()
    return True


def test_messages_are_received_with_tls(proxy: Proxy, names: BusNames, tmp_path: Path) -> None:
    ca = tmp_path / "127.0.0.1.pem"
    assert consume_message(f"rabbit://127.0.0.1:{proxy.port}/?ssl=true&ssl_ca_file={ca}", names) == [b"x" * 100_000]
    assert consume_message(f"amqps://127.0.0.1:{proxy.port}/?ssl_ca_file={ca}", names) == [b"x" * 100_000]


def test_untrusted_certificate_is_refused(proxy: Proxy, names: BusNames) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        consume_message(f"amqps://127.0.0.1:{proxy.port}/", names)


@pytest.mark.parametrize("proxy", ["127.0.0.2"], indirect=True)
def test_certificate_of_another_host_is_refused(proxy: Proxy, names: BusNames, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        consume_message(f"amqps://127.0.0.1:{proxy.port}/?ssl_ca_file={tmp_path / '127.0.0.2.pem'}", names)
