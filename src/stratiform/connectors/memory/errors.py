"""Errors of the simulated cloud."""

from stratiform.contract.errors import (
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    NativeNotFound,
    RequestRejected,
)


def not_found(resource: str, resource_id: str) -> NativeNotFound:
    return NativeNotFound(f"{resource} '{resource_id}' not found")


def invalid_state(resource: str, resource_id: str, state: str, action: str) -> RequestRejected:
    return RequestRejected(f"cannot {action} {resource} '{resource_id}' in state '{state}'")


def insufficient_capacity(vcpus: int, free: int) -> InsufficientCapacity:
    return InsufficientCapacity(f"{vcpus} vCPUs requested, {max(free, 0)} free")


def throttled() -> CloudThrottled:
    return CloudThrottled("the simulated cloud's request rate limit was exceeded")


def response_lost() -> CloudUnreachable:
    return CloudUnreachable("the response of the simulated cloud was lost")


def unreachable(reason: str) -> CloudUnreachable:
    return CloudUnreachable(f"the simulated cloud does not respond: {reason}")


def credentials_rejected(cloud: str) -> CredentialsRejected:
    return CredentialsRejected(
        f"cloud '{cloud}' rejected the password", hint="use the password with which the simulated account was created"
    )
