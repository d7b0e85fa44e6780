"""An OpenStack installation as a source of usage: the resources of all projects, and metrics from Gnocchi.

Its notifications are received from its message bus, not through this connector.
"""
