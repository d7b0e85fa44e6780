"""Every service, in the order in which they are built; a new one is one line here."""

from stratiform.services.audit.manifest import manifest as audit
from stratiform.services.billing.manifest import manifest as billing
from stratiform.services.clouds.manifest import manifest as clouds
from stratiform.services.compute.manifest import manifest as compute
from stratiform.services.identity.manifest import manifest as identity
from stratiform.services.image.manifest import manifest as image
from stratiform.services.ingest.manifest import manifest as ingest
from stratiform.services.ledger.manifest import manifest as ledger
from stratiform.services.manifest import ServiceManifest
from stratiform.services.network.manifest import manifest as network
from stratiform.services.proof.manifest import manifest as proof
from stratiform.services.rating.manifest import manifest as rating
from stratiform.services.volume.manifest import manifest as volume

SERVICES: tuple[ServiceManifest, ...] = (
    identity,
    clouds,
    network,
    image,
    volume,
    compute,
    ledger,
    ingest,
    proof,
    audit,
    rating,
    billing,
)
