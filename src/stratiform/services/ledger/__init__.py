"""The usage ledger: stored events and the segments and samples derived from them."""
