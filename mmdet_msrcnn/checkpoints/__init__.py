"""Checkpoints that other code wrote."""
