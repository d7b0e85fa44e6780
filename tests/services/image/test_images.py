"""Lists with filters, sort keys and pages, and the life cycle of an image, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.image.model import ImageChange, ImageQuery
from support.stacks import ServiceHarness, build_harness, customer


@pytest.fixture
def harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir()
    harness = build_harness(home, database_url)
    yield harness
    harness.services.database.close()


def test_filters(harness: ServiceHarness) -> None:
    images = harness.services.image.images
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer())
        images.create(ctx, {"name": "a", "tags": ["red"], "os_distro": "Debian", "visibility": "private"})
        images.create(ctx, {"name": "B", "tags": ["Red"], "os_distro": "debian", "visibility": "community"})
        images.create(harness.ctx(db, customer("p2")), {"name": "other"})
        images.create_for_native_ids(harness.ctx(db, customer("p3", "admin")), "public")

        def names(**filters: list[str]) -> list[str]:
            return sorted(str(image.name) for image in images.list(ctx, ImageQuery(filters)).items)

        assert names() == ["B", "a", "public"]
        assert names(tag=["red"]) == ["a"]
        assert names(os_distro=["debian"]) == ["B"]
        assert names(name=["in:a,B"]) == ["B", "a"]
        assert names(name=["b"]) == []
        assert names(size_min=["0"]) == ["public"]
        assert names(visibility=["public"]) == ["public"]
        assert names(status=["active"], protected=["false"]) == ["public"]
        other = harness.ctx(db, customer("p4"))
        assert [image.name for image in images.list(other, ImageQuery()).items] == ["public"]
        community = images.list(other, ImageQuery({"visibility": ["community"]}))
        assert [image.name for image in community.items] == ["B"]


def test_pages_contain_every_image_once(harness: ServiceHarness) -> None:
    images = harness.services.image.images
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer())
        created = [images.create(ctx, {"min_ram": i % 2} | ({"name": f"n{i % 3}"} if i % 4 else {})) for i in range(11)]
        marker, listed = None, []
        while True:
            sort = [("name", True), ("size", False), ("min_ram", False)]
            page = images.list(ctx, ImageQuery({}, sort, Page(4, marker)))
            listed += list(page.items)
            if not page.more:
                break
            marker = page.items[-1].id
    assert sorted(image.id for image in listed) == sorted(image.id for image in created)
    names = [image.name or "" for image in listed]
    assert names == sorted(names, reverse=True)


def test_life_cycle(harness: ServiceHarness) -> None:
    service, database = harness.services.image, harness.services.database
    with database.transaction() as db:
        ctx = harness.ctx(db, customer())
        image = service.images.create(ctx, {"disk_format": "raw", "container_format": "bare"})
        assert service.images.update(ctx, image.id, [ImageChange("replace", "name", "ü")]).name == "ü"
        upload = service.image_data.begin_upload(ctx, image.id)
    upload.write(b"bytes")
    assert service.image_data.finish_upload(upload).status == "active"
    service.image_data.abort_upload(upload, OSError())
    with database.transaction() as db:
        ctx = harness.ctx(db, customer())
        assert service.images.get(ctx, image.id).size == 5
        assert service.image_data.find_data(ctx, image.id) is not None
        service.image_members.create(ctx, image.id, "p2")
        service.image_tags.create(ctx, image.id, "red")
        service.images.delete(ctx, image.id)
