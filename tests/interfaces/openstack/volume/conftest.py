"""The Block Storage API with callers of every role."""

from collections.abc import Iterator

import pytest

from stratiform.kit.policy import SYSTEM
from support.callers import open_callers
from support.stacks import ServiceHarness
from support.volume_api import Api
from support.volumes import with_cloud


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Api]:
    volumes, services = with_cloud(service_harness), service_harness.services
    with open_callers(service_harness) as callers:
        api = Api(callers, volumes)
        with services.database.transaction() as db:
            ctx = service_harness.ctx(db, SYSTEM)
            for project_id in api.projects.values():
                services.clouds.bindings.create(ctx, project_id, volumes.cloud_id, "zone-a")
        yield api
