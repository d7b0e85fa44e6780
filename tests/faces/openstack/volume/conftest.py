"""The Volume API over a whole stack, and people with roles to ask it."""

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from stratiform.app.api import application
from stratiform.kit.policy import SYSTEM
from support.stacks import Bench
from support.volume_api import PASSWORD, Api, people
from support.volumes import with_cloud


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Api]:
    volumes, stack = with_cloud(stack_bench), stack_bench.stack
    with stack.database.transaction() as db:
        now = stack_bench.clock.now()
        stack.identity.bootstrap(db, now, url=stack.url, region=stack.region, admin_password=PASSWORD)
    with TestClient(application(stack)) as client:
        made = Api(client, volumes, {})
        people(made, made.token("admin"))
        with stack.database.transaction() as db:
            call = stack_bench.call(db, SYSTEM)
            for name in ("here", "there"):
                stack.clouds.bind(call, made.projects[name], volumes.cloud_id, "zone-a")
        yield made
