"""The authorisation matrix of T11: every operation, every role, on things of its own, of another merchant, network.

What is expected is declared in `cells`, apart from the routes: a role that a route lets in by mistake is found because
the two differ, and because the door really lets it in.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from ringmain.kit.http import Role, Route
from tests.entry.web.tribes import counted
from tests.network.town import Answer, Client, Installation, Town

Whose = Literal["own", "other merchant", "other network"]
# refused: the thing does not exist for this caller. apart: the call succeeds, and neither shows nor touches anything of
# those whose things were named; "apart or refused" where that differs from role to role. shared: the network shares it
# on purpose.
Outcome = Literal["refused", "apart", "apart or refused", "shared"]

OTHERS: tuple[Whose, ...] = ("other network", "other merchant")
OWN: tuple[Whose, ...] = ("own",)
LETTERS: dict[str, Role] = {"o": "operator", "m": "merchant", "t": "terminal", "a": "analyst"}
_SHORT = 12
# A PNG of one point.
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC"
CAMPAIGN_TIME = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2099-03-01T00:00:00Z"}
CALLERS: tuple[str, ...] = ("operator", "merchant", "terminal", "analyst", "nobody", "revoked")


@dataclass(frozen=True, slots=True)
class Things:
    """What the first merchant of a network has; the cells name these things, whoever calls."""

    town: Town
    staff_id: UUID
    key_id: UUID
    made_terminal_id: UUID
    account_id: UUID
    more: Mapping[str, str]

    @property
    def ids(self) -> set[str]:
        """Every id by which a leak would be noticed."""
        own = (self.town.network_id, self.town.merchants[0], self.town.shops[0], self.town.terminals[0])
        made = {str(id_) for id_ in (*own, self.staff_id, self.key_id, self.made_terminal_id, self.account_id)}
        # Short digits may stand anywhere by chance.
        return made | {value for value in self.more.values() if len(value) > _SHORT}


@dataclass(frozen=True, slots=True)
class Cell:
    """What is declared of one operation: who may call it, on what, and what becomes of calls on others' things."""

    roles: str
    path: Callable[[Things], str]
    body: Callable[[Things], Any] | None = None
    other_network: Outcome = "refused"
    other_merchant: Outcome = "refused"
    refused_with: tuple[int, ...] = (404,)
    # What a caller of the right role gets on its own things, where that is not the route's status.
    own: tuple[int, ...] = ()
    public: bool = False


async def things(here: Installation, town: Town) -> Things:
    """Let the first merchant make staff, a key, a terminal and an account."""
    client = here.client(town.tokens["merchant"])
    staff = await _made(client, "/v1/staff", {"name": "Mei", "role": "cashier", "pin": "7391"})
    key = await _made(client, "/v1/keys", {"role": "merchant", "name": "second"})
    terminal = await _made(client, "/v1/terminals", {"shop_id": str(town.shops[0]), "name": "Till 2"})
    revoked = await _made(client, "/v1/keys", {"role": "merchant", "name": "revoked"})
    await client.call("DELETE", f"/v1/keys/{revoked['id']}")
    town.tokens["revoked"] = revoked["token"]
    owner = {"email": f"{uuid4().hex}@tea.example", "name": "Mei", "role": "owner"}
    account = await _made(client, "/v1/accounts", owner)
    ids = [UUID(id_) for id_ in (staff["id"], key["id"], terminal["terminal_id"], account["account_id"])]
    return Things(town, ids[0], ids[1], ids[2], ids[3], {})


async def _told(operator: Client, path: str) -> None:
    """Tell of a member how they look, and who they are at WeChat."""
    photo = {"image": PICTURE, "consent": {"text_version": "2026-01", "language": "zh"}}
    follows = {"openid": "oA1b2C3d4E5f6G7h8I9j0KlMnOpQ", "text_version": "wechat-1", "language": "zh"}
    for what, body in (("photo", photo), ("wechat-follower", follows)):
        assert (await operator.call("PUT", f"{path}/{what}", body)).status == HTTPStatus.OK


