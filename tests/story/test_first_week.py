"""A noodle shop's first week: a visit earns a voucher of the tea house, and the tea house sends the guest back."""

from tests.story.street import Street, march

AN = "tok_an_4fQ9vX2m"
BO = "tok_bo_7kLp2RtY"


async def test_a_noodle_shops_first_week(here: Street) -> None:  # noqa: PLR0915 (a week is told in one piece)
    """Every coin of a week is where the story says it is, at the end of each day; the ledger is at zero each time."""
    noodles, tea = here.noodles, here.tea

    # Monday, 2 March. Both houses bring in money and publish an offer. The tea house pays 0.20 to the network for each
    # of its vouchers that is spent. An eats for 38.00, becomes a member, and wins a voucher of the tea house.
    await here.deposit(noodles, 20_000, "bank transfer 1")
    await here.deposit(tea, 30_000, "bank transfer 2")
    six_off = await here.publish(noodles, 600, 3_000, valid_days=3)
    five_off = await here.publish(tea, 500, 2_000, valid_days=3, fee_minor=20)
    here.it_is(march(2, "12:30"))
    an = await here.join_at(noodles, AN, "+8613800138000")
    lunch = await noodles.till.post("sales", here.sale(3_800, AN))
    assert (lunch["recognised"], lunch["to_pay_minor"], lunch["redemptions"]) == (True, 3_800, [])
    to_tea = await here.grant(five_off, an, noodles, "sale", lunch["sale_id"])
    assert await here.evening() == {
        "noodles": (20_000, 0, 0),
        "tea": (29_480, 520, 0),
        "fees": 0,
        "cash": -50_000,
    }

    # Tuesday. An has tea for 30.00 and pays 25.00; that visit earns the way back. Bo eats noodles and wins one, too.
    here.it_is(march(3, "15:00"))
    cups = await tea.till.post("sales", here.sale(3_000, AN))
    assert (cups["redeemed_minor"], cups["to_pay_minor"]) == (500, 2_500)
    assert [one["voucher_id"] for one in cups["redemptions"]] == [to_tea]
    to_noodles = await here.grant(six_off, an, tea, "voucher", to_tea)
    here.it_is(march(3, "19:00"))
    bo = await here.join_at(noodles, BO, "+8613900139000")
    dinner = await noodles.till.post("sales", here.sale(4_200, BO))
    bos_voucher = await here.grant(five_off, bo, noodles, "sale", dinner["sale_id"])
    assert await here.evening() == {
        "noodles": (19_400, 600, 0),
        "tea": (28_960, 520, 500),
        "fees": 20,
        "cash": -50_000,
    }

    # Wednesday. An is back at the noodle shop: 40.00 for 34.00. The way can be followed to Monday's lunch.
    here.it_is(march(4, "12:15"))
    again = await noodles.till.post("sales", here.sale(4_000, AN))
    assert (again["redeemed_minor"], again["to_pay_minor"]) == (600, 3_400)
    story = await here.operator.get(f"vouchers/{to_noodles}")
    assert [
        (hop["voucher_id"], hop["sender_shop_id"], hop["origin_kind"], hop["origin_id"]) for hop in story["lineage"]
    ] == [
        (to_noodles, tea.shop, "voucher", to_tea),
        (to_tea, noodles.shop, "sale", lunch["sale_id"]),
    ]
    assert await here.evening() == {
        "noodles": (19_400, 0, 600),
        "tea": (28_960, 520, 500),
        "fees": 20,
        "cash": -50_000,
    }

    # Thursday. The soup was cold: all of the 34.00 is given back, and the voucher lives again until its old end.
    here.it_is(march(5, "11:00"))
    refund = f"sales/{again['sale_id']}/refunds"
    too_much = await noodles.till.refused(refund, {"amount_minor": 3_401, "reason": "cold soup"})
    assert too_much == (409, "refund_exceeds_sale")
    refunded = await noodles.till.post(refund, {"amount_minor": 3_400, "reason": "cold soup"})
    assert (refunded["left_minor"], refunded["restored"], refunded["returned"]) == (0, [to_noodles], [])
    assert await here.evening() == {
        "noodles": (19_400, 600, 0),
        "tea": (28_960, 520, 500),
        "fees": 20,
        "cash": -50_000,
    }

    # Friday. An tries the soup again, an hour before the voucher ends. Bo stays away: at 19:00 Bo's voucher is over.
    here.it_is(march(6, "14:00"))
    better = await noodles.till.post("sales", here.sale(3_500, AN))
    assert (better["redeemed_minor"], better["to_pay_minor"]) == (600, 2_900)
    here.it_is(march(6, "18:59"))
    assert await here.sweep() == 0
    here.it_is(march(6, "19:00"))
    late = here.sale(2_500, BO, apply_best=False, vouchers=[{"voucher_id": bos_voucher}])
    assert await tea.till.refused("sales", late) == (409, "voucher_expired")
    assert await here.evening() == {
        "noodles": (19_400, 0, 600),
        "tea": (28_960, 520, 500),
        "fees": 20,
        "cash": -50_000,
    }

    # Saturday. The worker has tidied up: what Bo did not spend went back to the tea house, the fee not taken included.
    here.it_is(march(7, "00:10"))
    assert await here.sweep() == 1
    assert (await here.operator.get(f"vouchers/{bos_voucher}"))["state"] == "expired"
    saturday = await here.evening()
    assert saturday == {
        "noodles": (19_400, 0, 600),
        "tea": (29_480, 0, 500),
        "fees": 20,
        "cash": -50_000,
    }

    # Sunday. Nothing happens twice: another sweep finds nothing, and the statement of the week is that of Saturday.
    here.it_is(march(8, "22:00"))
    assert await here.sweep() == 0
    assert await here.evening() == saturday
    # Each house paid for its vouchers out of its own pocket and earned as much at its till; only the fee left the tea
    # house. And 500.00 are still 500.00.
    assert sum(saturday["noodles"]) == 20_000
    assert sum(saturday["tea"]) == 30_000 - 20
    assert sum(saturday["noodles"]) + sum(saturday["tea"]) + saturday["fees"] + saturday["cash"] == 0
