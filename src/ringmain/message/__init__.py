"""What is sent to people, by which channel, with their consent and within caps."""
