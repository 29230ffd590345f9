"""Who belongs to a network and who may do what in it: merchants, shops, staff, terminals, keys and roles."""
