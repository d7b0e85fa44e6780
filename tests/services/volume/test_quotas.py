"""Quotas under concurrency, on every database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import NewVolume
from support.volumes import VolumeHarness

_REQUESTS = 12


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


def test_refused_requests_of_a_new_project_do_not_deadlock(volumes_on: VolumeHarness) -> None:
    """Every request rolls back, also the one that creates the project's lock row while the others wait for it."""
    with volumes_on.ctx(volumes_on.admin()) as ctx:
        volumes_on.service.quota_sets.update_class(ctx, "default", {"volumes": 0})
    barrier = Barrier(_REQUESTS)

    def create(_number: int) -> type[Exception] | None:
        barrier.wait()
        try:
            volumes_on.create(NewVolume(1))
        except Exception as error:
            return type(error)
        return None

    with ThreadPoolExecutor(_REQUESTS) as pool:
        assert list(pool.map(create, range(_REQUESTS))) == [QuotaExceeded] * _REQUESTS
