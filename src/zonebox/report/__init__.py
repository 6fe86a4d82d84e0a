"""Report -> files that other programs and people read."""
