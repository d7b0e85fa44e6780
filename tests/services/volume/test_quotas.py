"""Quotas under concurrency, on every database."""

from concurrent.futures import ThreadPoolExecutor

from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import NewVolume
from support.volumes import VolumeHarness


def test_concurrent_requests_do_not_exceed_a_quota(volumes_on: VolumeHarness) -> None:
    with volumes_on.ctx(volumes_on.admin()) as ctx:
        volumes_on.service.quota_sets.update(ctx, "p1", {"volumes": 3, "gigabytes": 100})

    def create(_number: int) -> bool:
        try:
            volumes_on.create(NewVolume(10))
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(create, range(12)))
    assert results.count(True) == 3
