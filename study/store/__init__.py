"""The run directory and its file: what is stored is complete and verified as it is read."""
