"""Whatever dies under load, the ledger is what was sent: nothing lost, nothing doubled, nothing left behind.

Each round publishes some thousand notifications, valid, foreign and poisoned, some of them twice, into a RabbitMQ of
its own, from where real collectors put them into a database of its own, while a plan drawn from a seed kills, stops,
hangs and fills up whatever there is. At the end the ledger must be the slow fold of what was sent.

`make faults` plays 100 rounds (ROUNDS=n) from seed 1 (SEED=n). A round is repeated by its seed: its plan is the same.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from faults.plan import Plan, random_plan, short_plan
from faults.under_fire import Outcome, Services, play, services

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
FIRST = int(os.environ.get("FAULT_SEED", "1"))


@pytest.fixture(scope="module")
def shared() -> Iterator[Services]:
    with services() as made:
        yield made


def test_a_round_follows_from_its_seed() -> None:
    assert random_plan(FIRST) == random_plan(FIRST)
    assert random_plan(FIRST) != random_plan(FIRST + 1)


@pytest.mark.timeout(240)
def test_a_short_round_loses_and_doubles_nothing(shared: Services) -> None:
    assert play(short_plan(FIRST), shared).segments > 100


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS))
def test_a_round_loses_and_doubles_nothing(shared: Services, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    plan = random_plan(seed)
    outcome = play(plan, shared)
    with capsys.disabled():
        sys.stdout.write(f"\nseed {seed}: {_told(plan, outcome)}")
        sys.stdout.flush()


def _told(plan: Plan, of: Outcome) -> str:
    ends = f"; ends {of.ends}" if of.ends else ""
    return (
        f"{len(plan.sent)} sent, {of.repeated} again, {of.segments} segments, {of.seconds:.0f} s ({of.drained_s:.0f} s "
        f"after the last one), {plan.store} by {plan.collectors}, {of.midway} of {len(plan.faults)} in the middle of a "
        f"transaction: {plan.story}{ends}"
    )
