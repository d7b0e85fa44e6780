"""Checks of credentials: on request and once a day, with a result that is stored."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from stratiform.kit.clock import DAY_US, HOUR_US
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.model.credential_checks import CredentialCheck, CredentialStatus
from stratiform.services.clouds.tasks import SCHEDULE_CHECKS, build_handlers

from .conftest import Fixture


def find_check(f: Fixture, cloud: Cloud) -> CredentialCheck | None:
    with f.database.read_transaction() as db:
        return f.clouds.credential_checks.find(f.ctx(db), cloud.id)


def run_worker(f: Fixture) -> None:
    Worker(f.database, build_handlers(f.clouds), name="w", clock=f.clock).run_until_idle()


def start_schedule(f: Fixture) -> None:
    with f.database.transaction() as db:
        enqueue(db, SCHEDULE_CHECKS, "all", f.clock.now())
    run_worker(f)


def test_check_on_request_is_stored(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add(zones="a,b")
    assert find_check(f, cloud) is None
    f.clouds.credential_checks.check(f.closed_ctx(), cloud)
    now = f.clock.now()
    valid = CredentialCheck(cloud.id, CredentialStatus.VALID, now, "", now, "memory:memory", ["a", "b"])
    assert find_check(f, cloud) == valid
    with f.database.read_transaction() as db:
        assert f.clouds.credential_checks.list(f.ctx(db)) == {cloud.id: valid}


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (CredentialsRejected("the key is revoked"), CredentialStatus.REJECTED),
        (CloudUnreachable("no response"), CredentialStatus.UNREACHABLE),
    ],
)
def test_failed_check_is_stored_and_keeps_what_was_known(
    any_fixture: Fixture, monkeypatch: pytest.MonkeyPatch, failure: CloudUnreachable, status: CredentialStatus
) -> None:
    f = any_fixture
    cloud = f.add()
    f.clouds.credential_checks.check(f.closed_ctx(), cloud)
    first = f.clock.now()
    fail_checks(f, cloud, monkeypatch, failure)
    f.clock.advance(HOUR_US)
    with pytest.raises(type(failure)):
        f.clouds.credential_checks.check(f.closed_ctx(), cloud)
    check = find_check(f, cloud)
    assert check is not None
    assert (check.status, check.error, check.identity) == (status, failure.message, "memory:memory")
    assert (check.checked_at, check.valid_at) == (first + HOUR_US, first)


def fail_checks(f: Fixture, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> list[str]:
    """Let the cloud reject checks from now on; return the list to which their clouds are appended."""
    checked: list[str] = []
    connection = f.clouds.connections.get(cloud.id)

    def check_credentials(_self: object) -> None:
        checked.append(cloud.id)
        raise failure

    monkeypatch.setattr(type(connection), "check_credentials", check_credentials)
    return checked


def test_worker_checks_daily_and_unreachable_clouds_hourly(
    any_fixture: Fixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    f = any_fixture
    cloud = f.add()
    start_schedule(f)
    check = find_check(f, cloud)
    assert check is not None
    assert (check.status, check.checked_at) == (CredentialStatus.VALID, f.clock.now())
    with monkeypatch.context() as patch:
        checked = fail_checks(f, cloud, patch, CloudUnreachable("no response"))
        for hours, total in ((23, 0), (1, 1), (0, 1), (1, 2)):
            f.clock.advance(hours * HOUR_US)
            with caplog.at_level(logging.WARNING):
                run_worker(f)
            assert len(checked) == total, hours
    assert "credential check failed cloud=memory status=unreachable" in caplog.text
    f.clock.advance(HOUR_US)
    run_worker(f)
    check = find_check(f, cloud)
    assert check is not None
    assert (check.status, check.error, check.valid_at) == (CredentialStatus.VALID, "", f.clock.now())


def test_check_of_former_settings_is_not_stored(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add(password="old")
    with f.database.transaction() as db:
        f.clouds.accounts.update(f.ctx(db), cloud.id, {"password": "new"})
    account = f.clouds.connections.get(cloud.id).check_credentials()
    with f.database.transaction() as db:
        f.clouds.credential_checks.save(db, cloud, account, f.clock.now())
    assert find_check(f, cloud) is None


def test_deleted_cloud_is_not_checked(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add()
    start_schedule(f)
    with f.database.transaction() as db:
        f.clouds.accounts.delete(f.ctx(db), cloud.id)
    f.clock.advance(DAY_US)
    run_worker(f)
    assert find_check(f, cloud) is None
    assert count_rows(f, "clouds_credential_check") == 0


def count_rows(f: Fixture, table: str) -> int:
    with f.database.read_transaction() as db:
        return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_rewrapped_secrets_are_valid_for_connections_in_use(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add(password="p")
    before = read_secrets(f)
    connection = f.clouds.connections.get(cloud.id)
    f.keys.rotate()
    with f.database.transaction() as db:
        assert f.clouds.accounts.settings.rewrap(db) == 1
    after = read_secrets(f)
    assert after.split(".")[1] == before.split(".")[1]
    assert f.keys.is_encrypted_with_newest(after.split(".")[0].encode())
    assert f.clouds.connections.get(cloud.id) is connection
    with f.database.transaction() as db:
        f.clouds.accounts.settings.rewrap(db, new_data_keys=True)
        assert f.clouds.accounts.settings.load(db, cloud)["password"] == "p"
    assert read_secrets(f).split(".")[1] != before.split(".")[1]


def test_cloud_that_is_deleted_meanwhile_does_not_break_a_rotation(any_fixture: Fixture) -> None:
    f = any_fixture
    deleted = f.add("deleted", password="p")
    f.add("remaining", password="p")

    def rewrap() -> int:
        with f.database.transaction() as db:
            return f.clouds.accounts.settings.rewrap(db)

    with ThreadPoolExecutor(1) as pool:
        with f.database.transaction() as db:
            f.clouds.accounts.delete(f.ctx(db), deleted.id)
            rotation = pool.submit(rewrap)
            with pytest.raises(TimeoutError):
                rotation.result(timeout=0.3)
        assert rotation.result(timeout=20) == 1


def test_account_from_before_envelopes(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add(password="p")
    former = f.keys.encrypt(json.dumps({"password": "former"}).encode()).decode()
    with f.database.transaction() as db:
        db.execute(text("UPDATE clouds_cloud SET secrets = :secrets"), {"secrets": former})
        assert f.clouds.accounts.settings.load(db, cloud)["password"] == "former"
        f.clouds.accounts.settings.rewrap(db)
        assert f.clouds.accounts.settings.load(db, cloud)["password"] == "former"
    assert "." in read_secrets(f)


def read_secrets(f: Fixture) -> str:
    with f.database.read_transaction() as db:
        return str(db.execute(text("SELECT secrets FROM clouds_cloud")).scalar_one())
