"""The endpoints of `/compute/v2.1`, one module per resource."""
