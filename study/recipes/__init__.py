"""Recipes: what a user declares of data sets, models and claims, and how recipes are found."""
