"""The symbolic interpreter: what each function does, in terms of its parameters."""
