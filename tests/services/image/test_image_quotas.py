"""Quotas of images, which hold under concurrency on each database."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.services.identity.model import NewProject, Service
from stratiform.services.identity.model.simple_resources import LIMIT, REGISTERED_LIMIT
from stratiform.services.image.errors import ImageQuotaExceeded
from stratiform.services.image.service import ImageDataUpload
from support.stacks import ServiceHarness, build_harness, customer

FORMATS = {"disk_format": "raw", "container_format": "bare"}
MIB = b"x" * 2**20


@pytest.fixture
def harness(home: Path, database_url: str) -> Iterator[ServiceHarness]:
    limits: dict[str, Any] = {"size_total": 2, "stage_total": 2, "count_total": 4, "count_uploading": 2}
    home.mkdir(parents=True, exist_ok=True)
    harness = build_harness(home, database_url, **{f"quota_image_{name}": limit for name, limit in limits.items()})
    yield harness
    harness.services.database.close()


def create(harness: ServiceHarness, project: str = "p1") -> str:
    with harness.services.database.transaction() as db:
        return harness.services.image.images.create(harness.ctx(db, customer(project)), FORMATS).id


def begin(harness: ServiceHarness, image_id: str, *, staging: bool = False) -> ImageDataUpload:
    data = harness.services.image.image_data
    with harness.services.database.transaction() as db:
        function = data.begin_staging if staging else data.begin_upload
        return function(harness.ctx(db, customer()), image_id)


def upload(harness: ServiceHarness, image_id: str, *, staging: bool = False) -> None:
    data = harness.services.image.image_data
    receiving = begin(harness, image_id, staging=staging)
    try:
        receiving.write(MIB)
        (data.finish_staging if staging else data.finish_upload)(receiving)
    except BaseException:
        data.abort_upload(receiving, OSError())
        raise


def run_at_once(functions: list[Callable[[], object]]) -> list[Exception]:
    """Call functions in threads. Return their errors."""
    errors: list[Exception] = []
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> None:
        barrier.wait()
        try:
            function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def usage(harness: ServiceHarness) -> dict[str, tuple[int, int]]:
    with harness.services.database.read_transaction() as db:
        return harness.services.image.quotas.list_usage(harness.ctx(db, customer()))


def test_images_of_a_project_are_limited_under_concurrency(harness: ServiceHarness) -> None:
    errors = run_at_once([lambda: create(harness)] * 8)
    assert [type(error) for error in errors] == [ImageQuotaExceeded] * 4
    assert str(errors[0]) == (
        "Project p1 is over a limit for [Resource image_count_total is over limit of 4 "
        "due to current usage 4 and delta 1]"
    )
    assert usage(harness)["image_count_total"] == (4, 4)
    create(harness, "p2")


def test_uploads_and_sizes_are_limited_under_concurrency(harness: ServiceHarness) -> None:
    ids = [create(harness) for _ in range(4)]
    errors = run_at_once([lambda image_id=image_id: begin(harness, image_id) for image_id in ids])  # type: ignore[misc]
    assert [type(error) for error in errors] == [ImageQuotaExceeded] * 2
    assert usage(harness)["image_count_uploading"] == (2, 2)
    harness.clock.advance(600 * SECOND_US)  # the uploads have received nothing, and may be replaced
    with harness.services.database.read_transaction() as db:
        images = [harness.services.image.images.get(harness.ctx(db, customer()), image_id) for image_id in ids]
    saving = [image.id for image in images if image.status == "saving"]
    queued = [image.id for image in images if image.status == "queued"]
    assert run_at_once([lambda image_id=image_id: upload(harness, image_id) for image_id in saving]) == []  # type: ignore[misc]
    assert usage(harness)["image_size_total"] == (2, 2)
    with pytest.raises(
        ImageQuotaExceeded, match="image_size_total is over limit of 2 due to current usage 2 and delta 1"
    ):
        upload(harness, queued[0])
    assert usage(harness)["image_count_uploading"] == (2, 0), "the upload was aborted"
    assert len(list(harness.services.image.image_data.store.folder.iterdir())) == 2


def test_size_is_limited_when_uploads_end_at_once(harness: ServiceHarness) -> None:
    ids = [create(harness) for _ in range(3)]
    upload(harness, ids[0])
    errors = run_at_once([lambda image_id=image_id: upload(harness, image_id) for image_id in ids[1:]])  # type: ignore[misc]
    assert [type(error) for error in errors] == [ImageQuotaExceeded]
    assert usage(harness)["image_size_total"] == (2, 2)


def test_staged_data_is_limited(harness: ServiceHarness) -> None:
    ids = [create(harness) for _ in range(3)]
    for image_id in ids[:2]:
        upload(harness, image_id, staging=True)
    assert usage(harness)["image_stage_total"] == (2, 2)
    with pytest.raises(ImageQuotaExceeded, match="image_count_uploading is over limit of 2"):
        upload(harness, ids[2], staging=True)


def test_unified_limits_take_precedence(service_harness: ServiceHarness) -> None:
    harness, identity = service_harness, service_harness.services.identity
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db)
        identity.bootstrap(db, harness.clock.now(), admin_password="correct horse")
        projects = [identity.projects.create(ctx, NewProject(name, domain_id="default")).id for name in ("one", "two")]
        service = identity.services.create(ctx, Service("", "image", "glance"))
        registered = {"service_id": service.id, "region_id": None, "resource_name": "image_count_total"}
        identity.simple_resources.create(ctx, REGISTERED_LIMIT, {**registered, "default_limit": 1})
        limit = {**registered, "project_id": projects[0], "domain_id": None, "resource_limit": 2}
        identity.simple_resources.create(ctx, LIMIT, limit)
    for project_id, allowed in zip(projects, (2, 1), strict=True):
        for _ in range(allowed):
            create(harness, project_id)
        with pytest.raises(ImageQuotaExceeded, match=f"over limit of {allowed} "):
            create(harness, project_id)
