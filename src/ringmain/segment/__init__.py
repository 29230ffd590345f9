"""Groups of people: those a rule defines, and the small stable tribes that are found."""
