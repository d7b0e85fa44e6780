"""The endpoints of `/network/v2.0`, one module per resource."""
