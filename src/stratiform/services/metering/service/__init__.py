"""The verbs of metering."""

from stratiform.services.metering.service.auditing import Audit, Audited, Auditing, Progressed, Proposed, Summary
from stratiform.services.metering.service.correcting import Corrected, Made
from stratiform.services.metering.service.entities import Entities, Told, VolumeType
from stratiform.services.metering.service.inserting import Inserted, Inserting
from stratiform.services.metering.service.naming import Naming
from stratiform.services.metering.service.polling import Polling
from stratiform.services.metering.service.proving import Exporting, Inclusion, Proving
from stratiform.services.metering.service.rejecting import Rejecting, check_messages
from stratiform.services.metering.service.sampling import Sampling
from stratiform.services.metering.service.summing import Summing
from stratiform.services.metering.service.taking import check_cloud

__all__ = [
    "Audit",
    "Audited",
    "Corrected",
    "Exporting",
    "Inclusion",
    "Inserted",
    "Made",
    "MeteringService",
    "Progressed",
    "Proposed",
    "Summary",
    "Told",
    "VolumeType",
    "check_cloud",
    "check_messages",
]


class MeteringService(Entities, Auditing, Inserting, Naming, Polling, Proving, Rejecting, Sampling, Summing):
    """See the package's own page. The verbs stand in one file a noun."""

    __slots__ = ()
