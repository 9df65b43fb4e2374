"""What every room may use: words, errors, progress, files, random streams."""
