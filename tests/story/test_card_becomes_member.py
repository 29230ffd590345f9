"""A card that becomes a member: the payment itself makes the membership, and the best voucher comes off by itself."""

from typing import Any

from tests.story.street import Door, Street, march

CARD = "tok_mei_9XwQ4vBn"
SECOND_CARD = "tok_mei_2HdK8sZc"
PHONE = "+8613800138000"


async def _recognised(till: Door, token: str) -> Any:
    return await till.post("members/recognitions", {"tokens": [{"kind": "card_token", "value": token}]})


async def test_a_card_becomes_a_member(here: Street) -> None:
    """A phone is asked for once, at one shop; then every shop of the network knows the card and what is due to it."""
    noodles, tea = here.noodles, here.tea
    await here.deposit(tea, 5_000, "bank transfer 1")
    three_off = await here.publish(tea, 300, 1_000, valid_days=14)
    five_off = await here.publish(tea, 500, 2_000, valid_days=14)

    # Monday, 2 March, noon. Nobody knows the card at the noodle shop: the sale stands, and the till is told to ask.
    here.it_is(march(2, "12:00"))
    first = await noodles.till.post("sales", here.sale(2_600, CARD))
    assert (first["recognised"], first["ask_for_phone"], first["to_pay_minor"]) == (False, True, 2_600)
    asked = await _recognised(noodles.till, CARD)
    assert asked["member_id"] is None
    challenge = asked["ask_for_phone"]["challenge_id"]
    given = await noodles.till.post(f"members/recognitions/{challenge}/phone", {"phone": PHONE})
    mei = given["member_id"]
    assert given == {"member_id": mei, "confirm_by_code": None}

    # The same answer cannot be given twice.
    repeated = await noodles.till.refused(f"members/recognitions/{challenge}/phone", {"phone": PHONE})
    assert repeated == (404, "challenge_unknown")

    # The visit earned two vouchers of the tea house.
    small = await here.grant(three_off, mei, noodles, "sale", first["sale_id"])
    large = await here.grant(five_off, mei, noodles, "sale", first["sale_id"])
    assert await here.money(tea) == (4_200, 800, 0)

    # Wednesday. The tea house has never seen this card, and knows it; nobody asks for a phone again.
    here.it_is(march(4, "16:00"))
    assert await _recognised(tea.till, CARD) == {"member_id": mei, "ask_for_phone": None}
    # A cup for 9.00 is below both minima: nothing comes off, and nothing is used up.
    cup = await tea.till.post("sales", here.sale(900, CARD))
    assert (cup["recognised"], cup["ask_for_phone"], cup["redemptions"]) == (True, False, [])
    # A pot for 24.00: the voucher that takes most off comes off, and only that one.
    pot = await tea.till.post("sales", here.sale(2_400, CARD))
    assert [(one["voucher_id"], one["amount_minor"]) for one in pot["redemptions"]] == [(large, 500)]
    assert pot["to_pay_minor"] == 1_900
    # The next pot: the smaller one, which is what is left.
    second = await tea.till.post("sales", here.sale(2_400, CARD))
    assert [(one["voucher_id"], one["amount_minor"]) for one in second["redemptions"]] == [(small, 300)]
    third = await tea.till.post("sales", here.sale(2_400, CARD))
    assert (third["recognised"], third["redemptions"], third["to_pay_minor"]) == (True, [], 2_400)

    assert (await here.evening())["tea"] == (4_200, 0, 800)


async def test_a_known_phone_needs_its_owner(here: Street) -> None:
    """Saying a member's phone beside a strange card proves nothing: its owner has to tell the code that was sent."""
    noodles, tea = here.noodles, here.tea
    here.it_is(march(2, "12:00"))
    mei = await here.join_at(noodles, CARD, PHONE)

    # Somebody at the tea house pays with another card and says Mei's phone.
    here.it_is(march(3, "17:30"))
    challenge = (await _recognised(tea.till, SECOND_CARD))["ask_for_phone"]["challenge_id"]
    given = await tea.till.post(f"members/recognitions/{challenge}/phone", {"phone": PHONE})
    assert given["member_id"] is None
    assert given["confirm_by_code"]["challenge_id"] == challenge
    assert (await _recognised(tea.till, SECOND_CARD))["member_id"] is None

    # A guess is refused, and the card stays unknown.
    code = (await here.operator.get(f"members/one-time-codes/{challenge}"))["code"]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await tea.till.refused("members", {"challenge_id": challenge, "code": wrong})
    assert refused == (422, "one_time_code_wrong")
    assert (await _recognised(tea.till, SECOND_CARD))["member_id"] is None

    # It was Mei herself, with her new card: she reads the code from her phone, and both cards are hers.
    assert await tea.till.post("members", {"challenge_id": challenge, "code": code}) == {"member_id": mei, "new": False}
    assert (await _recognised(noodles.till, SECOND_CARD))["member_id"] == mei
    assert (await _recognised(noodles.till, CARD))["member_id"] == mei
