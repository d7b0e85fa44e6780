"""The priorities of notifications.

Source: oslo_messaging/notify/dispatcher.py; Ceilometer publishes samples.
"""

PRIORITIES = ("audit", "critical", "debug", "error", "info", "sample", "warn")
