"""The Image API v2. Source: the Image API v2 reference, and glance/api/v2."""
