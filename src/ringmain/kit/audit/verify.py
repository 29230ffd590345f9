"""Verification: the chain is computed again from its entries, and compared with heads that were kept outside."""

from collections.abc import Sequence

from ringmain.kit.audit import store
from ringmain.kit.audit.model import GENESIS, Anchor, Broken, Verification, canonical, linked
from ringmain.kit.audit.note import ANNOUNCED
from ringmain.kit.audit.seal import SEALER
from ringmain.kit.db import UnitOfWork

_PAGE = 5_000


async def head_of(uow: UnitOfWork) -> Anchor | None:
    """Return the head of the chain, to be kept where nobody who can change the database can change it."""
    last = await store.head(uow)
    return Anchor(uow.network_id, last.sequence, last.hash.hex()) if last is not None else None


async def verify_chain(uow: UnitOfWork, anchors: Sequence[Anchor] = ()) -> Verification:
    """Compute the network's chain again and name the first fault.

    Found without an anchor: an edited, deleted, inserted or moved entry or link. Found only with one: a chain that was
    cut off at its end, or written anew with other content from some place on. Anchors of other networks are left out.
    """
    own = {one.sequence: one.hash for one in anchors if one.network_id == uow.network_id}
    sequence, hash_, broken = 0, GENESIS, None
    while broken is None:
        page = await store.links_after(uow, sequence, _PAGE)
        for row in page:
            broken, hash_ = _look(uow, row, sequence, hash_, own)
            if broken is not None:
                break
            sequence += 1
        if len(page) < _PAGE:
            break
    beyond = [one for one in own if one > sequence]
    if broken is None and beyond:
        broken = Broken("truncated", sequence + 1)
    if broken is None:
        loose = await store.unannounced(uow, SEALER, ANNOUNCED)
        broken = Broken("entry_unannounced", None, loose) if loose is not None else None
    head = Anchor(uow.network_id, sequence, hash_.hex()) if sequence else None
    return Verification(uow.network_id, sequence, await store.waiting(uow), len(own), head, broken)


def _look(
    uow: UnitOfWork, row: store.LinkRow, before: int, hash_: bytes, anchors: dict[int, str]
) -> tuple[Broken | None, bytes]:
    """Return the fault at this link, if any, and its hash."""
    expected = before + 1
    if row.sequence != expected:
        return Broken("link_missing", expected), hash_
    content = row.content
    if content is None:
        return Broken("entry_missing", expected, row.entry_id), hash_
    made = linked(hash_, canonical(uow.network_id, expected, content))
    if made != row.hash:
        return Broken("hash_differs", expected, row.entry_id), hash_
    if anchors.get(expected, made.hex()) != made.hex():
        return Broken("anchor_differs", expected, row.entry_id), hash_
    return None, made
