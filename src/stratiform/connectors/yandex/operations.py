"""Operations of Yandex Cloud: creation that cannot happen twice, changes in progress, and their errors.

Most requests return an Operation that finishes later. The latest one of each resource is remembered, so that its error
becomes the resource's fault and the error of the next request of the same kind. See decision 0045 for idempotency keys.

Source: Yandex Cloud, API design guide, "Operation object" and "Idempotency".
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from yandex.cloud.operation.operation_pb2 import Operation
from yandex.cloud.operation.operation_service_pb2 import GetOperationRequest

from stratiform.connectors.yandex.client import build_status_error
from stratiform.connectors.yandex.errors import NameTaken
from stratiform.contract.errors import CloudUnreachable, NativeNotFound
from stratiform.kit.clock import MINUTE_US, from_datetime

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client, Method, Request

#: Network resources are created and changed in seconds.
_WAIT_S = 20.0
_FIRST_INTERVAL_S, _MAX_INTERVAL_S = 0.05, 1.0

#: A new resource that is not found for this long has been deleted.
_VISIBLE_AFTER_US = MINUTE_US

#: Attempts to create one resource that failed or were deleted again, for which keys are remembered by the cloud.
_MAX_KEYS = 100

_MAX_REMEMBERED = 10_000

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class TrackedOperation:
    """The latest operation of this process on a resource, with the request that started it."""

    operation_id: str
    signature: bytes
    token: str = ""  # of the resource that the operation creates
    is_done: bool = False
    error: Status | None = None


class Operations:
    """Requests that start operations in one folder. Thread-safe."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._lock = threading.Lock()
        self._tracked: OrderedDict[str, TrackedOperation] = OrderedDict()
        #: Failed operations whose error has been raised, and resources that this process has deleted.
        self._reported: OrderedDict[str, None] = OrderedDict()
        self._deleted: OrderedDict[str, None] = OrderedDict()

    def create(
        self,
        method: "Method[Request, Operation]",
        request: "Request",
        metadata: Message,
        get: Callable[[str], object],
        *,
        token: str = "",
        generation: str = "",
    ) -> tuple[str, Operation]:
        """Create the resource with the name of `request`; return its native id, and the operation in progress.

        The idempotency key is derived from the request's type, the name and `generation`, so a repeated request
        returns the first operation, whatever happened to its response. If that operation has failed, and its error
        has been raised, or the resource has been deleted, the key of the next attempt is derived from it.

        `metadata`: an empty message of the type of the operation's metadata, whose first field is the native id.
        `get` raises NativeNotFound if a resource does not exist. Raises: errors of contract.errors.
        """
        text = f"{request.DESCRIPTOR.full_name}/{getattr(request, 'name')}/{generation}"  # noqa: B009 - no common type
        for _ in range(_MAX_KEYS):
            operation = self._send(method, request, build_key(text))
            operation.metadata.Unpack(metadata)
            native_id = str(getattr(metadata, metadata.DESCRIPTOR.fields[0].name))
            if self._is_current(operation, native_id, get):
                self._track(native_id, request, operation, token)
                return native_id, operation
            text += f"/{operation.id}"
        raise CloudUnreachable("Yandex Cloud has too many earlier attempts to create this resource")

    def create_and_wait(
        self,
        method: "Method[Request, Operation]",
        request: "Request",
        metadata: Message,
        get: Callable[[str], object],
    ) -> str:
        """As `create`, and wait until the operation has finished. Raises: CloudUnreachable after 20 s."""
        native_id, operation = self.create(method, request, metadata, get)
        self.wait(operation)
        return native_id

    def start(self, resource_id: str, method: "Method[Request, Operation]", request: "Request") -> None:
        """Start an operation on a resource, and remember it."""
        operation = self._client.send(method, request)
        self._track(resource_id, request, operation)
        self.resume(resource_id, request)

    def resume(self, resource_id: str, request: Message) -> bool:
        """Return True if the latest operation on a resource was started by an equal request and is in progress.

        Raises: its error, once, if it has failed.
        """
        tracked = self._refresh(resource_id)
        if tracked is None or tracked.signature != _sign(request):
            return False
        if tracked.error is not None:
            self._forget(resource_id)
            raise build_status_error(tracked.error)
        return not tracked.is_done

    def complete(self, resource_id: str, request: Message) -> bool:
        """Wait until the latest operation on a resource has finished, if an equal request started it.

        Return False if there is none, or it has finished before. Raises: its error, CloudUnreachable after 20 s.
        """
        if not self.resume(resource_id, request):
            return False
        self.finish(resource_id)
        self.resume(resource_id, request)
        return True

    def find_failure(self, resource_id: str) -> TrackedOperation | None:
        """Return the latest operation on a resource if it has failed."""
        tracked = self._refresh(resource_id)
        return tracked if tracked is not None and tracked.error is not None else None

    def find_fault(self, resource_id: str) -> str:
        """Return the error of the latest operation on a resource, or ""."""
        failure = self.find_failure(resource_id)
        return "" if failure is None or failure.error is None else build_status_error(failure.error).message

    def finish(self, resource_id: str) -> None:
        """Wait until the latest operation on a resource has finished or failed. Raises: CloudUnreachable after 20 s."""
        tracked = self._refresh(resource_id)
        if tracked is not None and not tracked.is_done:
            self._wait(self._get(tracked.operation_id))

    def run(self, method: "Method[Request, Operation]", request: "Request") -> None:
        """Start an operation and wait until it has finished. Raises: CloudUnreachable after 20 s."""
        self.wait(self._client.send(method, request))

    def record_deletion(self, resource_id: str) -> None:
        """Remember that a resource is deleted or released, so that another one with its name may be created."""
        with self._lock:
            self._tracked.pop(resource_id, None)
            _remember(self._deleted, resource_id, None)

    def wait(self, operation: Operation) -> None:
        """Wait until an operation has finished. Raises: its error, CloudUnreachable after 20 s."""
        operation = self._wait(operation)
        if operation.HasField("error"):
            with self._lock:
                _remember(self._reported, operation.id, None)
            raise build_status_error(operation.error)

    def _wait(self, operation: Operation) -> Operation:
        deadline, interval = time.monotonic() + _WAIT_S, _FIRST_INTERVAL_S
        while not operation.done:
            if time.monotonic() > deadline:
                raise CloudUnreachable(f"operation {operation.id} of Yandex Cloud is still in progress")
            time.sleep(interval)
            interval = min(interval * 1.5, _MAX_INTERVAL_S)
            operation = self._get(operation.id)
        return operation

    def _send(self, method: "Method[Request, Operation]", request: "Request", key: str) -> Operation:
        """Send a request that creates a resource. Callers have searched for its name; lists are behind at times."""
        try:
            return self._client.call(method, request, key=key)
        except NameTaken:
            raise CloudUnreachable("Yandex Cloud has the resource already, but does not list it yet") from None

    def _get(self, operation_id: str) -> Operation:
        return self._client.call(self._client.operations.Get, GetOperationRequest(operation_id=operation_id))

    def _is_current(self, operation: Operation, native_id: str, get: Callable[[str], object]) -> bool:
        """Return False if the operation has failed, or created a resource that has been deleted.

        Raises: the operation's error if it has not been raised yet; CloudUnreachable for a new resource that is not
        visible yet.
        """
        if not operation.done:
            return True
        if operation.HasField("error"):
            with self._lock:
                is_reported = operation.id in self._reported
                _remember(self._reported, operation.id, None)
            if not is_reported:
                raise build_status_error(operation.error)
            return False
        if native_id in self._deleted:
            return False
        try:
            get(native_id)
        except NativeNotFound:
            age = self._client.clock.now() - from_datetime(operation.modified_at.ToDatetime())
            if age < _VISIBLE_AFTER_US:
                raise CloudUnreachable("Yandex Cloud does not show the new resource yet") from None
            return False
        return True

    def _track(self, resource_id: str, request: Message, operation: Operation, token: str = "") -> None:
        tracked = TrackedOperation(operation.id, _sign(request), token)
        with self._lock:
            _remember(self._tracked, resource_id, _update(tracked, operation))

    def _refresh(self, resource_id: str) -> TrackedOperation | None:
        """Return the latest operation on a resource with its current status."""
        tracked = self._tracked.get(resource_id)
        if tracked is None or tracked.is_done:
            return tracked
        try:
            tracked = _update(tracked, self._get(tracked.operation_id))
        except NativeNotFound:
            self._forget(resource_id)
            return None
        with self._lock:
            self._tracked[resource_id] = tracked
        return tracked

    def _forget(self, resource_id: str) -> None:
        with self._lock:
            tracked = self._tracked.pop(resource_id, None)
            if tracked is not None:
                _remember(self._reported, tracked.operation_id, None)


def build_key(text: str) -> str:
    """Return an idempotency key: a UUID of version 4, as the API recommends, but derived from a text."""
    return str(UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def _update(tracked: TrackedOperation, operation: Operation) -> TrackedOperation:
    return replace(tracked, is_done=operation.done, error=operation.error if operation.HasField("error") else None)


def _sign(request: Message) -> bytes:
    return request.DESCRIPTOR.full_name.encode() + request.SerializeToString(deterministic=True)


def _remember(items: OrderedDict[str, Value], key: str, value: Value) -> None:
    items[key] = value
    if len(items) > _MAX_REMEMBERED:
        items.popitem(last=False)
