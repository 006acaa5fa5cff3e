"""What a configuration item is, which one it is, and what we believe about it: pure, no I/O, no clock."""
