"""Lantern Street: a made-up street that lives in the present, so that people, tills and consoles can be tried out.

Eight shops, their offers, posters, tills and staff, thirty members, three weeks of visits around the ring, a wheel in
the hall of the cinema, and an exchange between two neighbours, all made through the use cases that everybody uses. The
same day gives the same street: ids are derived, chance is seeded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.campaign import api as campaign
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import derived_id, uuid7_of
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher

NAME = "lantern-street"
NETWORK_ID = derived_id("demo", NAME)
TITLE = "Lantern Street 灯笼街"
CURRENCY = "CNY"
ZONE = ZoneInfo("Asia/Shanghai")
# Every cashier and owner of the street has this PIN; it opens nothing anywhere else.
PIN = "4826"
# Who signs in to the consoles; nobody has a password, visitors are let in by the demo page.
OPERATOR, OPERATOR_EMAIL = "Street office", "office@lantern-street.example"
OWNER = "Mr Shen"
DAYS = 21
MEMBERS = 30
_DEPOSIT_MINOR = 300_000
# The wheel: prizes of three shops by their keys, with odds, so many of each; and what stands in when all are gone.
_WHEEL, _WHEEL_AT, _WHEEL_DAYS = "Lantern wheel 灯笼转盘", "cinema", 30
_WHEEL_PRIZES, _WHEEL_STOCK = (("tea", 3), ("books", 1), ("bakery", 3)), 20
_SPARE_MINOR, _SPARES = 200, 100
# The first stall and a neighbour give each other's guests a voucher; another neighbour waits for an answer.
_EXCHANGE, _EXCHANGE_OFFER, _EXCHANGE_DAYS = "Noodles, then tea 先吃面后喝茶", "Noodle House 面馆: 12 off", 28
_EXCHANGE_MINOR, _EXCHANGE_BUDGET, _PARTNER_LIMIT = 1_200, 60_000, 100_000
_PROPOSAL = "Films and dinner 电影与晚餐"
_SEED = 20_261_001
_VISITS_PER_MEMBER = 0.5
_TAKES_A_VOUCHER = 0.8
_FOLLOWS_A_VOUCHER = 0.5
_BUYS_ENOUGH = 0.9
_OPEN_MINUTES = 480


@dataclass(frozen=True, slots=True)
class Stall:
    """One shop of the street: what it is called, where, when it is open, what is bought there, what it gives."""

    key: str
    name: str
    category: str
    latitude: float
    longitude: float
    opens: int
    closes: int
    basket_minor: tuple[int, int]
    face_minor: int
    minimum_minor: int
    products: tuple[tuple[str, int], ...]

    @property
    def merchant_id(self) -> UUID:
        """The merchant to whom the shop belongs."""
        return derived_id(NAME, "merchant", self.key)

    @property
    def shop_id(self) -> UUID:
        """The shop."""
        return derived_id(NAME, "shop", self.key)

    @property
    def offer_id(self) -> UUID:
        """The offer by which the shop takes part in the ring."""
        return derived_id(NAME, "offer", self.key)


STALLS = (
    Stall("noodles", "Noodle House 面馆", "restaurant", 30.2500, 120.1600, 600, 1320, (2400, 6800), 800, 3000,
          (("Beef noodles", 2800), ("Dumplings", 1800), ("Plum juice", 900))),
    Stall("tea", "Tea Room 茶室", "cafe", 30.2508, 120.1612, 540, 1380, (1800, 5200), 600, 2000,
          (("Longjing tea", 3200), ("Osmanthus cake", 1600), ("Oolong to go", 1500))),
    Stall("books", "Bookshop 书店", "books", 30.2493, 120.1621, 540, 1260, (2600, 9800), 1000, 4000,
          (("Novel", 3900), ("Picture book", 2800), ("Notebook", 1200))),
    Stall("bakery", "Bakery 面包房", "bakery", 30.2512, 120.1595, 420, 1200, (900, 4200), 500, 1500,
          (("Walnut bread", 1400), ("Egg tart", 600), ("Birthday cake", 16800))),
    Stall("barber", "Barber 理发店", "hairdresser", 30.2489, 120.1607, 600, 1200, (3800, 8800), 1500, 5000,
          (("Haircut", 4800), ("Beard trim", 2800))),
    Stall("flowers", "Flower Shop 花店", "florist", 30.2503, 120.1588, 480, 1200, (1900, 12800), 1200, 4000,
          (("Bunch of lilies", 5800), ("Potted orchid", 8800), ("Single rose", 900))),
    Stall("cinema", "Cinema 电影院", "cinema", 30.2517, 120.1618, 720, 1440, (3500, 9000), 1000, 4000,
          (("Ticket", 3900), ("Popcorn", 2200))),
    Stall("toys", "Toy Shop 玩具店", "toys", 30.2484, 120.1594, 600, 1260, (2900, 15800), 1500, 6000,
          (("Wooden train", 8800), ("Kite", 3900), ("Puzzle", 4600))),
)  # fmt: skip
_NAMES = (
    "Lin Mei", "Wang Fang", "Zhang Wei", "Li Na", "Chen Jie", "Liu Yang", "Zhao Min", "Huang Lei", "Zhou Ting",
    "Wu Hao", "Xu Jing", "Sun Li", "Ma Chao", "Zhu Yan", "Hu Bin", "Guo Hua", "He Ling", "Gao Feng", "Luo Xin",
    "Liang Yu", "Song Kai", "Tang Rui", "Han Bo", "Feng Lan", "Yu Qing", "Dong Mei", "Xiao Jun", "Cheng Xi",
    "Cao Yi", "Peng Fei",
)  # fmt: skip


def member_id(place: int) -> UUID:
    """Return the id of a member of the street, counted from 0; 0 is the one whose role visitors take."""
    return derived_id(NAME, "member", str(place))


def subject_id(place: int) -> UUID:
    """Return under which id the facts of a member stand."""
    return derived_id(NAME, "subject", str(place))


def phone(place: int) -> str:
    """Return a member's phone in E.164; the numbers are of a block that was never given to anybody."""
    return f"+8613800{138_000 + place:06}"


