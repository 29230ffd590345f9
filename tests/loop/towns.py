"""A small lake with everything in it that an analysis can trip over."""

import random

from tests.loop.lake import SmallLake

_PEOPLE, _SHOPS, _DAYS = 40, 8, 60
_SEED = 11


def crowded(lake: SmallLake) -> SmallLake:
    """Fill a lake with walks, vouchers, reversals, refunds, disputes and merged people, by chance and always alike."""
    chance = random.Random(_SEED)
    shops = [f"shop-{number}" for number in range(_SHOPS)]
    for number in range(_PEOPLE):
        who = f"person-{number}"
        visits = [(chance.choice(shops), chance.uniform(0, _DAYS)) for _ in range(chance.randrange(1, 30))]
        lake.walk(who, *visits)
        for turn, (shop, on) in enumerate(visits[:6]):
            targets = chance.sample(shops, chance.randrange(0, 3))
            name = f"voucher-{number}-{turn}"
            lake.grant(
                name, who if turn else None, shop if turn != 1 else None, targets, on, paid_by=shops[number % _SHOPS]
            )
            if turn % 2:
                spent_at = targets[0] if targets else chance.choice(shops)
                later = on + chance.uniform(0, 9)
                lake.redeem(name, who, spent_at, later, f"{who}-{shop}-{on}")
                if turn == 3 and number % 4 == 0:
                    lake.reverse(name, later, later + 1)
        for campaign in ("new-guests", "quiet-hours"):
            lake.deal(campaign, who, chance.uniform(20, 40), treated=chance.random() < 0.8, shop=visits[0][0])
        lake.touch(f"scene-{number % 3}", who, min(on for _, on in visits) - 1 + number % 3)
        lake.serve("plan", who, 20 + number / 10, treated=number % 3 > 0)
        lake.deal("in-turns", who, chance.uniform(20, 40), treated=number % 2 == 0, turn=1 + number % 2)
        first = f"{who}-{visits[0][0]}-{visits[0][1]}"
        if number % 5 == 0:
            lake.say(first, _DAYS)
        if number % 6 == 0:
            # 800 of 1,000 were paid with money: the second of these refunds leaves nothing of the sale.
            lake.refund(first, _DAYS, 800 if number % 12 == 0 else 300)
        if number % 9 == 1:
            lake.merge(who, f"person-{number + 1}")
    lake.sale("nobody", None, shops[0], 1)
    return lake
