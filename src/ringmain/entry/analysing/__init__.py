"""Analyses of the lake for analysts: rows to a file, computed in this process or on Spark."""
