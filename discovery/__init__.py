"""How observations come in: sources, and the runs that carry what they say into the graph."""
