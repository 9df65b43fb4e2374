"""Scores that were made elsewhere: a file, read, made whole and looked at."""