async def open_street(
    database: Database, keyring: Keyring, now: datetime, *, days: int = DAYS, progress: Callable[[], None] | None = None
) -> None:
    """Open the street with the visits of the days before `now` (UTC); what exists already stays as it is.

    `progress` is called after each day. An interrupted call goes on where it was.
    """
    opened_at = now - timedelta(days=days + 1)
    async with database.unit(None) as uow:
        exists = NETWORK_ID in await network.all_networks(uow)
    if not exists:
        async with database.unit(NETWORK_ID, now=opened_at) as uow:
            await sale.ensure_partitions(uow, opened_at, now + timedelta(days=62))
            await _open_places(uow, keyring)
            await _open_members(uow, keyring, opened_at)
    for back in range(days, -1, -1):
        evening = min(_evening(now - timedelta(days=back)), now)
        async with database.unit(NETWORK_ID, now=evening) as uow:
            await _live_a_day(uow, keyring, evening)
        if progress is not None:
            progress()
    async with database.unit(NETWORK_ID, now=now) as uow:
        if not await campaign.list_games(uow):
            await _open_wheel(uow, now)
        if not await campaign.partnerships_of(uow, STALLS[0].merchant_id):
            await _open_exchange(uow, now)


def owner_email(stall: Stall) -> str:
    """Return the address under which the owner of a stall has an account."""
    return f"{stall.key}@lantern-street.example"


async def hire_cashier(uow: UnitOfWork, keyring: Keyring, stall: Stall) -> network.Staff:
    """Let a cashier begin at a stall."""
    return await network.add_staff(uow, keyring, stall.merchant_id, stall.shop_id, "Xiao Ling", "cashier", PIN)


async def posters(uow: UnitOfWork) -> dict[UUID, scene.Scene]:
    """Return the poster at the door of each shop of the street, by shop."""
    found = await scene.list_scenes(uow, None, None, 100)
    return {one.shop_id: one for one in found if one.shop_id is not None and one.kind == scene.SceneKind.POSTER}


async def _open_places(uow: UnitOfWork, keyring: Keyring) -> None:
    await network.open_network(uow, TITLE, CURRENCY, ZONE.key)
    await network.open_merchants(uow, [network.NewMerchant(stall.name, stall.merchant_id) for stall in STALLS])
    await network.open_shops(uow, [_shop(stall) for stall in STALLS])
    for stall in STALLS:
        await network.make_deposit(uow, stall.merchant_id, _DEPOSIT_MINOR, CURRENCY, "opening balance")
        await hire_cashier(uow, keyring, stall)
        await network.add_staff(uow, keyring, stall.merchant_id, None, OWNER, "owner", PIN)
        await network.open_account(
            uow, keyring, network.NewAccount(owner_email(stall), OWNER, "owner", stall.merchant_id)
        )
    await network.open_account(uow, keyring, network.NewAccount(OPERATOR_EMAIL, OPERATOR, "operator"))
    for answer in await voucher.publish(uow, [_offer(stall) for stall in STALLS]):
        if isinstance(answer, RuleBroken):
            raise answer
    await scene.place_scenes(
        uow, [scene.NewScene(scene.SceneKind.POSTER, f"Door, {stall.name}", stall.shop_id) for stall in STALLS]
    )


