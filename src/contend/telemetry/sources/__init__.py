"""One module for each place that counts or events come from."""
