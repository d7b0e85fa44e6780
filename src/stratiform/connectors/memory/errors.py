"""The words in which the simulated cloud says no."""

from stratiform.contract.errors import (
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    NativeNotFound,
    RequestRejected,
)


def gone(kind: str, which: str) -> NativeNotFound:
    return NativeNotFound(f"there is no {kind} '{which}' in this cloud")


def wrong_state(kind: str, which: str, state: str, verb: str) -> RequestRejected:
    return RequestRejected(f"{kind} '{which}' is {state}: it can't {verb} now")


def no_capacity(asked: int, free: int) -> InsufficientCapacity:
    return InsufficientCapacity(f"{asked} vCPUs asked, {max(free, 0)} free")


def throttled() -> CloudThrottled:
    return CloudThrottled("the simulated cloud was asked too often")


def answer_lost() -> CloudUnreachable:
    return CloudUnreachable("the simulated cloud's answer was lost")


def silent(reason: str) -> CloudUnreachable:
    return CloudUnreachable(f"the simulated cloud does not answer: {reason}")


def rejected(cloud: str) -> CredentialsRejected:
    return CredentialsRejected(
        f"cloud '{cloud}' rejects the password", hint="give the password that the simulated account was made with"
    )
