"""The charge of segments and samples together."""

import subprocess
import sys

import pytest

from stratiform.kit.clock import DAY_US, HOUR_US
from stratiform.services.rating.service import usage_rating
from stratiform.services.rating.service.usage_rating import UsageRating
from support.money import PLAN
from support.rating import START, parse, sample, segment

TRAFFIC = """
[[version.price]]
resource = "instance"
measure = "samples"
meter = "network.outgoing.bytes"
where = { flavor = "s" }
price = "0.5"
per = "GB"
"""


def test_duckdb_is_loaded_only_when_it_is_needed() -> None:
    program = "import sys, stratiform.app.api; print({'duckdb', 'pyarrow', 'typst'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_few_and_many_segments_are_rated_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    usages = [
        segment("volume", number, None, "in-use", resource_id=f"v{number}", size_gib=number, volume_type="fast")
        for number in range(1, 40)
    ]
    few = UsageRating().rate_usage(parse(PLAN), iter(usages), START, START + DAY_US)
    monkeypatch.setattr(usage_rating, "MAX_PLAIN_SEGMENTS", 10)
    assert UsageRating().rate_usage(parse(PLAN), iter(usages), START, START + DAY_US) == few
    assert len(few.lines) == 39


@pytest.mark.parametrize("max_plain_segments", [0, 10])
def test_segments_and_samples_are_one_charge(monkeypatch: pytest.MonkeyPatch, max_plain_segments: int) -> None:
    monkeypatch.setattr(usage_rating, "MAX_PLAIN_SEGMENTS", max_plain_segments)
    plan, end = parse(PLAN + TRAFFIC), START + 2 * HOUR_US
    usages = [segment("instance", 0, HOUR_US, vcpus=2, root_gib=20, flavor="s"), segment("router", 0, HOUR_US)]
    sampled = [
        sample("instance", "network.outgoing.bytes", "B", HOUR_US, "3000000000"),
        sample("object_store", "storage.api.request", "request", HOUR_US, "1"),
    ]
    charge = UsageRating().rate_usage(plan, usages, START, end, sampled)
    amounts = [(line.key.price, line.amount) for line in charge.lines]
    assert amounts == [(0, 2 * 10**18), (1, 2 * 10**17), (3, 15 * 10**19)]
    assert charge.unpriced_types == {"object_store": 1, "router": 1}
    by_day, days = UsageRating().rate_usage_by_day(plan, usages, START, end, sampled)
    assert by_day == charge
    assert sum(amount for amounts in days.values() for amount in amounts.values()) == charge.amount


def test_the_hourly_rate_is_that_of_the_state() -> None:
    running = segment("instance", 0, None, vcpus=2, root_gib=20)
    stopped = segment("instance", 0, None, "stopped", vcpus=2, root_gib=20)
    assert UsageRating().compute_hourly_rate(parse(PLAN), running, START) == 2 * 10**8 + 2 * 10**7
    assert UsageRating().compute_hourly_rate(parse(PLAN), stopped, START) == 2 * 10**7
