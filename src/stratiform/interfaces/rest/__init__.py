"""Our own REST API under `/api/v1`: metering, rating, billing, clouds. Does not own: any rule of them."""
