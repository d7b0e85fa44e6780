"""Random sequences of requests over a cloud that fails and loses responses leave no orphan and no duplicate.

A rule-based state machine acts as customer, faulty cloud, worker and observer. At the end the servers settle, and
cloud, rows, ports and notifications are compared.
"""

import shutil
import tempfile
from collections import Counter
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from stratiform.contract.compute import NativeServerState
from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound
from stratiform.kit.work_queue import work_table
from support.profiles import examples
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness

pytestmark = pytest.mark.thorough

SETTLED = {"ACTIVE", "SHUTOFF", "VERIFY_RESIZE", "ERROR", "DELETED"}


class ServerStateMachine(RuleBasedStateMachine):
    """Servers of one project over a faulty cloud."""

    created = Bundle("created")

    servers: ServerHarness

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.harness = build_harness(self.folder / "home", quota_instances=-1, quota_cores=-1, quota_ram=-1)

    def teardown(self) -> None:
        try:
            if "servers" in vars(self):
                self.settle()
                self.compare()
        finally:
            self.harness.services.database.close()
            shutil.rmtree(self.folder)

    @initialize(seed=st.integers(1, 2**32))
    def create_first_server(self, seed: int) -> None:
        """Create a cloud with random faults that repeat with `seed`, and its subnet with a first server."""
        self.servers = with_servers(self.harness, seed=str(seed))
        self.servers.create_active()

    @rule(target=created, count=st.integers(1, 2))
    def create(self, count: int):  # type: ignore[no-untyped-def]  # hypothesis' own result type is private
        with self.servers.ctx() as ctx:
            servers = self.servers.compute.servers.create(
                ctx, self.servers.new_server(min_count=count, max_count=count)
            )
        return multiple(*(server.id for server in servers))

    @rule(server_id=created, action=st.sampled_from(("start", "stop", "confirm_resize", "revert_resize")))
    def run_action(self, server_id: str, action: str) -> None:
        self.try_action(action, server_id)

    @rule(server_id=created)
    def delete(self, server_id: str) -> None:
        with self.allow_rejection(), self.servers.ctx() as ctx:
            self.servers.compute.servers.delete(ctx, server_id)

    @rule(server_id=created, hard=st.booleans())
    def reboot(self, server_id: str, hard: bool) -> None:
        self.try_action("reboot", server_id, hard=hard)

    @rule(server_id=created, flavor_id=st.sampled_from(("1", "2", "3")))
    def resize(self, server_id: str, flavor_id: str) -> None:
        self.try_action("resize", server_id, flavor_id)

    @rule(server_id=created)
    def rebuild(self, server_id: str) -> None:
        self.try_action("rebuild", server_id, self.servers.image_id)

    @rule(fails=st.integers(0, 3), loses=st.integers(0, 3))
    def inject_faults(self, fails: int, loses: int) -> None:
        self.servers.cloud.client.set_faults(fail_next=fails, lose_next=loses)

    @rule(percent=st.sampled_from((0, 30)))
    def break_servers(self, percent: int) -> None:
        self.servers.cloud.client.set_faults(break_percent=percent)

    @rule(vcpus=st.sampled_from((0, 2)))
    def limit_capacity(self, vcpus: int) -> None:
        self.servers.cloud.client.set_faults(capacity_vcpus=vcpus)

    @rule(ms=st.integers(0, 3000))
    def advance_time(self, ms: int) -> None:
        self.servers.harness.clock.advance(ms * 1000)
        self.servers.run_due_work()

    @rule(action=st.sampled_from(("stop", "start", "delete")), index=st.integers(0, 9))
    def change_in_cloud(self, action: str, index: int) -> None:
        native_servers = self.servers.native_servers_or_none()
        if native_servers:
            with suppress(Fault):
                getattr(self.servers.cloud_compute, action)(native_servers[index % len(native_servers)].id)

    @rule()
    def observe(self) -> None:
        self.servers.observe()

    def try_action(self, action: str, server_id: str, *args: object, **kwargs: object) -> None:
        with self.allow_rejection(), self.servers.ctx() as ctx:
            getattr(self.servers.compute.server_actions, action)(ctx, server_id, *args, **kwargs)

    @staticmethod
    def allow_rejection() -> AbstractContextManager[None]:
        return suppress(Conflict, Invalid, NotFound)

    def settle(self) -> None:
        self.servers.cloud.client.clear_faults()
        for _ in range(3):
            self.servers.run_worker(90)
            self.servers.observe()
        self.servers.run_worker(10)

    def compare(self) -> None:
        rows = {row.id: row for row in self.servers.rows()}
        native_servers = self.servers.native_servers()
        assert {row.status for row in rows.values()} <= SETTLED
        assert {row.task_state for row in rows.values()} <= {""}
        assert max(Counter(native.token for native in native_servers).values(), default=0) <= 1, "duplicate"
        alive = {row.native_id for row in rows.values() if row.deleted_at is None and not row.is_lost and row.native_id}
        assert {native.id for native in native_servers} == alive, "lost or orphaned"
        for native in native_servers:
            self.compare_state(native.state, rows[native.token].vm_state, rows[native.token].power_on)
        with self.servers.harness.services.database.read_transaction() as db:
            pending = db.execute(work_table.select().where(work_table.c.kind == "compute.server")).all()
            assert [row.last_error for row in pending if row.last_error] == []
            for row in rows.values():
                ports = self.servers.harness.services.network.server_ports.list(db, row.id)
                assert bool(ports) == (row.deleted_at is None)
                self.compare_events(row.id)

    def compare_state(self, native_state: NativeServerState, vm_state: str, power_on: bool) -> None:
        if vm_state == "active":
            assert native_state is NativeServerState.RUNNING
        elif vm_state == "stopped":
            assert native_state is NativeServerState.STOPPED
        elif vm_state == "resized":
            assert native_state is (NativeServerState.RUNNING if power_on else NativeServerState.STOPPED)

    def compare_events(self, server_id: str) -> None:
        """The last notification has the state of the row, and there is one end of usage."""
        row = self.servers.get(server_id)
        events = self.servers.events(server_id)
        last = events[-1].payload
        assert last["state"] == ("deleted" if row.terminated_at is not None else row.vm_state)
        assert last["instance_flavor_id"] == row.flavor_id
        ends = [event.payload["terminated_at"] for event in events if event.event_type.endswith("delete.end")]
        assert len(set(ends)) <= 1


TestServerStateMachine = ServerStateMachine.TestCase
TestServerStateMachine.settings = settings(
    max_examples=examples(15),
    stateful_step_count=25,
)
