"""A town that never existed, and replays of real ones, through the same use cases as everybody else."""
