"""Bodies and queries of the Block Storage API. Source: cinder/api/schemas, and the API reference's response tables."""
