"""The endpoints of `/volume/v3`, one module per resource."""
