"""The rules of the command line that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class MasterKeyNewest(RuleBroken):
    """The newest version of the master key makes all that is new, and cannot be forgotten."""

    code = "master_key_newest"
    status = HTTPStatus.CONFLICT
    next_step = "Run `ringmain master-key rotate` first, restart every process, and forget the older version then."


class MasterKeyInUse(RuleBroken):
    """Webhooks are still signed with a secret that was made with this version of the master key."""

    code = "master_key_in_use"
    status = HTTPStatus.CONFLICT
    next_step = "Give the webhooks that are named new secrets, wait for the overlap to end, and try again."
