"""The verbs of clouds.

A cloud is asked with no transaction open. So what must be checked with it takes two steps, and a route
does them one after the other: `with reading(request) as call: cloud = clouds.show(call, name)`, then, after
that block, `clouds.check(call, cloud)`, `clouds.verify_native(call, cloud.id, …)` or `clouds.verify_zone(call, …)`,
and then the verb that writes in a `with writing(request) as call:` of its own.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from stratiform.contract.connector import AccountInfo, CloudAccount, CloudConnection, Installation
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.registry import ConnectorDescription, describe_kinds, get_connector
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection, Database
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.clouds import repository
from stratiform.services.clouds.errors import CloudInUse, CloudNotFound, NoCloud, NoSuchZone, UnknownNative
from stratiform.services.clouds.model import (
    Binding,
    Cloud,
    Native,
    NativeKind,
    check_name,
    check_settings,
    complete,
    split,
)
from stratiform.services.clouds.policy import policy

_NATIVE_LENGTH = 255


class _Open:
    """The clouds that this process has connected, each as of the revision of its settings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clouds: dict[str, tuple[int, CloudConnection]] = {}

    def get(self, cloud: Cloud) -> CloudConnection | None:
        revision, connected = self._clouds.get(cloud.id, (-1, None))
        return connected if revision == cloud.revision else None

    def keep(self, cloud: Cloud, connected: CloudConnection) -> CloudConnection:
        """The one that others use from now on: of two made at the same time the first."""
        with self._lock:
            revision, there = self._clouds.get(cloud.id, (-1, connected))
            if revision == cloud.revision:
                return there
            if revision < cloud.revision:
                self._clouds[cloud.id] = (cloud.revision, connected)
            return connected


