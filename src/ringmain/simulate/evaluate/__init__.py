"""Measures the models on recorded data: one module per task, each by a fixed protocol beside its dumb baselines."""
