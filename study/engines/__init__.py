"""Engines: what trains the models of a recipe, and predicts and differentiates with them."""
