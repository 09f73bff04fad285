"""How people and machines reach the library. Each face parses a request, calls the library and renders; none holds
analysis, and none imports another."""
