"""What follows from what: arrays in, answers out."""