async def _open_members(uow: UnitOfWork, keyring: Keyring, joined_at: datetime) -> None:
    await member.enrol(uow, keyring, [_enrolment(place, joined_at) for place in range(MEMBERS)])
    answers = [
        member.Answer(purpose, granted=True, text_version="demo", language="en")
        for purpose in (member.Purpose.PERSONALISATION, member.Purpose.MARKETING)
    ]
    for place in range(0, MEMBERS, 2):
        await member.record_consents(uow, member_id(place), answers, member.Place("page", member_id(place)))


async def _live_a_day(uow: UnitOfWork, keyring: Keyring, evening: datetime) -> None:
    """Let members visit shops, pay with their vouchers, and win others; a day that was lived already stays as it is."""
    morning = _morning(evening)
    # The first member goes out every day, so a day without them was not lived yet.
    if await sale.bought_by(uow, [subject_id(0)], since=morning, before=None, limit=1):
        return
    day = morning.date().isoformat()
    chance = Random(f"{_SEED}-{day}")
    guests = [place for place in range(MEMBERS) if chance.random() < _VISITS_PER_MEMBER or place == 0]
    visits = [(place, await _aim(uow, place, chance)) for place in guests]
    sales = [_sale(place, stall, evening, day, chance) for place, stall in visits]
    for answer in await sale.sell(uow, keyring, sales):
        if isinstance(answer, RuleBroken):
            raise answer
    await _win(uow, visits, evening, chance)


async def _aim(uow: UnitOfWork, place: int, chance: Random) -> Stall:
    """Return where a member goes: mostly where they have a voucher, else anywhere."""
    goes_by_voucher, anywhere = chance.random() < _FOLLOWS_A_VOUCHER, chance.choice(STALLS)
    open_ones = [one.offer.id for one in await voucher.wallet(uow, [subject_id(place)]) if one.voucher.closed is None]
    stalls = [stall for stall in STALLS if stall.offer_id in open_ones]
    return chance.choice(stalls) if stalls and goes_by_voucher else anywhere


async def _win(uow: UnitOfWork, visits: Sequence[tuple[int, Stall]], evening: datetime, chance: Random) -> None:
    """Let some of the guests scan the poster at the door and win a voucher of another shop."""
    doors = await posters(uow)
    winners = [(place, stall) for place, stall in visits if chance.random() < _TAKES_A_VOUCHER or place == 0]
    touches = await scene.touch(
        uow, [scene.NewTouch(doors[stall.shop_id].token, subject_id(place)) for place, stall in winners]
    )
    prizes = [chance.choice([one for one in STALLS if one is not stall]) for _, stall in winners]
    await voucher.grant(
        uow,
        [
            voucher.Grant(
                offer_id=prize.offer_id,
                at=evening,
                subject_id=subject_id(place),
                sender_shop_id=stall.shop_id,
                origin_kind="touch",
                origin_id=touch.id,
            )
            for (place, stall), touch, prize in zip(winners, touches, prizes, strict=True)
        ],
    )


async def _open_wheel(uow: UnitOfWork, now: datetime) -> None:
    """Open a game on the screen in the cinema's hall; its whole cost is set aside."""
    await network.fund_pool(uow, _SPARE_MINOR * _SPARES, CURRENCY, _WHEEL, NETWORK_ID)
    terms = voucher.Terms(kind="cash", currency=CURRENCY, face_minor=_SPARE_MINOR, valid_days=14)
    spare = voucher.NewOffer(creator_merchant_id=NETWORK_ID, funder_id=NETWORK_ID, name=_WHEEL, terms=terms)
    (published,) = await voucher.publish(uow, [spare], by_operator=True)
    if isinstance(published, RuleBroken):
        raise published
    stalls = {stall.key: stall for stall in STALLS}
    screen = scene.NewScene(scene.SceneKind.SCREEN, _WHEEL, stalls[_WHEEL_AT].shop_id)
    (place,) = await scene.place_scenes(uow, [screen])
    won = [campaign.NewPrize(stalls[key].offer_id, odds, _WHEEL_STOCK) for key, odds in _WHEEL_PRIZES]
    new = campaign.NewGame(
        kind="wheel",
        name=_WHEEL,
        starts_at=now,
        ends_at=now + timedelta(days=_WHEEL_DAYS),
        scene_ids=(place.id,),
        prizes=(*won, campaign.NewPrize(published.id, 0, _SPARES)),
        choices=3,
    )
    await campaign.open_game(uow, new)


