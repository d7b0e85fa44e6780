"""Native resources: the ids of our images, flavors and volume types in each cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.clouds import policy, repository
from stratiform.services.clouds.errors import InvalidNativeId, NativeIdNotFound
from stratiform.services.clouds.model import NativeIdMapping, ResourceType
from stratiform.services.clouds.service.connections import Connections, get_cloud, require_no_transaction

_MAX_NATIVE_ID_LENGTH = 255


@dataclass(frozen=True, slots=True)
class NativeIds:
    """Native ids by cloud, resource type and resource id."""

    connections: Connections

    def register(
        self,
        ctx: RequestContext,
        cloud_id: str,
        resource_type: ResourceType,
        resource_id: str,
        native_id: str,
        *,
        is_synchronized: bool = False,
        default_flavor_id: str | None = None,
    ) -> NativeIdMapping:
        """Set the native id of a resource in a cloud; call `resolve_canonical` first.

        `default_flavor_id` None keeps the default flavor, "" removes it. Raises CloudNotFound, Invalid.
        """
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        if not resource_id or not native_id:
            raise Invalid(f"registering a {resource_type} requires its ID and its native ID")
        if len(native_id) > _MAX_NATIVE_ID_LENGTH:
            raise Invalid(f"`native_id` is longer than {_MAX_NATIVE_ID_LENGTH} characters")
        cloud = get_cloud(ctx.db, cloud_id)
        if default_flavor_id is None:
            default_flavor_id = repository.find_default_flavor_id(ctx.db, cloud.id, resource_type, resource_id)
        resource = NativeIdMapping(cloud.id, resource_type, resource_id, native_id, is_synchronized, default_flavor_id)
        repository.save_native_id(ctx.db, resource)
        return resource

    def unregister(self, ctx: RequestContext, cloud_id: str, resource_type: ResourceType, resource_id: str) -> None:
        """Delete the native id of a resource in a cloud. Raises NativeIdNotFound."""
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        if not repository.delete_native_id(ctx.db, cloud_id, resource_type, resource_id):
            raise NativeIdNotFound(f"{resource_type} {resource_id} is not registered in this cloud")

    def list(self, ctx: RequestContext, cloud_id: str) -> Sequence[NativeIdMapping]:
        """Return the native ids registered in a cloud, ordered by resource type and id. Raises CloudNotFound."""
        policy.NATIVE_IDS_LIST.require(ctx.caller, None)
        return repository.list_native_ids(ctx.db, get_cloud(ctx.db, cloud_id).id)

    def find_default_flavor(self, db: Connection, image_id: str, cloud_ids: Sequence[str]) -> str | None:
        """Return the default flavor of an image in the first of these clouds that has one, without a policy check."""
        defaults = repository.list_default_flavors(db, image_id)
        return next((defaults[cloud_id] for cloud_id in cloud_ids if cloud_id in defaults), None)

    def remove_default_flavor(self, db: Connection, flavor_id: str) -> None:
        """Leave the images whose default flavor is deleted without a default, without a policy check."""
        repository.remove_default_flavor(db, flavor_id)

    def list_all(self, db: Connection, resource_type: ResourceType) -> Sequence[NativeIdMapping]:
        """Return the native ids of one type of resource in all clouds, without a policy check."""
        return repository.list_native_ids_of_type(db, resource_type)

    def find(self, db: Connection, cloud_id: str, resource_type: ResourceType, resource_id: str) -> str | None:
        """Return the native id of a resource in a cloud, without a policy check."""
        return repository.find_native_id(db, cloud_id, resource_type, resource_id)

    def resolve_canonical(self, ctx: RequestContext, cloud_id: str, resource_type: ResourceType, native_id: str) -> str:
        """Return the canonical native id of an image, after the transaction of `ctx` has ended.

        Ids of flavors and volume types are returned unchanged: connectors have no request to check them.
        Raises: InvalidNativeId.
        """
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        require_no_transaction(ctx)
        images = self.connections.get(cloud_id).image
        if resource_type is not ResourceType.IMAGE or images is None:
            return native_id
        try:
            return images.get(native_id).id
        except NativeNotFound as error:
            message = f"{resource_type.capitalize()} '{native_id}' not found in the cloud"
            raise InvalidNativeId(message, hint=error.message) from error
        except RequestRejected as error:
            message = f"The cloud rejected the {resource_type} '{native_id}': {error.message}"
            raise InvalidNativeId(message, hint=error.hint) from error