async def trade(here: Installation, made: Things) -> Things:
    """Let the first merchant do business: a scene, members, an offer with vouchers, sales and a redemption."""
    town = made.town
    merchant, till = here.client(town.tokens["merchant"]), here.client(town.tokens["terminal"])
    operator = here.client(town.tokens["operator"])
    money = {"amount_minor": 1_000_000, "currency": "CNY", "reference": "opening"}
    await _made(operator, f"/v1/merchants/{town.merchants[0]}/deposits", money)
    phones = [f"+8613{uuid4().int % 10**9:09}" for _ in range(3)]
    members = [await _member(operator, phone) for phone in phones]
    asked = await _made(operator, "/v1/members/one-time-codes", {"phone": f"+8613{uuid4().int % 10**9:09}"})
    token = {"kind": "card_token", "value": f"tok_{uuid4().hex[:12]}"}
    payment = await _made(till, "/v1/members/recognitions", {"tokens": [token]})
    consent = {"purpose": "share_with_merchant", "granted": True, "text_version": "2026-01", "language": "zh"}
    agreed = {"consents": [consent | {"recipient_merchant_id": str(town.merchants[0])}]}
    await _made(operator, f"/v1/members/{members[0]}/consents", agreed)
    scene = await _made(merchant, "/v1/scenes", {"kind": "poster", "name": "Door", "shop_id": str(town.shops[0])})
    offer = await _made(
        merchant,
        "/v1/offers",
        {"name": "Two off", "kind": "cash", "currency": "CNY", "face_minor": 200, "valid_days": 14},
    )
    vouchers = [
        (await _made(merchant, "/v1/grants", {"offer_id": offer["id"], "member_id": members[0]}))["voucher_id"]
        for _ in range(3)
    ]
    shown = (await operator.get(f"/v1/vouchers/{vouchers[0]}")).json
    basket = {"basket_minor": 1_000, "currency": "CNY"}
    redeemed = await _made(till, "/v1/redemptions", basket | {"voucher_id": vouchers[2], "member_id": members[0]})
    sale = await _made(till, "/v1/sales", {"total_minor": 1_000, "currency": "CNY"})
    touch = await _made(till, f"/v1/scenes/{scene['token']}/touches", {})
    drawn, drawn_by = await _drawn(here, town, touch["touch_id"])
    bare = await _made(till, "/v1/redemptions", {"voucher_id": vouchers[1], "member_id": members[0]})
    held = await _made(
        till,
        "/v1/validations",
        basket | {"vouchers": [{"voucher_id": vouchers[0]}], "member_id": members[0], "hold": True},
    )
    idle = await _made(
        merchant,
        "/v1/offers",
        {"name": "Idle", "kind": "cash", "currency": "CNY", "face_minor": 100, "valid_days": 14},
    )
    planned = {"name": "Idle", "goal": "new", "offer_id": idle["id"], "budget_minor": 1_000, **CAMPAIGN_TIME}
    campaign = await _made(merchant, "/v1/campaigns", planned)
    parties = {"name": "Two", "merchant_ids": [drawn_by], "limit_minor": 1_000}
    partnership = await _made(merchant, "/v1/partnerships", parties)
    budget = await _made(
        merchant,
        "/v1/budgets",
        {
            "name": "Month",
            "currency": "CNY",
            "limit_minor": 5_000,
            "begins_at": "2026-01-01T00:00:00Z",
            "ends_at": "2036-01-01T00:00:00Z",
            "offer_ids": [idle["id"]],
        },
    )
    lent = await _made(merchant, "/v1/grants", {"offer_id": offer["id"], "member_id": members[0]})
    leases = await _made(
        till, "/v1/leases", {"vouchers": [{"voucher_id": lent["voucher_id"]}], "member_id": members[0]}
    )
    typed = await _made(merchant, "/v1/typed-codes", {"code": shown["code"], "shop_id": str(town.shops[0])})
    mint = await _made(merchant, f"/v1/offers/{offer['id']}/mints", {"count": 2})
    merged = await _made(operator, "/v1/members/merges", {"from_member_id": members[1], "into_member_id": members[0]})
    path = f"/v1/members/{members[0]}"
    await _told(operator, path)
    asked_of_us = await _made(operator, f"{path}/privacy-requests", {"kind": "correct", "words": "My name."})
    message = await _made(operator, "/v1/messages/tests", {"channel": "email", "address": "anna@example.org"})
    hook = await _made(merchant, "/v1/webhooks", {"url": "https://pos.example.com/hook", "kinds": ["sale"]})
    tried = await _made(merchant, f"/v1/webhooks/{hook['id']}/test-events")
    clause = {"kind": "visits", "days": 90, "at_least": 2}
    segment = await _made(merchant, "/v1/segments", {"name": "Regulars", "clauses": [clause]})
    served = await _served(here, town)
    games = {
        **await _games(operator, merchant, till, town, members[0]),
        **await _packets(operator, merchant, offer["id"], members[0]),
    }
    codes = (await merchant.get(f"/v1/offers/{offer['id']}/mints/{mint['id']}/codes")).body.decode().split()
    person = (await operator.get(f"/v1/members/{members[0]}")).json
    more = {
        **games,
        **served,
        "segment": segment["segment_id"],
        "challenge": asked["challenge_id"],
        "payment_challenge": payment["ask_for_phone"]["challenge_id"],
        "phone": phones[0],
        "identifier": person["identifiers"][0]["id"],
        "third_member": members[2],
        "idle_offer": idle["id"],
        "budget": budget["id"],
        "digits": typed["digits"],
        "minted_code": codes[1].split(",")[1],
        "member": members[0],
        "other_member": members[1],
        "scene": scene["id"],
        "scene_token": scene["token"],
        "offer": offer["id"],
        "voucher": vouchers[0],
        "code": shown["code"],
        "redemption": redeemed["redemptions"][0]["redemption_id"],
        "sale": sale["sale_id"],
        "bare_sale": bare["sale_id"],
        "lock": held["lock_key"],
        "touch": touch["touch_id"],
        "campaign": campaign["id"],
        "partnership": partnership["id"],
        "partner": drawn_by,
        "draw": drawn["draw_id"],
        "draw_token": drawn["token"],
        "drawn_offer": drawn["prizes"][0]["offer_id"],
        "lease": leases["items"][0]["answer"]["lease_id"],
        "lent": lent["voucher_id"],
        "webhook": hook["id"],
        "event": tried["event_id"],
        "mint": mint["id"],
        "merge": merged["merge_id"],
        "privacy_request": asked_of_us["id"],
        "message": message["message_id"],
    }
    return replace(made, more=more)


