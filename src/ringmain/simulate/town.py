"""The Complete Journey as a network: its stores as shops of separate merchants, its coupons as offers, its people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import derived_id, uuid7_of
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.simulate.complete_journey import ZONE
from ringmain.simulate.journey import Journey
from ringmain.voucher import api as voucher

NAME = "complete-journey"
CURRENCY = "USD"
NETWORK_ID = derived_id("replay", NAME)
# Before the first basket, so that everything exists when the year begins.
OPENED_AT = datetime(2016, 12, 31, 12, tzinfo=UTC)
RING_FACE_MINOR = 200
RING_MINIMUM_MINOR = 1_000
RING_DAYS = 14
COUPON_FACE_MINOR = 100
OPENING_BALANCE_MINOR = 10_000_000
_CHUNK = 1_000


def merchant_id(store_id: int) -> UUID:
    """Return the id of the merchant that a store of the data became."""
    return uuid7_of(OPENED_AT, NAME, "merchant", str(store_id))


def shop_id(store_id: int) -> UUID:
    """Return the id of the shop that a store of the data became."""
    return uuid7_of(OPENED_AT, NAME, "shop", str(store_id))


def ring_offer_id(store_id: int) -> UUID:
    """Return the id of the offer by which a shop takes part in the ring."""
    return uuid7_of(OPENED_AT, NAME, "ring", str(store_id))


def coupon_offer_id(upc: int, campaign_id: int) -> UUID:
    """Return the id of the offer that a coupon of a campaign became: the same code in two campaigns is two."""
    return uuid7_of(OPENED_AT, NAME, "coupon", str(upc), str(campaign_id))


def card_token(household_id: int) -> str:
    """Return the card token that a household pays with."""
    return f"tok_journey_{household_id}"


OFFICE_ID = uuid7_of(OPENED_AT, NAME, "campaign office")


async def open_town(database: Database, keyring: Keyring, journey: Journey) -> None:
    """Open network, merchants, shops, offers and members; what is open already stays as it is."""
    stores = [int(store) for store in journey.store_id]
    await _open_places(database, stores)
    await _publish(database, _ring_offers(stores))
    await _publish(database, _coupon_offers(journey))
    households = [int(household) for household in journey.households.household_id]
    for start in range(0, len(households), _CHUNK):
        async with database.unit(NETWORK_ID, now=OPENED_AT) as uow:
            await member.enrol(uow, keyring, [_enrolment(one) for one in households[start : start + _CHUNK]])


async def _open_places(database: Database, stores: Sequence[int]) -> None:
    async with database.unit(NETWORK_ID, now=OPENED_AT) as uow:
        await network.open_network(uow, "Complete Journey (replayed)", CURRENCY, str(ZONE), simulated=True)
        merchants = [network.NewMerchant(f"Store {store}", merchant_id(store)) for store in stores]
        await network.open_merchants(uow, [*merchants, network.NewMerchant("Campaign office", OFFICE_ID)])
        await network.open_shops(uow, [_shop(store, place) for place, store in enumerate(stores)])
    for holder in [*(merchant_id(store) for store in stores), OFFICE_ID]:
        try:
            async with database.unit(NETWORK_ID, now=OPENED_AT) as uow:
                await network.make_deposit(uow, holder, OPENING_BALANCE_MINOR, CURRENCY, "opening balance (declared)")
        except RuleBroken as error:
            if error.code != "deposit_already_made":
                raise


def _shop(store: int, place: int) -> network.NewShop:
    """Return a store as a shop; the data names no places, so the shops stand in a grid that is declared, not real."""
    latitude, longitude = 40.0 + (place // 22) * 0.01, -75.0 + (place % 22) * 0.01
    return network.NewShop(
        merchant_id(store), f"Store {store}", "supermarket", latitude, longitude, str(ZONE), id=shop_id(store)
    )


def _ring_offers(stores: Sequence[int]) -> list[voucher.NewOffer]:
    """Return one offer per shop, funded by its own merchant: 2.00 off at least 10.00, valid for 14 days."""
    return [
        voucher.NewOffer(
            creator_merchant_id=merchant_id(store),
            funder_id=merchant_id(store),
            name=f"2.00 off at store {store}",
            terms=voucher.Terms(
                kind="cash",
                currency=CURRENCY,
                face_minor=RING_FACE_MINOR,
                minimum_minor=RING_MINIMUM_MINOR,
                shop_ids=(shop_id(store),),
                holder_only=True,
                valid_days=RING_DAYS,
            ),
            id=ring_offer_id(store),
        )
        for store in stores
    ]


def _coupon_offers(journey: Journey) -> list[voucher.NewOffer]:
    """Return one offer per coupon and campaign, paid by the network's campaign office; good at every shop.

    The data does not say what a coupon is worth: each is declared to take 1.00 off.
    """
    campaigns = journey.campaigns
    offers = []
    for upc, campaign in zip(journey.coupons.upc.tolist(), journey.coupons.campaign.tolist(), strict=True):
        campaign_id = int(campaigns.campaign_id[campaign])
        terms = voucher.Terms(
            kind="cash", currency=CURRENCY, face_minor=COUPON_FACE_MINOR, holder_only=True, valid_days=1
        )
        offers.append(
            voucher.NewOffer(
                creator_merchant_id=OFFICE_ID,
                funder_id=OFFICE_ID,
                name=f"Coupon {upc} of campaign {campaign_id}",
                terms=terms,
                id=coupon_offer_id(upc, campaign_id),
            )
        )
    return offers


async def _publish(database: Database, offers: Sequence[voucher.NewOffer]) -> None:
    for start in range(0, len(offers), _CHUNK):
        async with database.unit(NETWORK_ID, now=OPENED_AT) as uow:
            for answer in await voucher.publish(uow, offers[start : start + _CHUNK], by_operator=True):
                if isinstance(answer, RuleBroken):
                    raise answer


def _enrolment(household: int) -> member.Enrolment:
    token = member.identifier(member.IdentifierKind.CARD_TOKEN, card_token(household))
    return member.Enrolment(
        token,
        verified=True,
        member_id=uuid7_of(OPENED_AT, NAME, "member", str(household)),
        subject_id=derived_id(NAME, "subject", str(household)),
        joined_at=OPENED_AT,
    )
