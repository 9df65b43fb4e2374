"""What the commands do, called from Python, as in a notebook."""