async def _served(here: Installation, town: Town) -> dict[str, str]:
    """Let the first merchant be told of a tribe, as a Monday's count would, and make a plan for it."""
    await counted(here.database, town.network_id, town.merchants[0])
    merchant = here.client(town.tokens["merchant"])
    told = (await merchant.get(f"/v1/merchants/{town.merchants[0]}/tribes")).json
    asked = {"tribe_id": told["items"][0]["tribe"]["tribe_id"], "scene": "poster", "message_days": 7}
    return {"tribe": asked["tribe_id"], "service_plan": (await _made(merchant, "/v1/service-plans", asked))["id"]}


async def _games(operator: Client, merchant: Client, till: Client, town: Town, member_id: str) -> dict[str, str]:
    """Open three games at the first merchant's shop, paid by the network; meet the first, and win in the third."""
    await _made(operator, "/v1/pool/deposits", {"amount_minor": 100_000, "currency": "CNY", "reference": "games"})
    prize = {"kind": "cash", "currency": "CNY", "face_minor": 100, "valid_days": 14}
    offers = [(await _made(operator, "/v1/offers", prize | {"name": name}))["id"] for name in ("Won", "Stands in")]
    prizes = [{"offer_id": offers[place], "odds": 1 - place, "stock": 9} for place in (0, 1)]
    poster = {"kind": "poster", "shop_id": str(town.shops[0])}
    scenes = [await _made(merchant, "/v1/scenes", poster | {"name": name}) for name in ("Table", "Till")]
    games = [
        await _made(
            operator,
            "/v1/games",
            {"kind": "wheel", "name": "Spin", "scene_ids": [one["id"]], "prizes": prizes, **CAMPAIGN_TIME},
        )
        for one in scenes
    ]
    touch = await _made(till, f"/v1/scenes/{scenes[0]['token']}/touches", {})
    there = {"name": "There", "shop_ids": [str(town.shops[1])]}
    prizes.insert(0, {"offer_id": (await _made(operator, "/v1/offers", prize | there))["id"], "odds": 1, "stock": 9})
    door = await _made(merchant, "/v1/scenes", poster | {"name": "Door"})
    choosing = {"kind": "wheel", "name": "Three", "scene_ids": [door["id"]], "prizes": prizes, "choices": 3}
    await _made(operator, "/v1/games", choosing | CAMPAIGN_TIME)
    met = await _made(till, f"/v1/scenes/{door['token']}/touches", {})
    won = await _made(till, "/v1/plays", {"touch_id": met["touch_id"], "member_id": member_id})
    return {
        "choice": won["id"],
        "played_voucher": (await _made(till, "/v1/plays", {"touch_id": touch["touch_id"], "member_id": member_id}))[
            "voucher_id"
        ],
        "game": games[0]["game"]["id"],
        "other_game": games[1]["game"]["id"],
        "game_touch": touch["touch_id"],
        "network_offer": offers[0],
        "stand_in": offers[1],
    }


