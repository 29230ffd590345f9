"""An append-only log of who did what, chained by hashes, so that a later change of it is noticed."""

from ringmain.kit.audit.model import Actor, ActorKind, Anchor, Broken, Facts, Verification
from ringmain.kit.audit.note import ANNOUNCED, audit
from ringmain.kit.audit.seal import SEALER, seal_now, sealer
from ringmain.kit.audit.store import Entry, Filter, entries
from ringmain.kit.audit.verify import head_of, verify_chain

__all__ = [
    "ANNOUNCED",
    "SEALER",
    "Actor",
    "ActorKind",
    "Anchor",
    "Broken",
    "Entry",
    "Facts",
    "Filter",
    "Verification",
    "audit",
    "entries",
    "head_of",
    "seal_now",
    "sealer",
    "verify_chain",
]
