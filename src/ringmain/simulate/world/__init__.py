"""A town that never existed: arrays of people and shops, two families of behaviour, and effects that are known."""
