"""Rotation of the key that encrypts credentials: those of clouds, and those of users."""

from dataclasses import dataclass
from pathlib import Path

from stratiform.interfaces.services import Services
from stratiform.kit.database import Connection
from stratiform.kit.installation_keys import InstallationKeys, read_check_values, save_check_values


@dataclass(frozen=True, slots=True)
class RotationResult:
    """The numbers of cloud accounts and of users' credentials that were encrypted with the new key."""

    clouds: int
    credentials: int


def rotate_secret_key(services: Services, home: Path, *, new_data_keys: bool = False) -> RotationResult:
    """Make the staged key the primary one, and encrypt everything with it. Programs can keep running.

    `new_data_keys`: also encrypt the secrets of each cloud with a new data key. An interrupted rotation is completed by
    the next one: first, everything is encrypted with the current primary key, which a rotation does not delete.
    Rotations wait for each other: a second one could delete the key with which the first one encrypts.
    Raises: Invalid, and changes no key, if something can't be decrypted.
    """
    keys = InstallationKeys(home / "keys")
    with keys.secrets.lock():
        return _rotate(services, keys, new_data_keys=new_data_keys)


def _rotate(services: Services, keys: InstallationKeys, *, new_data_keys: bool) -> RotationResult:
    with services.database.transaction() as db:
        _reencrypt(services, db, new_data_keys=False)
    keys.secrets.rotate()
    with services.database.transaction() as db:
        result = _reencrypt(services, db, new_data_keys=new_data_keys)
        check_values = read_check_values(db)
        if check_values:
            save_check_values(db, {"secrets": keys.describe(check_values)["secrets"]})
    return result


def _reencrypt(services: Services, db: Connection, *, new_data_keys: bool) -> RotationResult:
    return RotationResult(
        clouds=services.clouds.accounts.settings.rewrap(db, new_data_keys=new_data_keys),
        credentials=services.identity.credentials.reencrypt(db),
    )
