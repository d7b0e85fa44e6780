"""Settings of cloud accounts: their secrets are stored in envelopes, each with a data key of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.envelopes import open_envelope, rewrap_envelope, seal_envelope
from stratiform.kit.errors import Invalid
from stratiform.services.clouds import repository
from stratiform.services.clouds.model import Cloud


@dataclass(frozen=True, slots=True)
class CloudAccountSettings:
    """Reads and encrypts the settings of cloud accounts."""

    keys: KeyRepository

    def load(self, db: Connection, cloud: Cloud) -> dict[str, str]:
        """Return every stored setting of a cloud, secrets in clear. Raises Invalid if they can't be decrypted."""
        return {**cloud.settings, **self._load_secrets(db, cloud)}

    def merge(self, db: Connection, cloud: Cloud, changes: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of a cloud after `changes`; "" resets a setting to its default.

        Secrets that can't be decrypted, because their key is lost, are left out, so that they can be set again.
        """
        try:
            stored = self.load(db, cloud)
        except Invalid:
            stored = dict(cloud.settings)
        merged = {**stored, **changes}
        return {name: value for name, value in merged.items() if value}

    def is_stored(self, db: Connection, cloud: Cloud, settings: Mapping[str, str]) -> bool:
        """Return True if a cloud has exactly these settings, and its secrets can be decrypted."""
        try:
            return self.load(db, cloud) == settings
        except Invalid:
            return False

    def encrypt(self, secrets: Mapping[str, str]) -> str:
        """Return the envelope of the secrets, with a new data key."""
        return seal_envelope(self.keys, msgspec.json.encode(dict(secrets)))

    def rewrap(self, db: Connection, *, new_data_keys: bool = False) -> int:
        """Encrypt the data keys of all clouds with the newest key of the installation, and return their number.

        With `new_data_keys`, the secrets are encrypted with new ones. Connections in use stay valid.
        Raises: Invalid, naming the cloud, if its secrets can't be decrypted; then nothing may be committed.
        """
        rows = repository.lock_secrets(db)
        for cloud_id, name, envelope in rows:
            try:
                rewrapped = rewrap_envelope(self.keys, envelope, new_data_key=new_data_keys)
            except Invalid as error:
                raise _cannot_decrypt(name, error) from error
            repository.update_secrets(db, cloud_id, rewrapped)
        return len(rows)

    def _load_secrets(self, db: Connection, cloud: Cloud) -> dict[str, str]:
        try:
            plaintext = open_envelope(self.keys, repository.get_secrets(db, cloud.id))
        except Invalid as error:
            raise _cannot_decrypt(cloud.name, error) from error
        return msgspec.json.decode(plaintext, type=dict[str, str])


def _cannot_decrypt(cloud_name: str, error: Invalid) -> Invalid:
    return Invalid(
        f"The secrets of cloud '{cloud_name}' cannot be decrypted: {error.message}",
        hint="restore the directory keys/secrets, or set the secrets again",
    )
