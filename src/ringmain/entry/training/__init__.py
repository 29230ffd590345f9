"""Models at the command line: train them, list them with their figures, roll them back."""
