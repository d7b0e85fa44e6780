"""Cloud accounts: settings, secrets, names and policy."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CredentialsRejected
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.policy import Caller
from stratiform.services.clouds.errors import CloudConflict, CloudInUse, CloudNotFound
from stratiform.services.clouds.model import ResourceType

from .conftest import Fixture

MEMBER = Caller(user_id="u1", project_id="p1", roles=frozenset({"member", "reader"}))
AWS = {"access_key": "AKIAEXAMPLE", "secret_key": "s3cr3t-of-mine", "region": "eu-central-1", "az": "eu-central-1a"}


def test_get_by_id_and_by_name(any_fixture: Fixture) -> None:
    f, accounts = any_fixture, any_fixture.clouds.accounts
    second, first = f.add("memory-2", latency_ms="5"), f.add("memory-1")
    with f.database.read_transaction() as db:
        assert accounts.list_all(db) == [first, second]
        assert accounts.list(f.ctx(db)) == [first, second]
        assert accounts.get_by_id(db, second.id) == second
        assert accounts.get(f.ctx(db), "memory-2") == accounts.get(f.ctx(db), second.id) == second
        with pytest.raises(CloudNotFound, match="'nowhere'"):
            accounts.get_by_id(db, "nowhere")
        with pytest.raises(CloudNotFound, match="'nowhere'"):
            accounts.get(f.ctx(db), "nowhere")
    assert second.settings == {"latency_ms": "5"}
    assert second.created_at == second.updated_at == f.clock.now()


def test_name_is_unique(any_fixture: Fixture) -> None:
    any_fixture.add()
    with pytest.raises(CloudConflict, match="'memory'"):
        any_fixture.add()


def test_name_is_unique_under_concurrency(any_fixture: Fixture) -> None:
    barrier = threading.Barrier(4)

    def create(_number: int) -> str:
        barrier.wait()
        try:
            return any_fixture.add().name
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == ["conflict", "conflict", "conflict", "memory"]


@pytest.mark.parametrize("name", ["", "Memory", "-a", "a b", "a/b", "a.b", "ä", "a" * 64, "a\n"])
def test_invalid_name(fixture: Fixture, name: str) -> None:
    with pytest.raises(Invalid, match="not a valid cloud name"):
        fixture.add(name)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("nimbus", {}, "nimbus"),
        ("memory", {"colour": "red"}, "unknown setting 'colour'"),
        ("memory", {"latency_ms": "soon"}, "latency_ms"),
        ("aws", {**AWS, "secret_key": ""}, "'secret_key' is missing"),
        ("aws", {key: value for key, value in AWS.items() if key != "region"}, "'region' is missing"),
    ],
)
def test_invalid_setting_is_named_and_nothing_is_stored(
    fixture: Fixture, kind: str, settings: dict[str, str], message: str
) -> None:
    accounts = fixture.clouds.accounts
    with pytest.raises(Invalid, match=message) as error, fixture.database.transaction() as db:
        accounts.create(fixture.ctx(db), kind, "cloud", settings)
    assert AWS["secret_key"] not in error.value.message + error.value.hint
    with fixture.database.read_transaction() as db:
        assert accounts.list_all(db) == []


def test_secrets_are_encrypted_and_never_logged(any_fixture: Fixture, caplog: pytest.LogCaptureFixture) -> None:
    f = any_fixture
    caplog.set_level(logging.DEBUG)
    with f.database.transaction() as db:
        cloud = f.clouds.accounts.create(f.ctx(db), "aws", "aws-1", AWS)
    assert "secret_key" not in cloud.settings
    assert cloud.settings["access_key"] == "AKIAEXAMPLE"
    with f.database.read_transaction() as db:
        rows = str(list(db.execute(text("SELECT * FROM clouds_cloud"))))
    assert AWS["secret_key"] not in rows + repr(cloud) + caplog.text
    f.clouds.connections.get(cloud.id)
    assert AWS["secret_key"] not in caplog.text


def test_update_keeps_other_settings_and_resets_empty_values(any_fixture: Fixture) -> None:
    f, accounts = any_fixture, any_fixture.clouds.accounts
    cloud = f.add(latency_ms="7", call_ms="1", password="p")
    f.clock.advance(5)
    with f.database.transaction() as db:
        accounts.update(f.ctx(db), cloud.id, {"call_ms": ""})
    with f.database.read_transaction() as db:
        updated = accounts.get_by_id(db, cloud.id)
    assert updated.settings == {"latency_ms": "7"}
    assert updated.updated_at == cloud.created_at + 5
    connection = f.clouds.connections.get(cloud.id)
    connection.check_credentials()
    assert isinstance(connection, MemoryCloud)
    assert connection.client.settings.password == "p"
    for changes, message in (({"colour": "red"}, "colour"), ({"latency_ms": "x"}, "latency_ms")):
        with pytest.raises(Invalid, match=message), f.database.transaction() as db:
            accounts.update(f.ctx(db), cloud.id, changes)
    with pytest.raises(CloudNotFound), f.database.transaction() as db:
        accounts.update(f.ctx(db), "nowhere", {})


def test_update_without_changes_keeps_the_revision(fixture: Fixture) -> None:
    accounts = fixture.clouds.accounts
    with fixture.database.transaction() as db:
        cloud = accounts.create(fixture.ctx(db), "memory", "m", {"latency_ms": "7", "password": "hush"})
    fixture.clock.advance(5)
    with fixture.database.transaction() as db:
        assert accounts.update(fixture.ctx(db), cloud.id, {"latency_ms": "7", "password": "hush"}) == cloud
        changed = accounts.update(fixture.ctx(db), cloud.id, {"password": "other"})
    assert (changed.revision, changed.updated_at) == (cloud.revision + 1, cloud.updated_at + 5)


def test_delete_requires_that_no_project_is_bound(any_fixture: Fixture) -> None:
    f, clouds = any_fixture, any_fixture.clouds
    cloud = f.add()
    f.bind("p1", cloud)
    with f.database.transaction() as db:
        clouds.native_ids.register(f.ctx(db), cloud.id, ResourceType.FLAVOR, "f1", "memory.small")
    with pytest.raises(CloudInUse, match="p1"), f.database.transaction() as db:
        clouds.accounts.delete(f.ctx(db), cloud.id)
    with f.database.transaction() as db:
        clouds.bindings.delete(f.ctx(db), "p1", cloud.id)
        clouds.accounts.delete(f.ctx(db), cloud.id)
    with f.database.read_transaction() as db:
        assert clouds.accounts.list_all(db) == []
    with pytest.raises(CloudNotFound):
        clouds.connections.get(cloud.id)


def test_new_account_and_its_update_are_checked_before_they_are_stored(fixture: Fixture) -> None:
    accounts, ctx = fixture.clouds.accounts, fixture.closed_ctx()
    assert accounts.check_new_credentials(ctx, "memory", "new", {"zones": "a,b"}).zones == ("a", "b")
    with pytest.raises(Invalid, match="not a valid cloud name"):
        accounts.check_new_credentials(ctx, "memory", "New", {})
    cloud = fixture.add(password="right")
    fixture.clouds.connections.get(cloud.id).check_credentials()
    with pytest.raises(CredentialsRejected):
        accounts.check_updated_credentials(ctx, cloud, {"password": "wrong"})
    assert accounts.check_updated_credentials(ctx, cloud, {"zones": "c"}).zones == ("c",)
    with fixture.database.read_transaction() as db:
        assert accounts.list_all(db) == [cloud]
        with pytest.raises(RuntimeError):
            accounts.check_new_credentials(fixture.ctx(db), "memory", "new", {})
        with pytest.raises(RuntimeError):
            accounts.check_updated_credentials(fixture.ctx(db), cloud, {})


def test_bootstrap_creates_a_cloud_once(fixture: Fixture) -> None:
    accounts = fixture.clouds.accounts
    with fixture.database.transaction() as db:
        cloud = accounts.ensure_default_cloud(fixture.ctx(db), "memory", "simulated")
        assert cloud is not None
        assert (cloud.kind, cloud.name) == ("memory", "simulated")
        assert accounts.ensure_default_cloud(fixture.ctx(db), "memory", "other") == cloud


def test_bootstrap_creates_nothing_beside_clouds_of_other_kinds(fixture: Fixture) -> None:
    accounts = fixture.clouds.accounts
    with fixture.database.transaction() as db:
        accounts.create(fixture.ctx(db), "aws", "aws-1", AWS)
        assert accounts.ensure_default_cloud(fixture.ctx(db), "memory", "memory") is None
        assert [cloud.name for cloud in accounts.list_all(db)] == ["aws-1"]


def test_kinds_declare_settings_and_capabilities(fixture: Fixture) -> None:
    with fixture.database.read_transaction() as db:
        kinds = {kind.kind: kind for kind in fixture.clouds.accounts.list_kinds(fixture.ctx(db))}
    assert {"compute", "network"} <= set(kinds["memory"].capabilities)
    assert "secret_key" in [setting.name for setting in kinds["aws"].settings if setting.secret]


def test_members_are_forbidden_to_manage_clouds(fixture: Fixture) -> None:
    cloud = fixture.add()
    with fixture.database.transaction() as db:
        ctx, clouds = fixture.ctx(db, MEMBER), fixture.clouds
        for call in (
            lambda: clouds.accounts.list_kinds(ctx),
            lambda: clouds.accounts.create(ctx, "memory", "mine", {}),
            lambda: clouds.accounts.update(ctx, cloud.id, {}),
            lambda: clouds.accounts.delete(ctx, cloud.id),
            lambda: clouds.accounts.list(ctx),
            lambda: clouds.accounts.get(ctx, cloud.id),
            lambda: clouds.accounts.check_new_credentials(ctx, "memory", "mine", {}),
            lambda: clouds.accounts.check_updated_credentials(ctx, cloud, {}),
            lambda: clouds.bindings.create(ctx, "p1", cloud.id),
            lambda: clouds.bindings.delete(ctx, "p1", cloud.id),
            lambda: clouds.bindings.list(ctx),
            lambda: clouds.bindings.list(ctx, cloud_id=cloud.id),
            lambda: clouds.bindings.list(ctx, project_id="p1", cloud_id=cloud.id),
            lambda: clouds.bindings.check_native_zone(ctx, cloud.id, "zone-1"),
            lambda: clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, "i", "n"),
            lambda: clouds.native_ids.unregister(ctx, cloud.id, ResourceType.IMAGE, "i"),
            lambda: clouds.native_ids.resolve_canonical(ctx, cloud.id, ResourceType.IMAGE, "n"),
            lambda: clouds.native_ids.list(ctx, cloud.id),
            lambda: clouds.credential_checks.check(ctx, cloud),
        ):
            with pytest.raises(Forbidden):
                call()
