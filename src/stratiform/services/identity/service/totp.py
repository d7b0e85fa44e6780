"""Time-based one-time passwords. Source: RFC 6238, and Keystone's method `totp`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from stratiform.kit.clock import SECOND_US, Micros

_STEP_S = 30
_DIGITS = 6

#: Keystone's default of `[totp] included_previous_windows`.
_PREVIOUS_STEPS = 1


def is_passcode_valid(passcode: str, shared: Sequence[str], now: Micros) -> bool:
    """Return True if one of the shared secrets (base32) results in the passcode now or in the step before."""
    step = now // SECOND_US // _STEP_S
    valid = [compute_passcode(secret, step - age) for secret in shared for age in range(_PREVIOUS_STEPS + 1)]
    matches = [hmac.compare_digest(code.encode(), passcode.encode(errors="replace")) for code in valid if code]
    return any(matches)


def compute_passcode(secret: str, step: int) -> str:
    """Return the passcode of a step; empty if the secret is not base32."""
    try:
        key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        return ""
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()  # the algorithm of RFC 6238's default
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)
