"""A till that loses answers: it asks again with the same key, and what happened stays what it was."""

import asyncio
from uuid import uuid4

from tests.story.street import Street, march

CARD = "tok_an_4fQ9vX2m"


async def _with_voucher(here: Street) -> str:
    """Let the holder of the card win 5.00 off at the tea house; return the voucher."""
    await here.deposit(here.tea, 2_000, "bank transfer 1")
    offer = await here.publish(here.tea, 500, 2_000, valid_days=14)
    here.it_is(march(2, "12:30"))
    member = await here.join_at(here.noodles, CARD, "+8613800138000")
    lunch = await here.noodles.till.post("sales", here.sale(3_800, CARD))
    return await here.grant(offer, member, here.noodles, "sale", lunch["sale_id"])


async def test_a_retry_gets_the_first_answer(here: Street) -> None:
    """The till sends the same sale again until it hears the answer, to a restarted server too; it was sold once."""
    await _with_voucher(here)
    here.it_is(march(3, "15:00"))
    sale, key = here.sale(3_000, CARD, receipt="T-0815"), "receipt-T-0815"
    first = await here.tea.till.send("POST", "sales", sale, key=key)
    assert (first.status_code, first.json()["redeemed_minor"]) == (201, 500)
    assert await here.money(here.tea) == (1_500, 0, 500)

    # The answers are lost. At once, an hour later, and a month later the till asks again.
    for later in (march(3, "15:00"), march(3, "16:00"), march(31, "09:00")):
        here.it_is(later)
        again = await here.tea.till.send("POST", "sales", sale, key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)

    # The server is restarted, and remembers.
    async with here.client() as restarted:
        headers = {"Authorization": f"Bearer {here.tea.till.token}", "Idempotency-Key": key}
        again = await restarted.post("/v1/sales", json=sale, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)

    sales = (await here.operator.get(f"sales?shop_id={here.tea.shop}"))["items"]
    assert [(one["receipt"], one["total_minor"], one["redeemed_minor"]) for one in sales] == [("T-0815", 3_000, 500)]
    assert (await here.evening())["tea"] == (1_500, 0, 500)


async def test_a_key_stands_for_one_content(here: Street) -> None:
    """The same key with another amount is refused and does nothing; another till's same key is another key."""
    await _with_voucher(here)
    here.it_is(march(3, "15:00"))
    sale, key = here.sale(3_000, CARD), "receipt-1"
    sold = await here.tea.till.post("sales", sale, key=key)
    changed = sale | {"total_minor": 3_001}
    assert await here.tea.till.refused("sales", changed, key=key) == (422, "idempotency_key_reused")
    assert len((await here.operator.get(f"sales?shop_id={here.tea.shop}"))["items"]) == 1
    assert await here.money(here.tea) == (1_500, 0, 500)

    # The first content still has its first answer, and the noodle shop may number its receipts alike.
    assert await here.tea.till.post("sales", sale, key=key) == sold
    other = await here.noodles.till.post("sales", changed, key=key)
    assert (other["total_minor"], other["redeemed_minor"]) == (3_001, 0)
    assert (await here.evening())["tea"] == (1_500, 0, 500)


async def test_a_double_tap_sells_once(here: Street) -> None:
    """Ten taps on one button are one sale; ten tills with keys of their own spend the voucher once."""
    voucher = await _with_voucher(here)
    here.it_is(march(3, "15:00"))
    till, sale = here.tea.till, here.sale(3_000, CARD)
    taps = await asyncio.gather(*(till.post("sales", sale, key="one-tap") for _ in range(10)))
    assert len({tap["sale_id"] for tap in taps}) == 1
    assert await here.money(here.tea) == (1_500, 0, 500)

    # The guest changes her mind: the redemption is undone. Then ten tills try to spend the voucher at the same moment.
    redemption = taps[0]["redemptions"][0]["redemption_id"]
    undone = await till.post(f"redemptions/{redemption}/reversal", {"reason": "changed her mind"})
    assert undone["revived"] is True
    assert await here.money(here.tea) == (1_500, 500, 0)
    named = here.sale(3_000, CARD, apply_best=False, vouchers=[{"voucher_id": voucher}])
    keys = [str(uuid4()) for _ in range(10)]
    answers = await asyncio.gather(*(till.send("POST", "sales", named, key=key) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    refusals = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert refusals == ["voucher_already_spent"] * 9
    assert await here.money(here.tea) == (1_500, 0, 500)

    # Refusals are kept like sales: when the voucher lives once more, nine old requests do not become nine new sales.
    winner = next(answer for answer in answers if answer.status_code == 201).json()
    await till.post(f"redemptions/{winner['redemptions'][0]['redemption_id']}/reversal", {"reason": "wrong till"})
    again = await asyncio.gather(*(till.send("POST", "sales", named, key=key) for key in keys))
    assert [answer.status_code for answer in again] == [answer.status_code for answer in answers]
    assert (await here.evening())["tea"] == (1_500, 500, 0)