async def _packets(operator: Client, merchant: Client, offer_id: str, member_id: str) -> dict[str, str]:
    """Let a member share two of three vouchers."""
    asked = {"offer_id": offer_id, "member_id": member_id}
    vouchers = [(await _made(merchant, "/v1/grants", asked))["voucher_id"] for _ in range(3)]
    shared = {"member_id": member_id, "parts": 2}
    packets = [await _made(operator, "/v1/red-packets", shared | {"voucher_id": one}) for one in vouchers[:2]]
    return {"packet": packets[0]["id"], "other_packet": packets[1]["id"], "unshared": vouchers[2]}


async def _drawn(here: Installation, town: Town, touch_id: str) -> tuple[Any, str]:
    """Draw at the first merchant's scene what a third one gives, whom no caller of the matrix is; return both."""
    operator, till = here.client(town.tokens["operator"]), here.client(town.tokens["terminal"])
    owner = {"merchant_id": (await _made(operator, "/v1/merchants", {"legal_name": "Soup Ltd"}))["id"]}
    money = {"amount_minor": 1_000_000, "currency": "CNY", "reference": "opening"}
    await _made(operator, f"/v1/merchants/{owner['merchant_id']}/deposits", money)
    place = {"name": "Soup", "category": "food", "latitude": 30.2, "longitude": 120.1, "time_zone": "Asia/Shanghai"}
    await _made(operator, "/v1/shops", owner | place)
    prize = {"name": "Soup", "kind": "cash", "currency": "CNY", "face_minor": 300, "valid_days": 14}
    await _made(operator, "/v1/offers", owner | prize)
    drawn = await _made(till, "/v1/draws", {"touch_id": touch_id, "device": uuid4().hex})
    return drawn, owner["merchant_id"]


async def _made(client: Client, path: str, body: Any = None) -> Any:
    answer = await client.post(path, body)
    assert answer.status in (200, 201), f"{path}: {answer.body!r}"
    return answer.json


