"""Need, place and time become ranked shops and offers, each with its reason."""
