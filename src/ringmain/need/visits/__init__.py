"""When a person will come again, how often, where, and for what kind of goods."""
