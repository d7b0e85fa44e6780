"""An OpenStack cloud: servers, volumes, snapshots, images, networks, and usage from its inventory and Gnocchi.

Notifications are received from its message bus, not through this connector.
"""
