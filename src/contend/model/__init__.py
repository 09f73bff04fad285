"""What an app is, and what an audit says of it: frozen types, no I/O."""
