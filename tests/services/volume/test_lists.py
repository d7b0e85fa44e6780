"""Lists: filters, order, pages."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.volume.model import NewVolume, Sort, VolumeFilter
from support.stacks import customer
from support.volumes import VolumeHarness


def names(volumes: VolumeHarness, filters: VolumeFilter | None = None, *sorts: Sort, **options: int) -> list[str]:
    with volumes.ctx() as ctx:
        page = volumes.service.volumes.list(ctx, filters or VolumeFilter(), Page(), sorts, **options)  # type: ignore[arg-type]
        return [volume.name for volume in page.items]


@pytest.fixture
def three(volumes_on: VolumeHarness) -> VolumeHarness:
    for name, size, tag in (("a", 3, "x"), ("b", 1, "y"), ("c", 2, "x")):
        volumes_on.create(NewVolume(size, name=name, metadata={"tag": tag}))
        volumes_on.harness.clock.advance(SECOND_US)
    return volumes_on


def test_lists_on_every_database(three: VolumeHarness) -> None:
    assert names(three) == ["c", "b", "a"]
    assert names(three, None, Sort("size", descending=False)) == ["b", "c", "a"]
    assert names(three, None, Sort("name", descending=True)) == ["c", "b", "a"]
    assert names(three, None, offset=1) == ["b", "a"]
    assert names(three, VolumeFilter(name="b")) == ["b"]
    assert names(three, VolumeFilter(status="available")) == []
    assert names(three, VolumeFilter(bootable=False, availability_zone="zone-a")) == ["c", "b", "a"]
    assert names(three, VolumeFilter(metadata={"tag": "x"})) == ["c", "a"]
    with three.ctx() as ctx:
        assert three.service.volumes.count(ctx, VolumeFilter(metadata={"tag": "x"})) == 2
        summary = three.service.volumes.summarize(ctx, VolumeFilter())
        assert (summary.count, summary.size_gib, summary.metadata) == (3, 6, {"tag": ["x", "y"]})
        limits = three.service.quota_sets.get_limits(ctx)
        assert (limits.in_use["volumes"], limits.in_use["gigabytes"]) == (3, 6)
        of_type = three.service.quota_sets.get(ctx, "p1").in_use
        assert (of_type["volumes_standard"], of_type["gigabytes_standard"]) == (3, 6)
        with pytest.raises(Invalid):
            three.service.volumes.list(ctx, VolumeFilter(), Page(), [Sort("colour", descending=True)])
        with pytest.raises(Invalid):
            three.service.volumes.list(ctx, VolumeFilter(), Page(marker="nowhere"))


@pytest.mark.parametrize("sorts", [[], [Sort("size", descending=True)], [Sort("status", descending=False)]])
def test_pages_contain_every_volume_once(volumes: VolumeHarness, sorts: list[Sort]) -> None:
    expected = {volumes.create(NewVolume(1 + number % 2)).id for number in range(7)}
    listed: list[str] = []
    marker = None
    with volumes.ctx() as ctx:
        while True:
            page = volumes.service.volumes.list(ctx, VolumeFilter(), Page(2, marker), sorts)
            listed += [volume.id for volume in page.items]
            if not page.more:
                break
            marker = page.items[-1].id
    assert len(listed) == 7
    assert set(listed) == expected


def test_operators_list_all_projects(volumes: VolumeHarness) -> None:
    volumes.create()
    with volumes.ctx(customer("p2")) as ctx:
        volumes.service.volumes.create(ctx, NewVolume(1))
    with volumes.ctx(volumes.admin()) as ctx:
        assert volumes.service.volumes.count(ctx, VolumeFilter()) == 1
        assert volumes.service.volumes.count(ctx, VolumeFilter(), all_projects=True) == 2
        assert volumes.service.volumes.count(ctx, VolumeFilter(project_id="p2"), all_projects=True) == 1