class CloudsService:
    """See the package's own page."""

    def __init__(self, *, database: Database, ids: Ids, secrets: Keys, place: Installation) -> None:
        self._database = database
        self._ids = ids
        self._secrets = secrets
        self._here = place
        self._open = _Open()

    def kinds(self, ctx: RequestContext) -> list[ConnectorDescription]:
        """Every kind of cloud that can be added, for the operator."""
        policy.require(ctx.caller, "stratiform:clouds:list", None)
        return describe_kinds()

    def add(self, ctx: RequestContext, kind: str, name: str, settings: Mapping[str, str]) -> Cloud:
        """Remember an account; the cloud itself is asked by `check`. Raises Invalid (naming the key), Conflict."""
        policy.require(ctx.caller, "stratiform:clouds:add", None)
        check_name(name)
        shown, hidden = self._checked(kind, name, settings)
        cloud = Cloud(self._ids.uuid(), name, kind, shown, ctx.now, ctx.now, revision=1)
        taken = repository.named(ctx.db, name) is not None
        if taken or not repository.insert_cloud(ctx.db, cloud, self._encrypted(hidden)):
            raise Conflict(f"there is a cloud '{name}' already")
        return cloud

    def update(self, ctx: RequestContext, cloud_id: str, settings: Mapping[str, str]) -> Cloud:
        """Change some settings, secrets too; "" takes one back to its default. Raises Invalid."""
        policy.require(ctx.caller, "stratiform:clouds:update", None)
        repository.lock_cloud(ctx.db, cloud_id)
        cloud = self.cloud(ctx.db, cloud_id)
        shown, hidden = self._checked(cloud.kind, cloud.name, self._merged(ctx.db, cloud, settings))
        changed = replace(cloud, settings=shown, updated_at=ctx.now, revision=cloud.revision + 1)
        repository.save_cloud(ctx.db, changed, self._encrypted(hidden))
        return changed

    def remove(self, ctx: RequestContext, cloud_id: str) -> None:
        """Forget an account; nothing in it is touched. Raises CloudInUse while projects are bound to it."""
        policy.require(ctx.caller, "stratiform:clouds:remove", None)
        cloud = self.cloud(ctx.db, cloud_id)
        bound = repository.bindings_of_cloud(ctx.db, cloud_id)
        if bound:
            projects = ", ".join(sorted({binding.project_id for binding in bound}))
            raise CloudInUse(f"cloud '{cloud.name}' serves projects: {projects}", hint="unbind them first")
        repository.delete_cloud(ctx.db, cloud_id)

    def list_clouds(self, ctx: RequestContext) -> list[Cloud]:
        """By name, for the operator."""
        policy.require(ctx.caller, "stratiform:clouds:list", None)
        return self.clouds(ctx.db)

    def show(self, ctx: RequestContext, name_or_id: str) -> Cloud:
        """For the operator. Raises CloudNotFound."""
        policy.require(ctx.caller, "stratiform:clouds:show", None)
        return repository.named(ctx.db, name_or_id) or self.cloud(ctx.db, name_or_id)

    def clouds(self, db: Connection) -> list[Cloud]:
        """By name."""
        return repository.clouds_in_order(db)

    def cloud(self, db: Connection, cloud_id: str) -> Cloud:
        """Raises CloudNotFound."""
        found = repository.clouds.get(db, cloud_id)
        if found is None:
            raise CloudNotFound(f"there is no cloud '{cloud_id}'")
        return found

    def named(self, db: Connection, name: str) -> Cloud:
        """Raises CloudNotFound."""
        found = repository.named(db, name)
        if found is None:
            raise CloudNotFound(f"there is no cloud '{name}'")
        return found

    def connected(self, cloud_id: str) -> CloudConnection:
        """The cloud, ready to be used; never call it inside a transaction. Raises CloudNotFound, Invalid.

        Kept until the account's settings change, in whatever process they do.
        """
        with self._database.snapshot() as db:
            cloud = self.cloud(db, cloud_id)
            known = self._open.get(cloud)
            if known is not None:
                return known
            settings = {**cloud.settings, **self._secrets_of(db, cloud)}
        return self._open.keep(cloud, self._connect(cloud.kind, cloud.id, cloud.name, settings))

    def check(self, ctx: RequestContext, cloud: Cloud) -> AccountInfo:
        """Ask the cloud who we are there, after the transaction of `call` has ended.

        Raises CredentialsRejected, CloudUnreachable.
        """
        policy.require(ctx.caller, "stratiform:clouds:check", None)
        _outside(ctx)
        return self.connected(cloud.id).check()

    def examine(self, ctx: RequestContext, kind: str, name: str, settings: Mapping[str, str]) -> AccountInfo:
        """As `check`, of an account that isn't remembered yet, so that a wrong key is told before `add`.

        Raises Invalid, naming the key.
        """
        policy.require(ctx.caller, "stratiform:clouds:add", None)
        _outside(ctx)
        check_name(name)
        check_settings(kind, get_connector(kind).settings, settings)
        return self._connect(kind, "", name, settings).check()

    def examine_change(self, ctx: RequestContext, cloud: Cloud, settings: Mapping[str, str]) -> AccountInfo:
        """As `examine`, of what `update` would make of an account."""
        policy.require(ctx.caller, "stratiform:clouds:update", None)
        with self._database.snapshot() as db:
            merged = self._merged(db, cloud, settings)
        return self.examine(ctx, cloud.kind, cloud.name, merged)

    def verify_zone(self, ctx: RequestContext, cloud_id: str, native_zone: str) -> None:
        """Ask the cloud for a zone before a project is bound to it. Raises Invalid; call it as `check`."""
        policy.require(ctx.caller, "stratiform:clouds:check", None)
        _outside(ctx)
        zones = self.connected(cloud_id).check().zones
        if native_zone and native_zone not in zones:
            raise Invalid(f"the cloud has no zone '{native_zone}'", hint=f"it has: {', '.join(zones)}")

    def verify_native(self, ctx: RequestContext, cloud_id: str, kind: NativeKind, native_id: str) -> str:
        """Ask the cloud for an image before it is registered, and give the id it goes by there.

        Flavors and volume types are taken as they are: no contract asks for them. Raises UnknownNative;
        call it as `check`.
        """
        policy.require(ctx.caller, "stratiform:clouds:register", None)
        _outside(ctx)
        images = self.connected(cloud_id).image
        if kind is not NativeKind.IMAGE or images is None:
            return native_id
        try:
            return images.show(native_id).id
        except (NativeNotFound, RequestRejected) as error:
            raise UnknownNative(f"the cloud has no {kind} '{native_id}'", hint=error.message) from error

    def bind(
        self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str = "", native_zone: str = ""
    ) -> Binding:
        """Let a cloud serve a project, under the availability zone `zone` ("": the cloud's name). Whether there
        is such a project is for the caller to know. Raises Conflict where the zone is another's."""
        policy.require(ctx.caller, "stratiform:clouds:bind", None)
        cloud = self.cloud(ctx.db, cloud_id)
        if not project_id:
            raise Invalid("a project is needed to bind a cloud to")
        wanted = Binding(project_id, cloud_id, cloud.name, zone or cloud.name, native_zone, ctx.now)
        for there in repository.bindings_of_project(ctx.db, project_id):
            if there.zone == wanted.zone:
                if (there.cloud_id, there.native_zone) == (cloud_id, native_zone):
                    return there
                raise Conflict(f"zone '{there.zone}' of project {project_id} is cloud '{there.cloud_name}' already")
        if not repository.insert_binding(ctx.db, wanted):
            raise Conflict(f"zone '{wanted.zone}' of project {project_id} is bound already")
        return wanted

    def unbind(self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str | None = None) -> None:
        """Nothing new of this project goes to the cloud; what is there stays. `zone` None: all of them.

        Raises NotFound where there is no such binding.
        """
        policy.require(ctx.caller, "stratiform:clouds:unbind", None)
        if not repository.delete_bindings(ctx.db, project_id, cloud_id, zone):
            raise NotFound(f"project {project_id} is not bound to this cloud")

    def bindings(self, db: Connection, project_id: str) -> list[Binding]:
        """Oldest first; the first is where things go when no zone is named."""
        return repository.bindings_of_project(db, project_id)

    def project_bindings(self, ctx: RequestContext, project_id: str) -> list[Binding]:
        """As `bindings`, for the project's own people and the operator."""
        missing = f"there is no project '{project_id}'"
        policy.require_visible(ctx.caller, "stratiform:clouds:bindings", project_id, missing)
        return self.bindings(ctx.db, project_id)

    def cloud_bindings(self, ctx: RequestContext, cloud_id: str) -> list[Binding]:
        """Which projects a cloud serves, for the operator."""
        policy.require(ctx.caller, "stratiform:clouds:show", None)
        return repository.bindings_of_cloud(ctx.db, cloud_id)

    def place(self, db: Connection, project_id: str, zone: str | None) -> Binding:
        """Which cloud serves the project in `zone`, or first of all. Raises NoCloud, NoSuchZone."""
        bound = self.bindings(db, project_id)
        if not bound:
            raise NoCloud(
                f"project {project_id} is bound to no cloud", hint="an operator binds it: stratiform clouds bind"
            )
        for binding in bound:
            if zone in (None, "", binding.zone):
                return binding
        raise NoSuchZone(
            "The requested availability zone is not available",
            hint=f"this project has: {', '.join(binding.zone for binding in bound)}",
        )

    def zones(self, db: Connection, project_id: str) -> list[str]:
        """The availability zones that a project sees, the default one first."""
        return [binding.zone for binding in self.bindings(db, project_id)]

    def register_image(self, ctx: RequestContext, cloud_id: str, ours_id: str, native_id: str) -> Native:
        """Our image is the cloud's own `native_id`; ask `verify_native` first. A second time replaces it."""
        return self._register(ctx, cloud_id, NativeKind.IMAGE, ours_id, native_id)

    def register_flavor(self, ctx: RequestContext, cloud_id: str, ours_id: str, native_id: str) -> Native:
        """Machines of our flavor are the cloud's own type (`t3.micro`)."""
        return self._register(ctx, cloud_id, NativeKind.FLAVOR, ours_id, native_id)

    def register_volume_type(self, ctx: RequestContext, cloud_id: str, ours_id: str, native_id: str) -> Native:
        """Volumes of our type are the cloud's own kind of disk (`gp3`)."""
        return self._register(ctx, cloud_id, NativeKind.VOLUME_TYPE, ours_id, native_id)

    def unregister(self, ctx: RequestContext, cloud_id: str, kind: NativeKind, ours_id: str) -> None:
        """Raises NotFound where nothing was registered."""
        policy.require(ctx.caller, "stratiform:clouds:register", None)
        if not repository.delete_native(ctx.db, cloud_id, kind, ours_id):
            raise NotFound(f"{kind} {ours_id} is not registered in this cloud")

    def natives(self, ctx: RequestContext, cloud_id: str) -> list[Native]:
        """Everything registered in a cloud, by kind, for the operator."""
        policy.require(ctx.caller, "stratiform:clouds:natives", None)
        return repository.natives_of(ctx.db, self.cloud(ctx.db, cloud_id).id)

    def native(self, db: Connection, cloud_id: str, kind: str, ours_id: str) -> str | None:
        """The cloud's own name of our image, flavor or volume_type; None where it has none."""
        return repository.native(db, cloud_id, kind, ours_id)

    def ensure_memory(self, ctx: RequestContext, name: str = "memory") -> Cloud | None:
        """For the first start: a simulated cloud where there is no cloud at all, else the simulated one that is
        there. None where the operator has other clouds and no simulated one."""
        there = self.clouds(ctx.db)
        if not there:
            return self.add(ctx, "memory", name, {})
        return next((cloud for cloud in there if cloud.kind == "memory"), None)

    def _register(self, ctx: RequestContext, cloud_id: str, kind: NativeKind, ours_id: str, native_id: str) -> Native:
        policy.require(ctx.caller, "stratiform:clouds:register", None)
        if not ours_id or not 0 < len(native_id) <= _NATIVE_LENGTH:
            raise Invalid(f"a {kind} is registered by our id and the cloud's own (at most {_NATIVE_LENGTH} characters)")
        native = Native(self.cloud(ctx.db, cloud_id).id, kind, ours_id, native_id)
        repository.put_native(ctx.db, native)
        return native

    def _checked(self, kind: str, name: str, settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """What may be shown, and the secrets, after the connector has looked at all of it. Raises Invalid."""
        known = get_connector(kind).settings
        check_settings(kind, known, settings)
        self._connect(kind, "", name, settings)
        return split(known, settings)

    def _connect(self, kind: str, cloud_id: str, name: str, settings: Mapping[str, str]) -> CloudConnection:
        found = get_connector(kind)
        return found.connect(CloudAccount(cloud_id, name, complete(found.settings, settings)), self._here)

    def _merged(self, db: Connection, cloud: Cloud, changes: Mapping[str, str]) -> dict[str, str]:
        """All settings of an account with `changes`; "" takes one back to its default."""
        merged = {**cloud.settings, **self._secrets_of(db, cloud), **changes}
        return {name: value for name, value in merged.items() if value}

    def _encrypted(self, hidden: Mapping[str, str]) -> str:
        return self._secrets.encrypt(msgspec.json.encode(dict(hidden))).decode()

    def _secrets_of(self, db: Connection, cloud: Cloud) -> dict[str, str]:
        try:
            plain = self._secrets.decrypt(repository.secrets_of(db, cloud.id).encode())
        except Invalid as error:
            raise Invalid(
                f"the secrets of cloud '{cloud.name}' can't be read: {error.message}",
                hint="restore the folder keys/secrets, or give the secrets anew",
            ) from error
        return msgspec.json.decode(plain, type=dict[str, str])


def _outside(ctx: RequestContext) -> None:
    """A cloud may take minutes to answer; nobody waits for that with a transaction open."""
    if not ctx.db.closed:
        raise RuntimeError("a cloud is asked after the transaction of the call has ended, not inside it")
