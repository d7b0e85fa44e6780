"""Settings of the identity service, with the names, meanings and most defaults of Keystone's options."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecurityCompliance:
    """Rules for sign-ins and passwords. Source: `[security_compliance]` in Keystone's configuration.

    0 switches a rule off. `lockout_duration` is in seconds, ages are in days.
    """

    lockout_failure_attempts: int = 0
    lockout_duration: int = 60
    unique_last_password_count: int = 0
    minimum_password_age: int = 0
    password_expires_days: int = 0
    change_password_upon_first_use: bool = False
