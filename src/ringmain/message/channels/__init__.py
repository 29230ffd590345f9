"""The ways out of the house: one port, and a provider behind each channel."""
