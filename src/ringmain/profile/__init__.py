"""The consumption image of one member, folded from facts and shown to its owner."""