async def _member(operator: Client, phone: str) -> str:
    asked = await _made(operator, "/v1/members/one-time-codes", {"phone": phone})
    shown = (await operator.get(f"/v1/members/one-time-codes/{asked['challenge_id']}")).json
    proof = {"challenge_id": asked["challenge_id"], "code": shown["code"]}
    joined = await _made(operator, "/v1/members", proof | {"name": "Member"})
    return str(joined["member_id"])


class Matrix:
    """Runs the cells of one operation and collects what differs from the declaration."""

    def __init__(self, here: Installation, owner: psycopg.Connection[Any], mine: Things, foreign: Town) -> None:
        self.here = here
        self.mine = mine
        self.foreign = foreign
        self._owner = owner
        self._tables = [table for table in network_tables(owner) if table != "idempotency_key"]
        self.look()
        self.cells_run = 0
        self.findings: list[str] = []

    def look(self) -> None:
        """Remember how the named things stand before others are let at them."""
        self._last_state = self._state()

    async def again(self, route: Route, cell: Cell, whose: Sequence[Whose]) -> "Matrix":
        """Call another operation as everybody on the same things; return a matrix with what was found of it alone."""
        one = copy(self)
        one.cells_run, one.findings = 0, []
        one.look()
        await one.run(route, cell, whose)
        return one

    async def run(self, route: Route, cell: Cell, things: Sequence[Whose] = (*OTHERS, *OWN)) -> None:
        """Call the operation as everybody, first as those who may not."""
        declared = frozenset(LETTERS[letter] for letter in cell.roles)
        if route.roles != declared:
            self.findings.append(f"{route.operation}: the route lets in {sorted(route.roles)}, not {sorted(declared)}")
        for whose in things:
            for caller in CALLERS:
                if caller in ("nobody", "revoked") and whose != "own":
                    continue
                if whose == "other merchant" and caller not in ("merchant", "terminal"):
                    continue
                await self._one(route, cell, caller, whose)

    async def _one(self, route: Route, cell: Cell, caller: str, whose: Whose) -> None:
        self.cells_run += 1
        answer = await self._call(route, cell, caller, whose)
        place = f"{route.operation} by {caller} on {whose}"
        wrong = self._judge(route, cell, caller, whose, answer)
        if wrong:
            self.findings.append(f"{place}: {wrong}, got {answer.status} {answer.body[:160]!r}")
        if whose == "own" or answer.status == HTTPStatus.UNAUTHORIZED:
            return
        before, self._last_state = self._last_state, self._state()
        if self._last_state != before and not self._may_touch(cell, caller, whose):
            self.findings.append(f"{place}: something of the other was changed")

    async def _call(self, route: Route, cell: Cell, caller: str, whose: Whose) -> Answer:
        tokens = (self.foreign if whose == "other network" else self.mine.town).tokens
        name = f"{caller}_2" if whose == "other merchant" else caller
        client = self.here.client(None if caller == "nobody" else tokens[name])
        client.address = str(uuid4())
        body = None if cell.body is None else cell.body(self.mine)
        return await client.call(route.method, cell.path(self.mine), body)

    def _judge(self, route: Route, cell: Cell, caller: str, whose: Whose, answer: Answer) -> str:
        """Return what was expected instead of this answer, or nothing."""
        code = self._expected_code(cell, caller)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "expected no failure"
        if code or cell.public:
            let_in = answer.code not in ("not_authenticated", "role_not_allowed")
            return "" if answer.code == code or (cell.public and let_in) else f"expected {code}"
        outcome = {"own": "shared", "other merchant": cell.other_merchant}.get(whose, cell.other_network)
        if route.batch_of is not None and answer.status == HTTPStatus.OK:
            (only,) = answer.json["items"]
            answer = Answer(only["status"], answer.headers, answer.body)
        expected = cell.refused_with if outcome == "refused" else cell.own or (int(route.status),)
        if outcome == "apart or refused":
            expected += cell.refused_with
        if answer.status not in expected or answer.code == "role_not_allowed":
            return f"expected one of {expected}"
        shown = set() if outcome == "shared" else self._shown(cell, whose, answer)
        return f"expected nothing of the other, but it shows {shown}" if shown else ""

    def _expected_code(self, cell: Cell, caller: str) -> str:
        """Return the refusal that this caller gets whatever it asks for; nothing where the role may call."""
        if cell.public:
            return ""
        if caller in ("nobody", "revoked"):
            return "not_authenticated"
        return "" if caller in {LETTERS[letter] for letter in cell.roles} else "role_not_allowed"

    def _shown(self, cell: Cell, whose: Whose, answer: Answer) -> set[str]:
        """Return ids of the other that the answer tells and the caller did not send."""
        sent = cell.path(self.mine) + str(None if cell.body is None else cell.body(self.mine))
        hidden = self.mine.ids - ({str(self.mine.town.network_id)} if whose == "other merchant" else set())
        return {id_ for id_ in hidden if id_ not in sent and id_.encode() in answer.body}

    def _may_touch(self, cell: Cell, caller: str, whose: Whose) -> bool:
        may = caller in {LETTERS[letter] for letter in cell.roles}
        return may and whose == "other merchant" and cell.other_merchant != "refused"

    def _state(self) -> str:
        """Return a digest of all rows of the network whose things are named, but for keys of decided requests."""
        digests = [
            sql.SQL(
                "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
                " WHERE network_id = %(of)s"
            ).format(sql.Identifier(table))
            for table in self._tables
        ]
        # Planning sixty tables takes longer than reading them.
        statement = sql.SQL(" UNION ALL ").join(digests)
        of = {"of": self.mine.town.network_id}
        return str(self._owner.execute(statement, of, prepare=True).fetchall())


