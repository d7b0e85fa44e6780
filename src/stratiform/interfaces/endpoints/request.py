"""What an endpoint function receives and may return."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.http import Request, read_transaction, write_transaction
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What a view needs to know of the request: addresses for links, microversion, and the caller's role.

    `url` is the public address without a slash at the end; `path` is the API's path, with the project's id if the
    request had it (`/volume/v3/PROJECT`).
    """

    url: str
    path: str
    microversion: int = 0
    is_admin: bool = False

    def build_url(self, *segments: str) -> str:
        """Return the address of a resource of this API."""
        return "/".join((self.url + self.path, *segments))


#: Authenticates a request and opens its transaction. Raises Unauthenticated, Unavailable.
OpenTransaction = Callable[[Request], AbstractContextManager[RequestContext]]


@dataclass(frozen=True, slots=True)
class RequestTransactions:
    """How an API authenticates requests and opens their transactions: by a token of the identity service, or its own
    way.
    """

    read: OpenTransaction = read_transaction
    write: OpenTransaction = write_transaction


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One authenticated and authorized request. `microversion` is the minor number: 55 for 2.55."""

    http: Request
    services: Services
    view: ViewContext
    context: RequestContext | None = None
    transactions: RequestTransactions = field(default_factory=RequestTransactions)

    @property
    def ctx(self) -> RequestContext:
        """The context of the request's transaction. Endpoints that manage transactions use `read_transaction`
        and `write_transaction`.
        """
        assert self.context is not None, "this endpoint manages its own transactions"
        return self.context

    @property
    def microversion(self) -> int:
        return self.view.microversion

    @property
    def query_items(self) -> list[tuple[str, str]]:
        """The parameters of the query string, in order, empty values included."""
        return parse_qsl(self.http.url.query, keep_blank_values=True)

    @contextmanager
    def read_transaction(self) -> Iterator[RequestContext]:
        """Open a transaction that only reads. Raises Unauthenticated."""
        with self.transactions.read(self.http) as ctx:
            yield ctx

    @contextmanager
    def write_transaction(self) -> Iterator[RequestContext]:
        """Open a transaction that is committed at the end. Raises Unauthenticated."""
        with self.transactions.write(self.http) as ctx:
            yield ctx

    def build_next_page_url(self, marker: str, *, without: Sequence[str] = ()) -> str:
        """Return the address of the page after `marker`, with the other parameters of this request."""
        query = [(name, value) for name, value in self.query_items if name not in ("marker", *without)]
        return f"{self.view.url}{self.http.url.path}?{urlencode([*query, ('marker', marker)])}"


@dataclass(frozen=True, slots=True)
class ApiResponse(Generic[T]):
    """A response with headers, or with another status or media type than declared.

    `body` None: empty, unless it is in `encoded`. Bytes are sent as they are, other bodies are encoded as JSON.
    """

    body: T | None = None
    encoded: bytes | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
