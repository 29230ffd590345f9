"""Shops and offers ranked for a person here and now, each with its reason; what somebody has blocked never comes up."""
