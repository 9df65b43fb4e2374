"""The warnings of a report, a file for each family."""
