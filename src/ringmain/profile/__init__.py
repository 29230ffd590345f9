"""What the network knows of a person: counted from facts, shown to them with its evidence, corrected by them."""
