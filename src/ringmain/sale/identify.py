"""Who buys: the member named by the till, or found by the token of the payment (membership inside the payment)."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.sale.errors import MemberNotFound
from ringmain.sale.model import NewSale


async def with_buyers(uow: UnitOfWork, keyring: Keyring, sales: Sequence[NewSale]) -> list[NewSale | RuleBroken]:
    """Return the sales with their buyers' subjects; in place of a sale, the rule that its member or token breaks.

    An unknown member is refused; an unknown token is not: the sale goes on, and its answer asks for a phone. A queued
    sale goes on without a buyer in either case: it has happened.
    """
    tokens, answers = _tokens(sales)
    found: dict[member.Identifier, member.Known | None] = {}
    if tokens:
        unique = sorted(set(tokens.values()), key=lambda one: (one.kind, one.value))
        found = dict(zip(unique, await member.identify_all(uow, keyring, unique), strict=True))
    ids = sorted({sale.member_id for sale in sales if sale.member_id})
    members: dict[UUID, member.Known | None] = {}
    if ids:
        members = dict(zip(ids, await member.subjects(uow, ids), strict=True))
    for place, sale in enumerate(sales):
        if place in answers or (sale.member_id is None and place not in tokens):
            continue
        buyer = members[sale.member_id] if sale.member_id else found[tokens[place]]
        if buyer is not None:
            answers[place] = replace(sale, subject_id=buyer.subject_id, merged_subject_ids=buyer.merged_subject_ids)
        elif sale.member_id is not None and sale.queued is None:
            answers[place] = MemberNotFound()
    return [answers.get(place, sale) for place, sale in enumerate(sales)]


def _tokens(sales: Sequence[NewSale]) -> tuple[dict[int, member.Identifier], dict[int, NewSale | RuleBroken]]:
    """Return the payment tokens by place, in their normal form, and the rules that malformed ones break."""
    tokens: dict[int, member.Identifier] = {}
    broken: dict[int, NewSale | RuleBroken] = {}
    for place, sale in enumerate(sales):
        if sale.payment is not None and sale.member_id is None and sale.subject_id is None:
            try:
                kind = member.IdentifierKind[sale.payment.kind.upper()]
                tokens[place] = member.identifier(kind, sale.payment.token)
            except RuleBroken as error:
                if sale.queued is None:
                    broken[place] = error
    return tokens, broken
