"""From a plan to stored results: blocks, workers, memory, time."""
