"""What a person will want next, where and when, with a probability that can be checked."""
