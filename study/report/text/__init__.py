"""The sentences of the report, the terminal and the citation."""
