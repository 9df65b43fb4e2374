"""From a dataset recipe and its tables to arrays."""
