"""Every retry gets the first answer: decided outcomes, refusals too, are kept under the caller's key for ever."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from ringmain.kit.audit import Actor
from ringmain.kit.db import UnitOfWork
from ringmain.kit.idempotency_store import KeptAnswer, find_answers, keep_answers
from ringmain.kit.pure.errors import RuleBroken

Item = TypeVar("Item")
Answer = TypeVar("Answer")

DECIDED = "decided"


class KeyReusedWithOtherPayload(RuleBroken):
    """The key belongs to an earlier request with another content."""

    code = "idempotency_key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send a new Idempotency-Key for a new request; repeat an old one only with the same content."


class Keyed(Struct, Generic[Item], frozen=True):
    """One item under its key. The scope is network, principal (terminal or merchant, not the API key), operation, key.

    `payload_hash` is 16 bytes of a keyed hash of the request as it was sent. `actor` and `request_id` are for the audit
    log, where what is decided leaves an entry.
    """

    principal_id: UUID
    key: str
    payload_hash: bytes
    item: Item
    actor: Actor | None = None
    request_id: str = ""


async def answer_once(
    uow: UnitOfWork,
    operation: int,
    items: Sequence[Keyed[Item]],
    decide: Callable[[UnitOfWork, Sequence[Item]], Awaitable[Sequence[Answer | RuleBroken]]],
    answer_type: Any,
) -> list[Answer | RuleBroken]:
    """Decide the items whose keys are new, and render the kept outcome of the others again; one answer per item.

    The keys are written once, with their outcomes, as the last statement: where the same key was committed meanwhile,
    its unique index fails this transaction, and the batch that is run again finds the first answer
    (docs/decisions: keys are written once).
    """
    kept = {(row.principal_id, row.key): row for row in await find_answers(uow, operation, items)}
    answers: list[Answer | RuleBroken | None] = [None] * len(items)
    first_place: dict[tuple[UUID, str], int] = {}
    new_places: list[int] = []
    for place, keyed in enumerate(items):
        scope = (keyed.principal_id, keyed.key)
        if scope in kept:
            answers[place] = _again(kept[scope], keyed, answer_type)
        elif scope not in first_place:
            first_place[scope] = place
            new_places.append(place)
    if new_places:
        decided = await decide(uow, [items[place].item for place in new_places])
        for place, answer in zip(new_places, decided, strict=True):
            answers[place] = answer
        kept_places = [place for place in new_places if not _passes(answers[place])]
        await keep_answers(uow, operation, [_kept(items[place], answers[place]) for place in kept_places])
    for place, keyed in enumerate(items):
        if answers[place] is None:
            # The same key twice in one batch: the second is a retry of the first.
            first = first_place[keyed.principal_id, keyed.key]
            same = items[first].payload_hash == keyed.payload_hash
            answers[place] = answers[first] if same else KeyReusedWithOtherPayload()
    return answers  # type: ignore[return-value]  # every place has been filled


def _passes(answer: object) -> bool:
    """Say whether an answer is about this moment only: "too many requests" is not what a retry should be told."""
    return isinstance(answer, RuleBroken) and answer.status == HTTPStatus.TOO_MANY_REQUESTS


def _kept(keyed: Keyed[Any], answer: object) -> KeptAnswer:
    if isinstance(answer, RuleBroken):
        code, body = answer.code, msgspec.json.encode(answer.facts)
    else:
        code, body = DECIDED, msgspec.json.encode(answer)
    return KeptAnswer(keyed.principal_id, keyed.key, keyed.payload_hash, code, body)


def _again(row: KeptAnswer, keyed: Keyed[Any], answer_type: Any) -> Any:
    if row.payload_hash != keyed.payload_hash:
        return KeyReusedWithOtherPayload()
    if row.code == DECIDED:
        return msgspec.json.decode(row.answer, type=answer_type)
    return RuleBroken.by_code[row.code](**msgspec.json.decode(row.answer))
