"""The audit log: who did what, and whether the chain holds."""

import re
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import MOST_ROWS, csv_file
from ringmain.kit.audit import Anchor, Filter, Verification, entries, seal_now, verify_chain
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network

_MOST_IN_FILE = 10_000
_HEAD = re.compile(r"(\d{1,18})[\s:,]+([0-9a-f]{64})")


async def show(visit: Visit) -> Response:
    """Show the newest entries that a filter lets through."""
    return await _log(visit, None)


async def _log(visit: Visit, found: Verification | None) -> Response:
    which, before = _filter(visit), _id(visit.query("before"))
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        rows = await entries(uow, which, before, MOST_ROWS + 1)
        accounts = {one.id: one for one in await network.accounts(uow, limit=1_000)}
    known = {id_: network.name_of(visit.site.keyring, one) for id_, one in accounts.items()}
    more = rows[MOST_ROWS - 1].id if len(rows) > MOST_ROWS else None
    return visit.page(
        "operator/audit.html", network=here, entries=rows[:MOST_ROWS], more=more, which=which, people=known, found=found
    )


async def verify(visit: Visit) -> Response:
    """Chain what is new, compute the chain again, and compare it with a head that somebody has kept."""
    kept = _HEAD.search(visit.form.text("head").lower())
    anchors = [Anchor(visit.network_id, int(kept[1]), kept[2])] if kept else []
    await seal_now(visit.site.database, visit.network_id)
    async with visit.unit() as uow:
        found = await verify_chain(uow, anchors)
    return await _log(visit, found)


async def as_file(visit: Visit) -> Response:
    """Give the newest entries as a file."""
    async with visit.unit() as uow:
        rows = await entries(uow, _filter(visit), None, _MOST_IN_FILE)
    header = ("sequence", "time", "actor_kind", "actor_id", "action", "object_kind", "object_id", "facts", "hash")
    cells = (
        (
            one.sequence or "",
            one.at.isoformat(),
            one.actor_kind,
            one.actor_id or "",
            one.action,
            one.object_kind,
            one.object_id or "",
            one.facts,
            one.hash.hex() if one.hash else "",
        )
        for one in rows
    )
    return csv_file(visit, "audit", header, cells)


def _filter(visit: Visit) -> Filter:
    return Filter(visit.query("action") or None, _id(visit.query("actor")), None, _id(visit.query("object")))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/audit", audience=OPERATOR, get=show, post=verify),
    PageRoute(path="/operator/audit.csv", audience=OPERATOR, get=as_file),
)