async def _open_exchange(uow: UnitOfWork, now: datetime) -> None:
    """Start a campaign of the first stall at a partner's, and let another neighbour propose a partnership."""
    stalls = {stall.key: stall for stall in STALLS}
    noodles, tea, cinema = (stalls[key].merchant_id for key in ("noodles", "tea", "cinema"))
    offer = replace(_offer(stalls["noodles"]), id=derived_id(NAME, "offer", "exchange"), name=_EXCHANGE_OFFER)
    offer = replace(offer, terms=replace(offer.terms, face_minor=_EXCHANGE_MINOR))
    (published,) = await voucher.publish(uow, [offer])
    if isinstance(published, RuleBroken):
        raise published
    partners = await campaign.propose_partnership(uow, _EXCHANGE, noodles, [tea], _PARTNER_LIMIT)
    await campaign.agree_partnership(uow, partners.id, party=tea)
    new = campaign.NewCampaign(
        merchant_id=noodles,
        name=_EXCHANGE,
        goal="exchange",
        offer_id=published.id,
        budget_minor=_EXCHANGE_BUDGET,
        schedule=campaign.Schedule(starts_at=now, ends_at=now + timedelta(days=_EXCHANGE_DAYS)),
        partnership_id=partners.id,
    )
    drafted = await campaign.draft_campaign(uow, new, by=noodles)
    await campaign.start_campaign(uow, drafted.id, by=noodles)
    await campaign.approve_campaign(uow, drafted.id, partner=tea)
    await campaign.propose_partnership(uow, _PROPOSAL, cinema, [noodles], _PARTNER_LIMIT)


def _sale(place: int, stall: Stall, evening: datetime, day: str, chance: Random) -> sale.NewSale:
    bought = [chance.choice(stall.products)]
    # Most buy until the shop's voucher comes off.
    while chance.random() < _BUYS_ENOUGH and sum(amount for _, amount in bought) < stall.minimum_minor:
        bought.append(chance.choice(stall.products))
    lines = tuple(sale.Line(product, 1_000, amount, stall.category) for product, amount in bought)
    # Within the day: a sale of yesterday would make today look as if nobody had lived it.
    minutes = int((evening - _morning(evening)).total_seconds()) // 60
    sold_at = evening - timedelta(minutes=chance.randint(0, min(_OPEN_MINUTES, minutes)))
    return sale.NewSale(
        id=uuid7_of(sold_at, NAME, "sale", day, str(place)),
        shop_id=stall.shop_id,
        merchant_id=stall.merchant_id,
        member_id=member_id(place),
        sold_at=sold_at,
        total_minor=sum(line.amount_minor for line in lines),
        currency=CURRENCY,
        lines=lines,
        apply_best=True,
        decided_at=evening,
    )


def _shop(stall: Stall) -> network.NewShop:
    hours = tuple(((stall.opens, stall.closes),) for _ in range(7))
    return network.NewShop(
        stall.merchant_id, stall.name, stall.category, stall.latitude, stall.longitude, ZONE.key, hours, stall.shop_id
    )


def _offer(stall: Stall) -> voucher.NewOffer:
    return voucher.NewOffer(
        creator_merchant_id=stall.merchant_id,
        funder_id=stall.merchant_id,
        name=f"{stall.name}: {stall.face_minor // 100} off",
        terms=voucher.Terms(
            kind="cash",
            currency=CURRENCY,
            face_minor=stall.face_minor,
            minimum_minor=stall.minimum_minor,
            shop_ids=(stall.shop_id,),
            valid_days=14,
        ),
        id=stall.offer_id,
    )


def _enrolment(place: int, joined_at: datetime) -> member.Enrolment:
    return member.Enrolment(
        member.identifier(member.IdentifierKind.PHONE, phone(place)),
        verified=True,
        name=_NAMES[place],
        language="en" if place % 3 else "zh",
        member_id=member_id(place),
        subject_id=subject_id(place),
        joined_at=joined_at,
    )


def _morning(at: datetime) -> datetime:
    """Return midnight at the beginning of a day, by the clock of the street."""
    return at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _evening(at: datetime) -> datetime:
    """Return nine in the evening of a day, by the clock of the street."""
    return at.astimezone(ZONE).replace(hour=21, minute=0, second=0, microsecond=0)
