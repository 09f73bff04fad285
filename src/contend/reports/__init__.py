"""What an audit found, written down: for a terminal and for machines. Values in, text out; no file is read."""
