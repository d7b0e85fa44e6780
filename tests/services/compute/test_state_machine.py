"""Whatever is asked in whatever order, while the cloud fails and loses answers: nothing is lost, doubled or forgotten.

A rule-based machine plays the customer, the cloud's faults, a worker that is killed between two steps, and the
observer. At the end everything is let come to rest, and cloud, rows, addresses and events are compared.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from stratiform.contract.compute import NativeServerState
from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound
from stratiform.kit.work import work_table
from support.profiles import examples
from support.servers import ServerBench, with_servers
from support.stacks import bench

REFUSALS = (Conflict, Invalid, NotFound)
AT_REST = {"ACTIVE", "SHUTOFF", "VERIFY_RESIZE", "ERROR", "DELETED"}


class Life(RuleBasedStateMachine):
    """Servers of one project over a cloud that misbehaves."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.bench = bench(self.folder / "home")
        self.servers: ServerBench = with_servers(self.bench)

    def teardown(self) -> None:
        try:
            self.come_to_rest()
            self.compare()
        finally:
            self.bench.services.database.close()
            shutil.rmtree(self.folder)

    @initialize()
    def subnet_exists(self) -> None:
        """The first server makes the subnet; a fault there is the network's business."""
        self.servers.active()

    @rule(target=made, count=st.integers(1, 2))
    def create(self, count: int):  # type: ignore[no-untyped-def]  # hypothesis' own result type is private
        with self.servers.ctx() as ctx:
            new = self.servers.service.create_servers(ctx, self.servers.new(min_count=count, max_count=count))
        return multiple(*(server.id for server in new))

    @rule(
        server_id=made,
        verb=st.sampled_from(("start", "stop", "confirm_resize", "revert_resize", "delete_server", "delete_server")),
    )
    def ask(self, server_id: str, verb: str) -> None:
        self.try_it(verb, server_id)

    @rule(server_id=made, hard=st.booleans())
    def reboot(self, server_id: str, hard: bool) -> None:
        self.try_it("reboot", server_id, hard=hard)

    @rule(server_id=made, flavor_id=st.sampled_from(("1", "2", "3")))
    def resize(self, server_id: str, flavor_id: str) -> None:
        self.try_it("resize", server_id, flavor_id)

    @rule(server_id=made)
    def rebuild(self, server_id: str) -> None:
        self.try_it("rebuild", server_id, self.servers.image_id, {})

    @rule(fails=st.integers(0, 3), loses=st.integers(0, 3))
    def misbehave(self, fails: int, loses: int) -> None:
        self.servers.cloud.client.set_faults(fail_next=fails, lose_next=loses)

    @rule(percent=st.sampled_from((0, 30)))
    def break_machines(self, percent: int) -> None:
        self.servers.cloud.client.set_faults(break_percent=percent)

    @rule(vcpus=st.sampled_from((0, 2)))
    def run_short(self, vcpus: int) -> None:
        self.servers.cloud.client.set_faults(capacity_vcpus=vcpus)

    @rule(ms=st.integers(0, 3000))
    def time_passes(self, ms: int) -> None:
        self.servers.of.clock.advance(ms * 1000)
        self.servers.step()

    @rule(which=st.sampled_from(("stop", "start", "delete")), index=st.integers(0, 9))
    def somebody_acts_in_the_cloud(self, which: str, index: int) -> None:
        machines = self.servers.machines_if_told()
        if machines:
            try:
                getattr(self.servers.compute, which)(machines[index % len(machines)].id)
            except Fault:
                return

    @rule()
    def observe(self) -> None:
        self.servers.observe()

    def try_it(self, verb: str, server_id: str, *more: object, **named: object) -> None:
        try:
            with self.servers.ctx() as ctx:
                getattr(self.servers.service, verb)(ctx, server_id, *more, **named)
        except REFUSALS:
            return

    def come_to_rest(self) -> None:
        self.servers.cloud.client.clear_faults()
        for _ in range(3):
            self.servers.work(90)
            self.servers.observe()
        self.servers.work(10)

    def compare(self) -> None:
        rows = {row.id: row for row in self.servers.rows()}
        machines = self.servers.machines()
        assert {row.status for row in rows.values()} <= AT_REST
        assert {row.task_state for row in rows.values()} <= {""}
        assert max(Counter(machine.token for machine in machines).values(), default=0) <= 1, "doubled"
        alive = {row.native_id for row in rows.values() if row.deleted_at is None and not row.lost and row.native_id}
        assert {machine.id for machine in machines} == alive, "lost or forgotten"
        for machine in machines:
            self.compare_state(machine.state, rows[machine.token].vm_state, rows[machine.token].power_on)
        with self.servers.of.services.database.snapshot() as db:
            left = db.execute(work_table.select().where(work_table.c.kind == "compute.server")).all()
            assert [row.last_error for row in left if row.last_error] == []
            for row in rows.values():
                ports = self.servers.of.services.network.server_ports.list(db, row.id)
                assert bool(ports) == (row.deleted_at is None)
                self.compare_story(row.id)

    def compare_state(self, machine: NativeServerState, vm_state: str, power_on: bool) -> None:
        if vm_state == "active":
            assert machine is NativeServerState.RUNNING
        elif vm_state == "stopped":
            assert machine is NativeServerState.STOPPED
        elif vm_state == "resized":
            assert machine is (NativeServerState.RUNNING if power_on else NativeServerState.STOPPED)

    def compare_story(self, server_id: str) -> None:
        """The last event says what the row says, and an end comes once."""
        row = self.servers.show(server_id)
        told = self.servers.events(server_id)
        last = told[-1].payload
        assert last["state"] == ("deleted" if row.terminated_at is not None else row.vm_state)
        assert last["instance_flavor_id"] == row.flavor_id
        ends = [event.payload["terminated_at"] for event in told if event.event_type.endswith("delete.end")]
        assert len(set(ends)) <= 1


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=examples(15),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
