"""What the libraries that Convex apps stand on mean: one module per library or family."""
