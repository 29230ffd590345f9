"""Which shop a person would come to soon: the chance of it, by habit or for the first time."""
