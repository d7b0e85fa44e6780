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
    made.stack.database.close()


def test_filters(of: Bench) -> None:
    service = of.stack.image
    with of.stack.database.transaction() as db:
        call = of.call(db, customer())
        service.create(call, {"name": "a", "tags": ["red"], "os_distro": "Debian", "visibility": "private"})
        service.create(call, {"name": "B", "tags": ["Red"], "os_distro": "debian", "visibility": "community"})
        service.create(of.call(db, customer("p2")), {"name": "stranger"})
        service.create_native(of.call(db, customer("p3", "admin")), "everyones")

        def names(**filters: list[str]) -> list[str]:
            return sorted(str(image.name) for image in service.images(call, Listing(filters)).items)

        assert names() == ["B", "a", "everyones"]
        assert names(tag=["red"]) == ["a"]
        assert names(os_distro=["debian"]) == ["B"]
        assert names(name=["in:a,B"]) == ["B", "a"]
        assert names(name=["b"]) == []
        assert names(size_min=["0"]) == ["everyones"]
        assert names(visibility=["public"]) == ["everyones"]
        assert names(status=["active"], protected=["false"]) == ["everyones"]
        stranger = of.call(db, customer("p4"))
        assert [image.name for image in service.images(stranger, Listing()).items] == ["everyones"]
        community = service.images(stranger, Listing({"visibility": ["community"]}))
        assert [image.name for image in community.items] == ["B"]


def test_pages_in_any_order_hold_everything_once(of: Bench) -> None:
    service = of.stack.image
    with of.stack.database.transaction() as db:
        call = of.call(db, customer())
        made = [service.create(call, {"min_ram": i % 2} | ({"name": f"n{i % 3}"} if i % 4 else {})) for i in range(11)]
        marker, seen = None, []
        while True:
            sort = [("name", True), ("size", False), ("min_ram", False)]
            found = service.images(call, Listing({}, sort, Page(4, marker)))
            seen += list(found.items)
            if not found.more:
                break
            marker = found.items[-1].id
    assert sorted(image.id for image in seen) == sorted(image.id for image in made)
    names = [image.name or "" for image in seen]
    assert names == sorted(names, reverse=True)


def test_a_whole_life(of: Bench) -> None:
    service, database = of.stack.image, of.stack.database
    with database.transaction() as db:
        call = of.call(db, customer())
        image = service.create(call, {"disk_format": "raw", "container_format": "bare"})
        assert service.update(call, image.id, [Change("replace", "name", "ü")]).name == "ü"
        incoming = service.begin_upload(call, image.id)
    incoming.write(b"bytes")
    assert service.finish_upload(incoming).status == "active"
    service.abort_upload(incoming)
    with database.transaction() as db:
        call = of.call(db, customer())
        assert service.image(call, image.id).size == 5
        assert service.data(call, image.id) is not None
        service.add_member(call, image.id, "p2")
        service.delete(call, image.id)
