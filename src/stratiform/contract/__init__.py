"""The contract between services and connectors: one protocol per capability, data types, errors, the registry.

Owns: what a connector must implement. Does not own: how a cloud is called, prices.

Rules for implementers:

- Every operation is idempotent. `create` and `ensure_subnet` return the resource that carries the same token instead
  of creating a second one; other operations succeed if the resource is in the requested state already.
- Every resource carries the id of our resource (`token`) and the id of the installation, as tags or metadata.
- Only `contract.errors` are raised. After `CloudUnreachable` the outcome is unknown; the caller repeats the
  operation or looks the resource up by its token.
- Connections are thread-safe.
"""
