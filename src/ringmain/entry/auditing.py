"""The audit log at the command line: heads to keep outside, and the verification of every network's chain."""

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import msgspec

from ringmain.entry.installation import Installation
from ringmain.entry.keys import chosen_network
from ringmain.kit.audit import Anchor, Verification, head_of, seal_now, verify_chain
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network

_SENTENCES = {
    "link_missing": "link {sequence} is missing: it was deleted",
    "entry_missing": "the entry of link {sequence} is gone: it was deleted",
    "hash_differs": "entry {sequence} is not the one that was chained: it was changed, moved or put in later",
    "anchor_differs": "link {sequence} differs from the head that was kept: the chain was written anew",
    "truncated": "link {sequence} is missing although a head was kept beyond it: the end was cut off",
    "entry_unannounced": "entry {entry_id} is not chained although everything announced is: it was put in later",
}


class HeadsUnreadable(RuleBroken):
    """The file does not hold heads of the audit log."""

    code = "audit_heads_unreadable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give a file with the lines that `ringmain audit head` printed."


async def heads(installation: Installation, network_id: UUID | None) -> list[str]:
    """Chain what is committed, and return the head of each network that has one, as a line of JSON."""
    lines = []
    for one in await _networks(installation, network_id):
        await seal_now(installation.database, one)
        async with installation.database.unit(one, role="worker") as uow:
            head = await head_of(uow)
        if head is not None:
            lines.append(msgspec.json.encode(head).decode() + "\n")
    return lines


async def verify(installation: Installation, network_id: UUID | None, file: Path | None) -> tuple[list[str], bool]:
    """Verify the chains; return sentences for people, and whether all hold. Raises `HeadsUnreadable`."""
    anchors = _read(file) if file is not None else []
    lines, holds = [], True
    for one in await _networks(installation, network_id):
        async with installation.database.unit(one, role="worker") as uow:
            found = await verify_chain(uow, anchors)
        holds = holds and found.ok
        lines.append(sentence(found))
    return lines, holds


def sentence(found: Verification) -> str:
    """Return what a verification found as a sentence."""
    compared = f", compared with {found.anchors} kept" if found.anchors else ", compared with no head from outside"
    if found.broken is None:
        return f"network {found.network_id}: holds ({found.links:,} links, {found.waiting:,} waiting{compared})"
    told = _SENTENCES[found.broken.what].format(sequence=found.broken.sequence, entry_id=found.broken.entry_id)
    return f"network {found.network_id}: BROKEN: {told} ({found.links:,} links hold{compared})"


def _read(file: Path) -> Sequence[Anchor]:
    try:
        return [msgspec.json.decode(line, type=Anchor) for line in file.read_bytes().splitlines() if line.strip()]
    except (OSError, msgspec.MsgspecError) as error:
        raise HeadsUnreadable(file=str(file)) from error


async def _networks(installation: Installation, network_id: UUID | None) -> list[UUID]:
    if network_id is not None:
        return [await chosen_network(installation, network_id)]
    async with installation.database.unit(None) as uow:
        return await network.all_networks(uow)
