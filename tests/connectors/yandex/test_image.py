"""Images of Yandex Cloud: upload through a bucket of Object Storage."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.connectors.yandex.settings import parse_settings
from stratiform.contract.errors import CloudUnreachable, CredentialsRejected, NotSupported, RequestRejected
from stratiform.contract.image import ImageDriver
from stratiform.kit.errors import Invalid
from support.yandex import YandexServer
from support.yandex.state import Abort, Fault, State

SIZE = 1000
NO_BUCKET = {"bucket": "", "access_key_id": "", "secret_access_key": ""}


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


@pytest.fixture
def images(yandex: YandexCloud) -> ImageDriver:
    assert yandex.image is not None
    return yandex.image


def blocks(size: int = SIZE) -> Iterator[bytes]:
    return (bytes([number % 256]) * 100 for number in range(size // 100))


def list_uploaded(state: State) -> list[str]:
    return [image.id for image in state.table("images").values() if image.labels]


def test_data_is_sent_in_parts_and_deleted_after_the_import(
    images: ImageDriver, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.yandex.object_storage.client._PART_BYTES", 300)
    image = images.upload("t1", "golden", "qcow2", SIZE, blocks())
    assert (image.name, image.token, image.is_ready) == ("golden", "t1", True)
    assert state.requests.count("Storage/PUT") == 4
    assert (state.objects, state.uploads) == ({}, {})


def test_import_reads_the_object_with_all_data(images: ImageDriver, state: State) -> None:
    error = Abort(grpc.StatusCode.UNAVAILABLE, "no")
    state.faults.append(Fault("ImageService/Create", error, count=9))
    with pytest.raises(CloudUnreachable):
        images.upload("t1", "golden", "raw", SIZE, blocks())
    assert state.objects == {"/images/stratiform/installation/t1": b"".join(blocks())}
    state.faults.clear()
    images.upload("t1", "golden", "raw", SIZE, blocks())
    assert (len(list_uploaded(state)), state.objects) == (1, {})


def test_slow_import_is_continued_without_sending_the_data_again(
    images: ImageDriver, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.yandex.operations._WAIT_S", 0.0)
    state.duration_s = 0.3
    for _ in range(2):
        with pytest.raises(CloudUnreachable, match="still"):
            images.upload("t1", "golden", "raw", SIZE, blocks())
    assert state.requests.count("Storage/PUT") == 1
    state.pending[0].finishes_at = 0
    assert images.upload("t1", "golden", "raw", SIZE, blocks()).is_ready
    assert (state.requests.count("Storage/PUT"), state.objects) == (1, {})


def test_failed_import_leaves_nothing(images: ImageDriver, state: State) -> None:
    error = Abort(grpc.StatusCode.INVALID_ARGUMENT, "unsupported image format")
    state.faults.append(Fault("ImageService/Create", error, in_operation=True))
    with pytest.raises(RequestRejected, match="unsupported image format"):
        images.upload("t1", "golden", "raw", SIZE, blocks())
    assert (list_uploaded(state), state.objects) == ([], {})


@pytest.mark.parametrize("size", [SIZE - 100, SIZE + 100])
def test_data_of_another_size_is_rejected(images: ImageDriver, state: State, size: int) -> None:
    with pytest.raises(RequestRejected, match=f"{size} of {SIZE} bytes"):
        images.upload("t1", "golden", "raw", SIZE, blocks(size))
    assert (list_uploaded(state), state.objects, state.uploads) == ([], {}, {})


def test_other_formats_are_rejected(images: ImageDriver, state: State) -> None:
    with pytest.raises(RequestRejected, match="not vhdx"):
        images.upload("t1", "golden", "vhdx", SIZE, blocks())
    assert "Storage/POST" not in state.requests


def test_upload_without_a_bucket_is_refused(yandex_server: YandexServer, home: Path) -> None:
    images = yandex_server.connect(home, bucket="", access_key_id="", secret_access_key="").image
    assert images is not None
    with pytest.raises(NotSupported, match="without a bucket"):
        images.upload("t1", "golden", "raw", SIZE, blocks())


def test_wrong_key_of_the_bucket(yandex_server: YandexServer, home: Path) -> None:
    images = yandex_server.connect(home, access_key_id="wrong", secret_access_key="very-secret").image
    assert images is not None
    with pytest.raises(CredentialsRejected, match="InvalidAccessKeyId") as raised:
        images.upload("t1", "golden", "raw", SIZE, blocks())
    assert "very-secret" not in str(raised.value)


def test_unreachable_bucket(
    yandex_server: YandexServer, home: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.yandex.object_storage.client._MAX_ATTEMPTS", 1)
    images = yandex_server.connect(home, storage_endpoint="http://127.0.0.1:1").image
    assert images is not None
    with pytest.raises(CloudUnreachable, match="Object Storage does not respond"):
        images.upload("t1", "golden", "raw", SIZE, blocks())
    assert list_uploaded(state) == []


@pytest.mark.parametrize("missing", ["bucket", "access_key_id", "secret_access_key"])
def test_settings_of_a_bucket_belong_together(yandex_server: YandexServer, missing: str) -> None:
    with pytest.raises(Invalid, match=f"setting '{missing}' is missing"):
        parse_settings({**yandex_server.settings, missing: ""})
    assert "not-a-secret" not in repr(parse_settings(yandex_server.settings))
    assert parse_settings({**yandex_server.settings, **NO_BUCKET}).bucket is None


def test_connecting_does_not_import_boto3(yandex_server: YandexServer, home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from support.yandex import yandex_server\n"
        "with yandex_server() as server:\n"
        "    cloud = server.connect(Path(sys.argv[1])); cloud.check_credentials(); list(cloud.usage.list_inventory())\n"
        "sys.exit('boto3' in sys.modules)"
    )
    folder = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program, str(home)], check=False, cwd=folder).returncode == 0
