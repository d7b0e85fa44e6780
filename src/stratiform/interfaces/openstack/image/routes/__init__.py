"""The endpoints of `/image/v2`, one module per resource."""
