"""State of a Yandex Cloud for tests: resources, operations that take time, idempotency keys, injected faults."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from yandex.cloud.operation.operation_pb2 import Operation
from yandex.cloud.quota.quota_pb2 import QuotaFailure, QuotaMetric

FOLDER, ZONES, SERVICE_ACCOUNT, KEY_ID = "b1gfolder", ("ru-central1-a", "ru-central1-b"), "ajeaccount", "ajekey"

#: Values of gRPC status codes in google.rpc.Status.
CODES = {code.value[0]: code for code in grpc.StatusCode}


class Abort(Exception):
    """A request, or an operation, ends with this status."""

    def __init__(self, code: grpc.StatusCode, message: str, details: Message | None = None) -> None:
        super().__init__(message)
        self.status = Status(code=code.value[0], message=message)
        if details is not None:
            self.status.details.add().Pack(details)


def not_found(kind: str, resource_id: str) -> Abort:
    return Abort(grpc.StatusCode.NOT_FOUND, f"{kind} {resource_id} not found")


def invalid(message: str) -> Abort:
    return Abort(grpc.StatusCode.INVALID_ARGUMENT, message)


def refused(message: str) -> Abort:
    return Abort(grpc.StatusCode.FAILED_PRECONDITION, message)


def throttled() -> Abort:
    return Abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "The request rate limit is exceeded")


def over_quota(name: str) -> Abort:
    violation = QuotaFailure.Violation(metric=QuotaMetric(name=name, limit=1, usage=1), required=2)
    message = f"The limit on maximum number of {name} has exceeded."
    return Abort(grpc.StatusCode.RESOURCE_EXHAUSTED, message, QuotaFailure(violations=[violation]))


def unavailable() -> Abort:
    return Abort(grpc.StatusCode.UNAVAILABLE, "upstream connect error")


@dataclass
class Fault:
    """What happens to the next `count` requests of a method (`InstanceService/Create`).

    `executes`: the request is executed before, and the response is lost. `in_operation`: the request succeeds, and its
    operation fails.
    """

    method: str
    error: Abort
    count: int = 1
    executes: bool = False
    in_operation: bool = False
    status_code: int = 503  # of Monitoring, which uses HTTP
    delay_s: float = 0.0  # before the error


@dataclass
class PendingOperation:
    """An operation that finishes at a time; `complete` changes the resources, `revert` undoes the start."""

    operation: Operation
    finishes_at: float
    complete: Callable[[], Message | None]
    revert: Callable[[], None]


@dataclass
class State:
    """Everything that the server stores. `lock` is held during each request."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    pending: list[PendingOperation] = field(default_factory=list)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    #: Metadata of the latest request of each method.
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    duration_s: float = 0.02
    #: Lists do not show resources that were created less than this ago.
    list_lag_s: float = 0.0
    page_size: int = 1000
    #: "repeat": a page starts with the last resource of the previous one; "loop": the token of a page repeats;
    #: "skip": the second page omits its first resource, the next time another one.
    paging: str = ""
    quotas: dict[str, int] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    is_revoked: bool = False
    created: dict[str, float] = field(default_factory=dict)
    #: Objects of Object Storage by path, and parts of uploads that are not complete.
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    #: Points of Monitoring: labels of the metric, and values by milliseconds since 1970.
    points: dict[tuple[tuple[str, str], ...], dict[int, float]] = field(default_factory=dict)
    _sequence: int = 0
    _skips: int = 0

    def table(self, name: str) -> dict[str, Any]:
        return self.tables.setdefault(name, {})

    def new_id(self, prefix: str) -> str:
        self._sequence += 1
        return f"{prefix}{self._sequence:017d}"

    def get(self, name: str, resource_id: str) -> Any:
        """Return a resource. Raises: Abort."""
        resource = self.table(name).get(resource_id)
        if resource is None:
            raise not_found(name.replace("_", " ").removesuffix("s").capitalize(), resource_id)
        return resource

    def insert(self, name: str, resource: Any) -> None:
        self.table(name)[resource.id] = resource
        self.created[resource.id] = time.monotonic()
        resource.created_at.GetCurrentTime()

    def check_new(self, name: str, request: Any) -> None:
        """Check the folder, the name, which is unique, the labels and the quota of a new resource."""
        if request.folder_id != FOLDER:
            raise Abort(grpc.StatusCode.PERMISSION_DENIED, "Permission denied")
        _check_labels(request.labels)
        if request.name and any(item.name == request.name for item in self.table(name).values()):
            raise Abort(grpc.StatusCode.ALREADY_EXISTS, f"{name} with name {request.name} already exists")
        if len(self.table(name)) >= self.quotas.get(name, 10_000):
            raise over_quota(name)

    def start(
        self,
        metadata: Message,
        complete: Callable[[], Message | None],
        revert: Callable[[], None] = lambda: None,
        duration_s: float | None = None,
    ) -> Operation:
        """Start an operation that takes `duration_s`."""
        operation = Operation(id=self.new_id("fhmop"))
        operation.created_at.GetCurrentTime()
        operation.modified_at.GetCurrentTime()
        operation.metadata.Pack(metadata)
        self.operations[operation.id] = operation
        duration_s = self.duration_s if duration_s is None else duration_s
        self.pending.append(PendingOperation(operation, time.monotonic() + duration_s, complete, revert))
        return operation

    def settle(self) -> None:
        """Finish the operations whose time has come."""
        now = time.monotonic()
        for item in [item for item in self.pending if item.finishes_at <= now]:
            self.pending.remove(item)
            self._finish(item)

    def settle_all(self) -> bool:
        """Finish the operations whose time has come, and return True if none is left."""
        with self.lock:
            self.settle()
            return not self.pending

    def list_page(self, name: str, request: Any, resources: list[Any] | None = None) -> tuple[list[Any], str]:
        """Return one page of a folder's resources, and the token of the next one."""
        if getattr(request, "folder_id", FOLDER) != FOLDER:
            raise Abort(grpc.StatusCode.PERMISSION_DENIED, "Permission denied")
        items = self._visible(name) if resources is None else resources
        name_filter = getattr(request, "filter", "").removeprefix('name="').removesuffix('"')
        if name_filter:
            items = [item for item in items if item.name == name_filter]
        size = min(request.page_size or 100, self.page_size)
        start = int(request.page_token or 0)
        page, end = items[start : start + size], start + size
        if self.paging == "repeat" and start:
            page = items[start - 1 : start + size]
        if self.paging == "skip" and start:
            self._skips += 1
            page = [item for index, item in enumerate(page) if index != self._skips % len(page)]
        if self.paging == "loop" and end < len(items):
            return page, str(size)
        return page, str(end) if end < len(items) else ""

    def take_fault(self, method: str, *, in_operation: bool) -> Fault | None:
        for fault in self.faults:
            if fault.count and fault.in_operation is in_operation and method.endswith(fault.method):
                fault.count -= 1
                return fault
        return None

    def fail_operation(self, operation: Operation, error: Abort) -> None:
        """Let an operation in progress fail."""
        for item in self.pending:
            if item.operation.id == operation.id:

                def fail() -> Message | None:
                    raise error

                item.complete = fail

    def _visible(self, name: str) -> list[Any]:
        oldest = time.monotonic() - self.list_lag_s
        return [item for key, item in sorted(self.table(name).items()) if self.created[key] <= oldest]

    def _finish(self, item: PendingOperation) -> None:
        operation = item.operation
        try:
            response = item.complete()
            operation.response.Pack(response or Empty())
        except Abort as error:
            item.revert()
            operation.error.CopyFrom(error.status)
        operation.done = True
        operation.modified_at.GetCurrentTime()


def _check_labels(labels: Any) -> None:
    for key, value in labels.items():
        texts = set(key) | set(value)
        if len(key) > 63 or len(value) > 63 or not texts <= set("abcdefghijklmnopqrstuvwxyz0123456789-_./\\@"):
            raise invalid(f"labels: invalid value {key}={value}")
