"""The ledger has each message once, whatever process is killed while messages arrive.

A round publishes some thousand notifications (valid, ignored and invalid ones, some of them twice) to a RabbitMQ
server, from which `stratiform collector` processes store them in a database. Meanwhile a plan that is generated from a
seed kills and stops servers and collectors, and fills up disks. At the end the ledger must equal the reference fold
of the published messages.

`make faults` runs 100 rounds (ROUNDS=n) from seed 1 (SEED=n). A seed always gives the same plan.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from faults.plan import Plan, random_plan, short_plan
from faults.rounds import Outcome, Servers, private_servers, run_round

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
FIRST_SEED = int(os.environ.get("FAULT_SEED", "1"))


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with private_servers() as servers:
        yield servers


def test_plan_depends_on_the_seed_only() -> None:
    assert random_plan(FIRST_SEED) == random_plan(FIRST_SEED)
    assert random_plan(FIRST_SEED) != random_plan(FIRST_SEED + 1)


@pytest.mark.timeout(1800)
def test_short_round_loses_and_repeats_no_message(servers: Servers) -> None:
    assert run_round(short_plan(FIRST_SEED), servers).segments > 100


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_round_loses_and_repeats_no_message(servers: Servers, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    plan = random_plan(seed)
    outcome = run_round(plan, servers)
    with capsys.disabled():
        sys.stdout.write(f"\nseed {seed}: {_summary(plan, outcome)}")
        sys.stdout.flush()


def _summary(plan: Plan, outcome: Outcome) -> str:
    exit_codes = f"; exit codes {outcome.exit_codes}" if outcome.exit_codes else ""
    return (
        f"{len(plan.messages)} messages, {outcome.republished} republished, {outcome.segments} segments, "
        f"{outcome.seconds:.0f} s ({outcome.drain_seconds:.0f} s to drain), {plan.store}, "
        f"{plan.collectors} collectors, {outcome.faults_in_transaction} of {len(plan.faults)} faults in a "
        f"transaction: {plan.summary}{exit_codes}"
    )
