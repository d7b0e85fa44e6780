"""Power states, the numbers of `OS-EXT-STS:power_state`. Source: nova/objects/fields.py."""

NOSTATE = 0
RUNNING = 1
PAUSED = 3
SHUTDOWN = 4
CRASHED = 6
SUSPENDED = 7
