"""What people say of a visit, and what it does to matching; nothing said is lost or made public unasked."""
