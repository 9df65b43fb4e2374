"""The shipped networks, ordinary modules of PyTorch, and how a recipe becomes a network."""
