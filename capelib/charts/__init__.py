"""Charts: a result in, an Altair chart out. Nothing here fits or computes a result."""
