"""The National Day: the largest campaign of the documents, in ten made-up cities, through the real use cases."""
