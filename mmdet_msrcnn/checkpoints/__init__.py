"""Reading, checking and converting checkpoints."""
