"""Queries on failed sign-ins and on earlier passwords."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, IntegrityError, upsert
from stratiform.services.identity import tables as t

#: Number of failed sign-ins in a row, and the time of the last one.
Failures = tuple[int, Micros]

#: Time steps for which used passcodes are stored; they are valid for fewer.
_PASSCODE_STEPS = 10


def find_failures(db: Connection, key: str, *, lock: bool = False) -> Failures:
    """Return the failed sign-ins of a key, or (0, 0). `lock`: other transactions wait until this one ends."""
    c = t.failed_sign_ins.c
    query = select(c.failures, c.failed_at).where(c.key == key)
    row = db.execute(query.with_for_update() if lock else query).first()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def lock_failures(db: Connection, key: str, now: Micros) -> Failures:
    """Return the failed sign-ins of a key, whose row is created if missing and locked."""
    upsert(db, t.failed_sign_ins, {"key": key, "failures": 0, "failed_at": now}, key=("key",), on_conflict={})
    return find_failures(db, key, lock=True)


def save_failures(db: Connection, key: str, failures: int, now: Micros) -> None:
    c = t.failed_sign_ins.c
    db.execute(update(t.failed_sign_ins).where(c.key == key).values(failures=failures, failed_at=now))


def delete_failures(db: Connection, key: str) -> None:
    db.execute(delete(t.failed_sign_ins).where(t.failed_sign_ins.c.key == key))


def delete_failures_before(db: Connection, time: Micros) -> None:
    db.execute(delete(t.failed_sign_ins).where(t.failed_sign_ins.c.failed_at < time))


def consume_passcode(db: Connection, user_id: str, step: int) -> bool:
    """Record that the user has used the passcode of a time step. Return False if it has been used before."""
    c = t.used_passcodes.c
    db.execute(delete(t.used_passcodes).where(c.step < step - _PASSCODE_STEPS))
    try:
        db.execute(insert(t.used_passcodes).values(user_id=user_id, step=step))
    except IntegrityError:
        return False
    return True


def list_earlier_passwords(db: Connection, user_id: str, count: int) -> Sequence[str]:
    """Return the hashes of the last passwords before the current one, newest first."""
    c = t.earlier_passwords.c
    query = select(c.password).where(c.user_id == user_id).order_by(c.replaced_at.desc(), c.password).limit(count)
    return list(db.execute(query).scalars())


def save_earlier_password(db: Connection, user_id: str, password: str, now: Micros, *, keep: int) -> None:
    """Store the hash of a replaced password, and delete all but the newest `keep`."""
    db.execute(insert(t.earlier_passwords).values(user_id=user_id, password=password, replaced_at=now))
    remaining = list_earlier_passwords(db, user_id, keep)
    c = t.earlier_passwords.c
    db.execute(delete(t.earlier_passwords).where(c.user_id == user_id, c.password.not_in(remaining)))


def delete_earlier_passwords(db: Connection, user_id: str) -> None:
    db.execute(delete(t.earlier_passwords).where(t.earlier_passwords.c.user_id == user_id))
