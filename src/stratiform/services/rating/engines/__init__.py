"""The engines that compute a charge: segments in plain Python or in DuckDB, with equal results, and samples."""
