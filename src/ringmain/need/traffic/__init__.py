"""How many payments a shop will take on each of the next days."""
