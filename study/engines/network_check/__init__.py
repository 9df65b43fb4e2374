"""Whether the harness can train and measure a network of somebody's own."""
