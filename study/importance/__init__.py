"""Importance methods: a score for each feature or variable of each trained model."""
