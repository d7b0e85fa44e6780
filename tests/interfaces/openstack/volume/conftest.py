"""The Block Storage API with callers of every role."""

from collections.abc import Iterator

import pytest

from stratiform.kit.policy import SYSTEM
from support.callers import open_callers
from support.stacks import Bench
from support.volume_api import Api
from support.volumes import with_cloud


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Api]:
    volumes, services = with_cloud(stack_bench), stack_bench.services
    with open_callers(stack_bench) as callers:
        api = Api(callers, volumes)
        with services.database.transaction() as db:
            ctx = stack_bench.ctx(db, SYSTEM)
            for project_id in api.projects.values():
                services.clouds.bindings.create(ctx, project_id, volumes.cloud_id, "zone-a")
        yield api