def network_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Return every table that has the column network_id and row-level security, without partitions."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'network_id'"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relname NOT IN ('key_directory', 'account_directory') ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def leaks(application_url: str, migration_url: str, mine: Town, foreign: Town) -> list[str]:
    """Return what the database itself shows to the wrong people, when a statement forgets to say whose rows it wants.

    The application's own statements name the network; row-level security must hold even where one does not.
    """
    found = []
    viewers = [
        ("app_network", foreign, None, "network_id = %s", mine.network_id),
        ("worker", foreign, None, "network_id = %s", mine.network_id),
        ("app_merchant", mine, mine.merchants[1], "merchant", mine.merchants[0]),
        ("app_merchant", foreign, foreign.merchants[0], "network_id = %s", mine.network_id),
    ]
    with psycopg.connect(migration_url) as owner:
        tables = network_tables(owner)
        merchant_column = {
            row[0]: row[1]
            for row in owner.execute(
                "SELECT tablename, CASE WHEN qual LIKE '%(id = %' THEN 'id' ELSE substring(qual from"
                " '\\m([a-z_]*merchant_id) = ') END FROM pg_policies WHERE policyname = 'of_merchant'"
            ).fetchall()
        }
    for role, town, merchant_id, condition, hidden in viewers:
        with psycopg.connect(application_url, options=f"-c role={role}") as connection:
            connection.execute("SELECT set_config('ringmain.network', %s, false)", (str(town.network_id),))
            connection.execute("SELECT set_config('ringmain.merchant', %s, false)", (str(merchant_id or ""),))
            for table in tables:
                where = condition
                if condition == "merchant":
                    if merchant_column.get(table) is None:
                        continue
                    where = f"{merchant_column[table]} = %s"
                query = sql.SQL("SELECT count(*) FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(where)
                found += _count(connection, query, hidden, f"{role} sees rows of others in {table}")
    return found


def _count(connection: psycopg.Connection[Any], query: sql.Composed, hidden: UUID, finding: str) -> list[str]:
    try:
        with connection.transaction():
            row = connection.execute(query, (hidden,)).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return []
    return [finding] if row is not None and row[0] else []
