"""Opens a city: its network, merchants, shops, money, posters, offers, members, and its game."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ringmain.campaign import api as campaign
from ringmain.kit.db import Database
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7_of
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.simulate.national_day import plan
from ringmain.simulate.national_day.crowd import Crowd
from ringmain.simulate.national_day.plan import City
from ringmain.voucher import api as voucher

_CHUNK = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PART_OF_DEGREE = 0.004


async def open_city(database: Database, keyring: Keyring, city: City, crowd: Crowd) -> None:
    """Open everything of a city that is not open yet; safe to run again."""
    await _open_places(database, city)
    await _pay_in(database, city)
    await _publish(database, city)
    for start in range(0, len(crowd.subject_ids), _CHUNK):
        async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
            await member.enrol(uow, keyring, _enrolments(city, crowd, start))
    async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
        await sale.ensure_partitions(uow, plan.OPENED_AT, plan.LAST_VISIT_AT)
    await _open_game(database, city)


def stocks(city: City) -> tuple[int, int, int]:
    """Return how many are set aside of each shop's voucher, of the network's own, and of what stands in."""
    whole = plan.SHOP_ODDS * plan.SHOPS_PER_CITY + plan.NETWORK_ODDS
    plays = city.plan.plays_per_city
    of_shop = max(1, int(plays * plan.STOCK_SHARE * plan.SHOP_ODDS / whole))
    of_network = max(1, int(plays * plan.STOCK_SHARE * plan.NETWORK_ODDS / whole))
    missing = max(0, plays - of_shop * plan.SHOPS_PER_CITY - of_network)
    return of_shop, of_network, missing + max(1, round(plays * plan.SPARE_SHARE))


async def _open_places(database: Database, city: City) -> None:
    _, _, latitude, longitude = plan.CITIES[city.number]
    names = [f"{city.name} {plan.CATEGORIES[number % 8]} {number + 1}" for number in range(plan.SHOPS_PER_CITY)]
    async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
        await network.open_network(uow, f"{city.name} (National Day)", plan.CURRENCY, plan.ZONE, simulated=True)
        merchants = [network.NewMerchant(name, city.id("merchant", place)) for place, name in enumerate(names)]
        await network.open_merchants(uow, merchants)
        shops = [
            network.NewShop(
                city.id("merchant", place),
                name,
                plan.CATEGORIES[place % 8],
                # Districts lie apart; in each of them the shops stand in a grid.
                latitude + place % city.districts * 0.1 + place // 10 * _PART_OF_DEGREE,
                longitude + place % 10 * _PART_OF_DEGREE,
                plan.ZONE,
                id=city.id("shop", place),
            )
            for place, name in enumerate(names)
        ]
        await network.open_shops(uow, shops)


async def _pay_in(database: Database, city: City) -> None:
    """Let every merchant, and the network, pay in what their prizes can cost; what was paid in already stays."""
    of_shop, of_network, standing_in = stocks(city)
    cost = plan.FACE_MINOR + plan.FEE_MINOR
    for place in range(plan.SHOPS_PER_CITY + 1):
        try:
            async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
                if place < plan.SHOPS_PER_CITY:
                    holder = city.id("merchant", place)
                    await network.make_deposit(uow, holder, of_shop * cost, plan.CURRENCY, plan.NAME)
                else:
                    amount = (of_network + standing_in) * cost
                    await network.fund_pool(uow, amount, plan.CURRENCY, plan.NAME, city.network_id)
        except RuleBroken as error:
            if error.code not in ("deposit_already_made", "pool_deposit_already_made"):
                raise


async def _publish(database: Database, city: City) -> None:
    async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
        offers = [_offer(city, place) for place in range(plan.SHOPS_PER_CITY)]
        offers += [_network_offer(city, 0, "5 yuan off, anywhere"), _network_offer(city, 1, "5 yuan off, on the house")]
        for answer in await voucher.publish(uow, offers, by_operator=True):
            if isinstance(answer, RuleBroken):
                raise answer


def _terms(shop_ids: tuple[UUID, ...]) -> voucher.Terms:
    return voucher.Terms(
        kind="cash",
        currency=plan.CURRENCY,
        face_minor=plan.FACE_MINOR,
        minimum_minor=plan.MINIMUM_MINOR,
        fee_minor=plan.FEE_MINOR,
        shop_ids=shop_ids,
        holder_only=True,
        valid_days=plan.VALID_DAYS,
    )


def _offer(city: City, place: int) -> voucher.NewOffer:
    owner = city.id("merchant", place)
    return voucher.NewOffer(
        creator_merchant_id=owner,
        funder_id=owner,
        name=f"5 yuan off at shop {place + 1}",
        terms=_terms((city.id("shop", place),)),
        id=city.id("offer", place),
    )


def _network_offer(city: City, number: int, name: str) -> voucher.NewOffer:
    return voucher.NewOffer(
        creator_merchant_id=city.network_id,
        funder_id=city.network_id,
        name=name,
        terms=_terms(()),
        id=city.id("offer", plan.SHOPS_PER_CITY + number),
    )


def _enrolments(city: City, crowd: Crowd, start: int) -> list[member.Enrolment]:
    subjects = crowd.subject_ids[start : start + _CHUNK].tolist()
    return [
        member.Enrolment(
            member.identifier(member.IdentifierKind.CARD_TOKEN, city.token(person)),
            verified=True,
            member_id=uuid7_of(plan.OPENED_AT, city.network_id, "member", str(person)),
            subject_id=UUID(bytes=subject),
            joined_at=plan.OPENED_AT,
        )
        for person, subject in enumerate(subjects, start)
    ]


async def _open_game(database: Database, city: City) -> None:
    """Put a poster up at every shop, and open the game there."""
    of_shop, of_network, standing_in = stocks(city)
    places = range(plan.SHOPS_PER_CITY)
    prizes = [campaign.NewPrize(city.id("offer", place), plan.SHOP_ODDS, of_shop) for place in places]
    prizes.append(campaign.NewPrize(city.id("offer", plan.SHOPS_PER_CITY), plan.NETWORK_ODDS, of_network))
    prizes.append(campaign.NewPrize(city.id("offer", plan.SHOPS_PER_CITY + 1), 0, standing_in))
    async with database.unit(city.network_id, now=plan.OPENED_AT) as uow:
        # Posters and game are one transaction: it was made, or it was not.
        if any(game.id == city.id("game") for game in await campaign.list_games(uow)):
            return
        posters = [scene.NewScene(scene.SceneKind.POSTER, "Door", city.id("shop", place)) for place in places]
        scenes = await scene.place_scenes(uow, posters)
        new = campaign.NewGame(
            id=city.id("game"),
            kind=plan.GAMES[city.number % len(plan.GAMES)],
            name="National Day",
            starts_at=plan.STARTS_AT,
            ends_at=plan.ENDS_AT,
            scene_ids=tuple(one.id for one in scenes),
            prizes=tuple(prizes),
        )
        await campaign.open_game(uow, new)


async def scene_ids(database: Database, city: City) -> Sequence[UUID]:
    """Return the scene at the door of each shop, in the order of the shops."""
    async with database.unit(city.network_id) as uow:
        found = {one.shop_id: one.scene_id for one in (await campaign.read_game(uow, city.id("game"))).scenes}
    return [found[city.id("shop", place)] for place in range(plan.SHOPS_PER_CITY)]


def at(us: int) -> datetime:
    """Return a time of UTC microseconds."""
    return _EPOCH + timedelta(microseconds=us)
