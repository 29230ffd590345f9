"""What the door writes into the audit log about a call, so that no handler has to remember to."""

from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.audit import Actor, Facts, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.route import Call, Principal
from ringmain.kit.http.types import Change

# Fields that are ids, amounts or words of a closed list in every request and answer of the API. Names, notes and
# reasons are written freely, so they are not here: an entry must not hold what belongs to a person.
_KEPT = (
    "amount_minor",
    "count",
    "currency",
    "face_minor",
    "funder_id",
    "from_member_id",
    "into_member_id",
    "kind",
    "merchant_id",
    "offer_id",
    "old_valid_until",
    "overlap_seconds",
    "percent_bp",
    "points",
    "redemption_id",
    "released_minor",
    "role",
    "shop_id",
    "stock",
    "terminal_id",
    "version",
    "wanted",
)
_LONGEST = 100


def actor_of(principal: Principal) -> Actor:
    """Return how the audit log names a caller: by the role of its key, and by the id that outlives its rotation."""
    return Actor(principal.role, principal.principal_id)


def leaves_entry(call: Call) -> bool:
    """Say whether what this call did belongs into the audit log."""
    if call.caller is None or call.route.unaudited_because:
        return False
    return call.route.audited is not None or call.caller.role != "terminal"


async def note(uow: UnitOfWork, call: Call, body: Any, answer: Any) -> None:
    """Add the entry of a call that was not refused: action, object and plain facts come from route, body and answer.

    The action is the name of the operation. The object is what the path names last, or what the answer's `id` names;
    its kind is the parameter's name without `_id`, or the tag of the route in the singular.
    """
    route, declared = call.route, call.route.audited
    sources = (answer, body)
    parameters = [name for name in route.parameters if name.endswith("_id")]
    kind = parameters[-1].removesuffix("_id") if parameters else route.tag.removesuffix("s")
    object_id = call.id(parameters[-1]) if parameters else _found("id", sources) or _found(f"{kind}_id", sources)
    if declared is not None and declared.object_kind:
        kind = declared.object_kind
    if declared is not None and declared.object_from:
        object_id = _found(declared.object_from, sources) or _of_path(call, declared.object_from)
    facts: dict[str, Any] = {name: str(call.id(name)) for name in parameters[:-1]}
    for name in (*_KEPT, *(declared.facts if declared is not None else ())):
        value = _found(name, sources)
        if _is_plain(value):
            facts[name] = value
    if isinstance(body, Change):
        facts["changed"] = [name for name in body.__struct_fields__ if getattr(body, name) is not msgspec.UNSET]
    named = object_id if isinstance(object_id, UUID) else None
    await audit(uow, actor_of(call.principal), route.operation, kind[:40], named, _checked(facts), call.request_id)


def _found(name: str, sources: tuple[Any, ...]) -> Any:
    for source in sources:
        value = getattr(source, name, None)
        if value is not None and value is not msgspec.UNSET:
            return value
    return None


def _of_path(call: Call, name: str) -> UUID | None:
    return call.id(name) if name in call.path else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST
    return isinstance(value, (bool, int, UUID))


def _checked(facts: dict[str, Any]) -> Facts:
    return facts
