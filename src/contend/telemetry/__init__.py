"""What production tells: events and counts, decoded. Knows nothing of source code."""
