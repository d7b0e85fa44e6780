"""A line to a broker: TLS, and what a line does when nothing is heard."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stratiform.interfaces.amqp.address import parse
from stratiform.interfaces.amqp.connection import Line, connected
from stratiform.interfaces.amqp.queues import Wanted
from support.bus import Names, Wire, wait_for


def certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """A certificate of one's own for `address`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a broker")])
    made = (
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
    own, secret = folder / f"{address}.pem", folder / f"{address}.key"
    own.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return own, secret


@pytest.fixture(params=["127.0.0.1"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    """TLS to the broker, with a certificate for the parameter's address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, request.param))
    made = Wire(context)
    yield made
    made.close()


def hear_one(url: str, names: Names) -> list[bytes]:
    """What comes after one message was published; it is acknowledged."""
    address, wanted = parse(url, "url"), Wanted([names.exchange], [names.topic], names.pool)
    heard: list[tuple[int, bytes]] = []
    with connected(address.hosts[0], address, wanted, lambda tag, body: heard.append((tag, body))) as line:
        line.hear(wanted, 10, address.options)
        names.publish([b"x" * 100_000])
        wait_for(lambda: _listened(line) and bool(heard))
        line.acknowledge(heard[-1][0])
    return [body for _, body in heard]


def _listened(line: Line) -> bool:
    line.listen()
    line.beat()
    return True


def test_a_broker_is_heard_by_tls(wire: Wire, names: Names, tmp_path: Path) -> None:
    ca = tmp_path / "127.0.0.1.pem"
    assert hear_one(f"rabbit://127.0.0.1:{wire.port}/?ssl=true&ssl_ca_file={ca}", names) == [b"x" * 100_000]
    assert hear_one(f"amqps://127.0.0.1:{wire.port}/?ssl_ca_file={ca}", names) == [b"x" * 100_000]


def test_a_certificate_that_nobody_vouches_for_is_refused(wire: Wire, names: Names) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        hear_one(f"amqps://127.0.0.1:{wire.port}/", names)


@pytest.mark.parametrize("wire", ["127.0.0.2"], indirect=True)
def test_a_certificate_of_another_host_is_refused(wire: Wire, names: Names, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        hear_one(f"amqps://127.0.0.1:{wire.port}/?ssl_ca_file={tmp_path / '127.0.0.2.pem'}", names)
