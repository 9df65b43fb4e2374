"""Statistics over seeds: pure functions, arrays in, numbers out."""
