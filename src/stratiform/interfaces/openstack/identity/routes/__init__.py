"""The endpoints of the Identity API, one module per resource."""
