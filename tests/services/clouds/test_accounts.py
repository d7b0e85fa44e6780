"""Accounts: what is remembered, what is hidden, who may."""

import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CredentialsRejected
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.policy import Caller
from stratiform.services.clouds.errors import CloudInUse, CloudNotFound
from stratiform.services.clouds.model import Cloud

from .conftest import Desk

MEMBER = Caller(user_id="u1", project_id="p1", roles=frozenset({"member", "reader"}))
AWS = {"access_key": "AKIAEXAMPLE", "secret_key": "s3cr3t-of-mine", "region": "eu-central-1", "az": "eu-central-1a"}


def add(desk: Desk, name: str = "memory", **settings: str) -> Cloud:
    with desk.database.transaction() as db:
        return desk.clouds.add(desk.ctx(db), "memory", name, settings)


def memory(desk: Desk, cloud: Cloud) -> MemoryCloud:
    return cast("MemoryCloud", desk.clouds.connected(cloud.id))


def test_what_is_added_is_found_by_id_and_by_name(every_desk: Desk) -> None:
    desk = every_desk
    one, two = add(desk, "memory-2", latency_ms="5"), add(desk, "memory-1")
    with desk.database.snapshot() as db:
        assert desk.clouds.clouds(db) == [two, one]
        assert desk.clouds.list_clouds(desk.ctx(db)) == [two, one]
        assert desk.clouds.cloud(db, one.id) == one
        assert desk.clouds.named(db, "memory-2") == one
        assert desk.clouds.show(desk.ctx(db), "memory-2") == desk.clouds.show(desk.ctx(db), one.id) == one
        for unknown in (desk.clouds.cloud, desk.clouds.named):
            with pytest.raises(CloudNotFound, match="nowhere"):
                unknown(db, "nowhere")
    assert one.settings == {"latency_ms": "5"}
    assert one.created_at == one.updated_at == desk.clock.now()


def test_a_name_is_given_once(every_desk: Desk) -> None:
    add(every_desk)
    with pytest.raises(Conflict, match="'memory'"):
        add(every_desk)


def test_a_name_is_given_once_at_the_same_time_too(every_desk: Desk) -> None:
    together = threading.Barrier(4)

    def outcome(_number: int) -> str:
        together.wait()
        try:
            return add(every_desk).name
        except Conflict:
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(outcome, range(4))) == ["memory", "taken", "taken", "taken"]


@pytest.mark.parametrize("name", ["", "Memory", "-a", "a b", "a/b", "a.b", "ä", "a" * 64, "a\n"])
def test_a_name_that_is_none(desk: Desk, name: str) -> None:
    with pytest.raises(Invalid, match="no name"):
        add(desk, name)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("nimbus", {}, "unknown kind of cloud: nimbus"),
        ("memory", {"colour": "red"}, "unknown setting 'colour'"),
        ("memory", {"latency_ms": "soon"}, "latency_ms"),
        ("aws", {**AWS, "secret_key": ""}, "'secret_key' is missing"),
        ("aws", {key: value for key, value in AWS.items() if key != "region"}, "'region' is missing"),
    ],
)
def test_settings_that_are_wrong_are_named_and_nothing_is_kept(
    desk: Desk, kind: str, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(Invalid, match=said) as told, desk.database.transaction() as db:
        desk.clouds.add(desk.ctx(db), kind, "one", settings)
    assert AWS["secret_key"] not in told.value.message + told.value.hint
    with desk.database.snapshot() as db:
        assert desk.clouds.clouds(db) == []


def test_secrets_are_encrypted_and_never_shown(
    every_desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = every_desk
    caplog.set_level(logging.DEBUG)
    with desk.database.transaction() as db:
        cloud = desk.clouds.add(desk.ctx(db), "aws", "aws-1", AWS)
    assert "secret_key" not in cloud.settings
    assert cloud.settings["access_key"] == "AKIAEXAMPLE"
    with desk.database.snapshot() as db:
        stored = str(list(db.execute(text("SELECT * FROM clouds_cloud"))))
    assert AWS["secret_key"] not in stored + repr(cloud) + caplog.text
    desk.clouds.connected(cloud.id)
    assert AWS["secret_key"] not in caplog.text


def test_secrets_reach_the_cloud(desk: Desk) -> None:
    cloud = add(desk, password="right")
    desk.clouds.check(desk.ended(), cloud)
    memory(desk, cloud).client.change_password("another")
    with pytest.raises(CredentialsRejected):
        desk.clouds.check(desk.ended(), cloud)


def test_secrets_survive_a_rotation_of_the_keys_but_not_their_loss(desk: Desk, tmp_path: Path) -> None:
    cloud = add(desk, password="right")
    desk.keys.rotate()
    desk.another().connected(cloud.id)
    shutil.rmtree(tmp_path / "home" / "keys")
    desk.keys.create()
    desk.keys.rotate()
    with pytest.raises(Invalid, match="'memory' can't be read"):
        desk.another().connected(cloud.id)


def test_new_credentials_are_used_by_every_process_at_once(every_desk: Desk) -> None:
    desk = every_desk
    cloud, other = add(desk, password="old"), desk.another()
    before = memory(desk, cloud)
    before.check()
    assert other.connected(cloud.id) is other.connected(cloud.id)
    before.client.change_password("new")
    with desk.database.transaction() as db:
        changed = desk.clouds.update(desk.ctx(db), cloud.id, {"password": "new", "latency_ms": "7"})
    assert (changed.revision, changed.settings) == (2, {"latency_ms": "7"})
    for service in (desk.clouds, other):
        assert service.connected(cloud.id) is not before
        service.connected(cloud.id).check()
    with pytest.raises(CredentialsRejected):
        before.check()


def test_an_update_keeps_the_rest_and_takes_back_what_is_empty(every_desk: Desk) -> None:
    desk = every_desk
    cloud = add(desk, latency_ms="7", call_ms="1", password="p")
    desk.clock.advance(5)
    with desk.database.transaction() as db:
        desk.clouds.update(desk.ctx(db), cloud.id, {"call_ms": ""})
    with desk.database.snapshot() as db:
        changed = desk.clouds.cloud(db, cloud.id)
    assert changed.settings == {"latency_ms": "7"}
    assert changed.updated_at == cloud.created_at + 5
    memory(desk, cloud).check()
    assert memory(desk, cloud).client.settings.password == "p"
    for wrong, said in (({"colour": "red"}, "colour"), ({"latency_ms": "x"}, "latency_ms")):
        with pytest.raises(Invalid, match=said), desk.database.transaction() as db:
            desk.clouds.update(desk.ctx(db), cloud.id, wrong)
    with pytest.raises(CloudNotFound), desk.database.transaction() as db:
        desk.clouds.update(desk.ctx(db), "nowhere", {})


def test_one_process_connects_once(desk: Desk) -> None:
    cloud = add(desk)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk.clouds.connected(cloud.id), range(32)))
    last = desk.clouds.connected(cloud.id)
    assert found[-1] is last
    with pytest.raises(CloudNotFound):
        desk.clouds.connected("nowhere")


