"""The endpoints of Almanach's API, one module per resource."""
