"""Lists with filters, order and pages, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.image.model import Change, Listing
from support.stacks import Bench, bench, customer


@pytest.fixture
def of(database_url: str, home: Path) -> Iterator[Bench]:
    home.mkdir()
    made = bench(home, database_url)
    yield made
    made.services.database.close()


def test_filters(of: Bench) -> None:
    service = of.services.image
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer())
        service.create(ctx, {"name": "a", "tags": ["red"], "os_distro": "Debian", "visibility": "private"})
        service.create(ctx, {"name": "B", "tags": ["Red"], "os_distro": "debian", "visibility": "community"})
        service.create(of.ctx(db, customer("p2")), {"name": "stranger"})
        service.create_native(of.ctx(db, customer("p3", "admin")), "everyones")

        def names(**filters: list[str]) -> list[str]:
            return sorted(str(image.name) for image in service.images(ctx, Listing(filters)).items)

        assert names() == ["B", "a", "everyones"]
        assert names(tag=["red"]) == ["a"]
        assert names(os_distro=["debian"]) == ["B"]
        assert names(name=["in:a,B"]) == ["B", "a"]
        assert names(name=["b"]) == []
        assert names(size_min=["0"]) == ["everyones"]
        assert names(visibility=["public"]) == ["everyones"]
        assert names(status=["active"], protected=["false"]) == ["everyones"]
        stranger = of.ctx(db, customer("p4"))
        assert [image.name for image in service.images(stranger, Listing()).items] == ["everyones"]
        community = service.images(stranger, Listing({"visibility": ["community"]}))
        assert [image.name for image in community.items] == ["B"]


def test_pages_in_any_order_hold_everything_once(of: Bench) -> None:
    service = of.services.image
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer())
        made = [service.create(ctx, {"min_ram": i % 2} | ({"name": f"n{i % 3}"} if i % 4 else {})) for i in range(11)]
        marker, seen = None, []
        while True:
            sort = [("name", True), ("size", False), ("min_ram", False)]
            found = service.images(ctx, Listing({}, sort, Page(4, marker)))
            seen += list(found.items)
            if not found.more:
                break
            marker = found.items[-1].id
    assert sorted(image.id for image in seen) == sorted(image.id for image in made)
    names = [image.name or "" for image in seen]
    assert names == sorted(names, reverse=True)


def test_a_whole_life(of: Bench) -> None:
    service, database = of.services.image, of.services.database
    with database.transaction() as db:
        ctx = of.ctx(db, customer())
        image = service.create(ctx, {"disk_format": "raw", "container_format": "bare"})
        assert service.update(ctx, image.id, [Change("replace", "name", "ü")]).name == "ü"
        incoming = service.begin_upload(ctx, image.id)
    incoming.write(b"bytes")
    assert service.finish_upload(incoming).status == "active"
    service.abort_upload(incoming)
    with database.transaction() as db:
        ctx = of.ctx(db, customer())
        assert service.image(ctx, image.id).size == 5
        assert service.data(ctx, image.id) is not None
        service.add_member(ctx, image.id, "p2")
        service.delete(ctx, image.id)