def test_a_cloud_is_removed_when_nobody_is_bound_to_it(every_desk: Desk) -> None:
    desk = every_desk
    cloud = add(desk)
    with desk.database.transaction() as db:
        ctx = desk.ctx(db)
        desk.clouds.bind(ctx, "p1", cloud.id)
        desk.clouds.register_flavor(ctx, cloud.id, "f1", "memory.small")
    with pytest.raises(CloudInUse, match="p1"), desk.database.transaction() as db:
        desk.clouds.remove(desk.ctx(db), cloud.id)
    with desk.database.transaction() as db:
        desk.clouds.unbind(desk.ctx(db), "p1", cloud.id)
        desk.clouds.remove(desk.ctx(db), cloud.id)
    with desk.database.snapshot() as db:
        assert desk.clouds.clouds(db) == []
    with pytest.raises(CloudNotFound):
        desk.clouds.connected(cloud.id)


def test_a_check_tells_who_we_are(desk: Desk) -> None:
    cloud = add(desk, zones="a,b")
    finding = desk.clouds.check(desk.ended(), cloud)
    assert (finding.identity, finding.zones) == ("memory:memory", ("a", "b"))


def test_a_cloud_is_not_asked_inside_a_transaction(desk: Desk) -> None:
    cloud = add(desk)
    with desk.database.snapshot() as db, pytest.raises(RuntimeError, match="after the transaction"):
        desk.clouds.check(desk.ctx(db), cloud)


def test_the_first_start_has_a_simulated_cloud(desk: Desk) -> None:
    with desk.database.transaction() as db:
        first = desk.clouds.ensure_memory(desk.ctx(db))
        assert first is not None
        assert first.name == "memory"
        assert desk.clouds.ensure_memory(desk.ctx(db), "other") == first


def test_a_removed_simulated_cloud_does_not_come_back(desk: Desk) -> None:
    with desk.database.transaction() as db:
        desk.clouds.add(desk.ctx(db), "aws", "aws-1", AWS)
        assert desk.clouds.ensure_memory(desk.ctx(db)) is None


def test_only_the_operator_may(desk: Desk) -> None:
    cloud = add(desk)
    with desk.database.transaction() as db:
        ctx, clouds = desk.ctx(db, MEMBER), desk.clouds
        for verb in (
            lambda: clouds.add(ctx, "memory", "mine", {}),
            lambda: clouds.update(ctx, cloud.id, {}),
            lambda: clouds.remove(ctx, cloud.id),
            lambda: clouds.list_clouds(ctx),
            lambda: clouds.show(ctx, cloud.id),
            lambda: clouds.bind(ctx, "p1", cloud.id),
            lambda: clouds.unbind(ctx, "p1", cloud.id),
            lambda: clouds.cloud_bindings(ctx, cloud.id),
            lambda: clouds.register_image(ctx, cloud.id, "i", "n"),
            lambda: clouds.natives(ctx, cloud.id),
            lambda: clouds.check(ctx, cloud),
        ):
            with pytest.raises(Forbidden):
                verb()
