"""Threads for requests that hash a secret, which takes a quarter of a second of a processor.

They are fewer than the processors, so that many sign-ins do not delay the other requests. Each kind of request waits in
its own queue, in the order of arrival.
"""

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = max(1, (os.cpu_count() or 1) - 1)

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="hashing")


async def run_in_hashing_pool(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in one of the threads."""
    call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_pool, call)
