"""Two runs side by side: what changed, and what differs."""
