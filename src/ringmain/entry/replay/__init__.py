"""Replays of recorded years as commands run them: with progress, the lake, and a report."""
