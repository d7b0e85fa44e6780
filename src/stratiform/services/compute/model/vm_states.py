"""VM states: the settled state of a server. Source: nova/compute/vm_states.py."""

ACTIVE = "active"
BUILDING = "building"
STOPPED = "stopped"
RESIZED = "resized"
ERROR = "error"
DELETED = "deleted"
