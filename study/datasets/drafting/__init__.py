"""From a table to a first recipe: what is in the file, and what is to be made of it."""
