"""Making servers: the intent, with everything that can be told to be wrong at once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.work import enqueue
from stratiform.services.clouds.model import Binding
from stratiform.services.compute import events
from stratiform.services.compute.errors import FlavorNotFound, InvalidField
from stratiform.services.compute.model.flavor import Flavor
from stratiform.services.compute.model.server import (
    BUILDING,
    POWER_NONE,
    SCHEDULING,
    NewServer,
    Server,
    check_metadata,
    check_tags,
    hostname_of,
)
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import catalog, servers
from stratiform.services.compute.service.parts import WORK, Parts
from stratiform.services.image.model import Image

#: So many servers at most are made with one request.
_MOST_AT_ONCE = 100


class Creating(Parts):
    """The verb `create_servers`."""

    __slots__ = ()

    def create_servers(self, ctx: RequestContext, new: NewServer) -> list[Server]:
        """Rows for `min_count` to `max_count` servers; a worker makes the machines.

        Raises Invalid for what is unknown or does not fit together, Conflict where no cloud or no network serves.
        """
        project_id = ctx.caller.project()
        policy.require(ctx.caller, "os_compute_api:servers:create", project_id)
        _check(new)
        flavor = catalog.flavor(ctx.db, new.flavor_id, project_id, every=ctx.caller.is_admin)
        if flavor is None:
            raise Invalid(FlavorNotFound(new.flavor_id).message)
        image = self.fitting_image(ctx, new.image_id, flavor)
        first = self._row(ctx, new, project_id, flavor, image, self._place(ctx, project_id, new.zone))
        made = [self._numbered(first, number, new.max_count) for number in range(new.max_count)]
        servers.insert_many(ctx.db, made)
        servers.add_actions(ctx.db, [self.action_of(ctx, server, "create") for server in made])
        for server in made:
            self._surround(ctx, server, new)
        return made

    def fitting_image(self, ctx: RequestContext, image_id: str, flavor: Flavor) -> Image:
        """The image, if it may be used and fits into the flavor. Raises Invalid."""
        try:
            image = self.images.images.get(ctx, image_id)
        except (NotFound, Forbidden) as error:
            raise Invalid(f"Image {image_id} could not be found.") from error
        if image.status != "active":
            raise Invalid(f"Image {image_id} is not active.")
        if image.min_ram > flavor.ram:
            raise Invalid("Flavor's memory is too small for requested image.")
        if flavor.disk and image.min_disk > flavor.disk:
            raise Invalid(
                "Flavor's disk is smaller than the minimum size specified in image metadata. "
                f"Flavor disk is {flavor.disk << 30} bytes, minimum size is {image.min_disk << 30} bytes."
            )
        return image

    def _groups(self, ctx: RequestContext, project_id: str, asked: Sequence[str]) -> list[str]:
        """Raises Invalid for a security group that there isn't."""
        try:
            return list(dict.fromkeys(self.group_name(ctx, project_id, group) for group in asked))
        except NotFound as error:
            raise Invalid(error.message) from error

    def _surround(self, ctx: RequestContext, server: Server, new: NewServer) -> None:
        """Ports, volumes, the event and the work of one new server."""
        if new.networks is not None:
            self.networks.server_ports.create(ctx, server.project_id, server.id, list(new.networks))
        for volume_id, device in new.volumes:
            self.fitting_volume(ctx, server, volume_id)
            self.volumes.attachments.begin_attach(ctx, volume_id, server.id, device or None)
        events.post(ctx.db, self.ids, events.CREATE_START, server, ctx.now)
        enqueue(ctx.db, WORK, server.id, ctx.now)

    def _place(self, ctx: RequestContext, project_id: str, zone: str | None) -> Binding:
        try:
            return self.clouds.bindings.resolve(ctx.db, project_id, zone)
        except Conflict as error:
            if zone is None:
                raise
            raise Invalid("The requested availability zone is not available", hint=error.message) from error

    def _numbered(self, first: Server, number: int, count: int) -> Server:
        server_id = self.ids.uuid()
        name = first.name if count == 1 else f"{first.name}-{number + 1}"
        hostname = first.hostname or hostname_of(name, server_id)
        return replace(first, id=server_id, name=name, hostname=hostname, launch_index=number)

    def _row(
        self, ctx: RequestContext, new: NewServer, project_id: str, flavor: Flavor, image: Image, binding: Binding
    ) -> Server:
        snapshot = flavor.snapshot()
        return Server(
            id="",
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=new.name,
            hostname=new.hostname or "",
            description=new.description,
            created_at=ctx.now,
            updated_at=ctx.now,
            vm_state=BUILDING,
            task_state=SCHEDULING,
            power_state=POWER_NONE,
            power_on=True,
            flavor=snapshot,
            flavor_id=flavor.id,
            image_id=image.id,
            image=image_facts(image),
            cloud_id=binding.cloud_id,
            cloud_name=binding.cloud_name,
            zone=binding.zone,
            native_zone=binding.native_zone,
            reservation_id=f"r-{self.ids.hex()[-8:]}",
            key_name=new.key_name,
            public_key=self._public_key(ctx, new.key_name),
            user_data=new.user_data,
            metadata=dict(new.metadata),
            tags=sorted(set(new.tags)),
            security_groups=self._groups(ctx, project_id, new.security_groups or ("default",)),
            config_drive=new.config_drive,
            disk_config=new.disk_config,
            access_ip_v4=new.access_ip_v4,
            access_ip_v6=new.access_ip_v6,
        )

    def _public_key(self, ctx: RequestContext, name: str | None) -> str:
        if name is None:
            return ""
        pair = catalog.keypair(ctx.db, ctx.caller.user_id, name)
        if pair is None:
            raise Invalid("Invalid key_name provided.")
        return pair.public_key


def image_facts(image: Image) -> dict[str, Any]:
    """What a server remembers of its image, as texts, as Nova tells it in its notifications."""
    facts = {
        "name": image.name,
        "min_ram": image.min_ram,
        "min_disk": image.min_disk,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
    }
    return {key: str(value) for key, value in facts.items() if value is not None}


def _check(new: NewServer) -> None:
    if new.min_count > new.max_count:
        raise Invalid("min_count must be <= max_count")
    if new.max_count > _MOST_AT_ONCE:
        raise InvalidField("max_count", new.max_count, f"At most {_MOST_AT_ONCE} servers are made at once.")
    check_metadata(new.metadata)
    check_tags(new.tags)
    if new.max_count == 1:
        return
    if any(nic.port_id for nic in new.networks or ()):
        raise Invalid(
            "Unable to launch multiple instances with a single configured port ID. "
            "Please launch your instance one by one with different ports."
        )
    if any(nic.fixed_ip for nic in new.networks or ()):
        raise Invalid("Invalid fixed network addresses requested: one address can't be given to several servers.")
    if new.volumes:
        raise Invalid("Cannot attach one or more volumes to multiple instances")
