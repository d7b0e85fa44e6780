"""Checks of the credentials of cloud accounts."""

from dataclasses import dataclass
from enum import StrEnum

from stratiform.contract.errors import CredentialsRejected
from stratiform.kit.clock import DAY_US, HOUR_US, Micros
from stratiform.kit.errors import Fault, Invalid

#: Credentials are checked once a day; sooner if the cloud could not be reached.
CHECK_EVERY_US = DAY_US
RETRY_AFTER_US = HOUR_US

#: Longer messages of clouds are cut.
_MAX_ERROR_LENGTH = 1000


class CredentialStatus(StrEnum):
    """Result of a check. `invalid`: a setting does not fit the account, or the secrets can't be decrypted."""

    VALID = "valid"
    REJECTED = "rejected"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """The last check of the credentials of a cloud. `identity` and `zones` are those of the last successful one."""

    cloud_id: str
    status: CredentialStatus
    checked_at: Micros
    error: str
    valid_at: Micros | None
    identity: str
    zones: list[str]


def classify_failure(error: Fault) -> CredentialStatus:
    """Return the status that a failed check has. Failures of other kinds than these do not concern the credentials."""
    if isinstance(error, CredentialsRejected):
        return CredentialStatus.REJECTED
    return CredentialStatus.INVALID if isinstance(error, Invalid) else CredentialStatus.UNREACHABLE


def format_failure(error: Fault) -> str:
    """Return the message of a failed check."""
    return error.message[:_MAX_ERROR_LENGTH]
