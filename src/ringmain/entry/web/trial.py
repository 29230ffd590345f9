"""The voucher that a hundred tills try to spend at once: through the API, over HTTP, on the replayed network only."""

import asyncio
import json
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from prometheus_client import REGISTRY

from ringmain.entry.web.loopback import Connection, Place, Reply, connected
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken, Unavailable
from ringmain.kit.secrets import Keyring
from ringmain.network import api as network
from ringmain.sale import api as sale

TILLS = 100
FACE_MINOR = 200
BASKET_MINOR = 1_000
_SECONDS = 30.0
_MOST_WAITING = 8
_MOST_KEPT = 200
# The scope of the idempotency key under which the key of the trial's till is kept; below 1,024: not an operation's.
_MAKE_KEY = 900
_BATCHES = "ringmain_coalesced_batch_items"


class TrialBusy(RuleBroken):
    """Others are trying this at the moment; each trial is a burst of requests, so they take turns."""

    code = "trial_busy"
    status = HTTPStatus.TOO_MANY_REQUESTS
    next_step = "Wait a few seconds and press the button again."


class TrialRefused(RuleBroken):
    """The API refused a step that prepares the trial; the rule it named is shown."""

    code = "trial_refused"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    next_step = "Look at the rule shown: the replayed network may have been changed by hand. Run `ringmain doctor`."


class NoTrial(RuleBroken):
    """There is no replayed network here, and on a real one nothing is tried."""

    code = "no_trial"
    status = HTTPStatus.NOT_FOUND
    next_step = "Run `ringmain replay complete-journey`, then open the start page again."


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one till was answered, and how long after the common start; `code` is empty where it was accepted."""

    till: int
    status: int
    code: str
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What happened to one voucher. `batches` is None where other tills were busy at the same time."""

    at: datetime
    shop: str
    currency: str
    attempts: Sequence[Attempt]
    milliseconds: float
    batches: int | None
    winner: Attempt | None
    winner_body: str
    refusal_body: str
    retried: Attempt | None
    retry_is_first_answer: bool
    redemptions: int
    remaining_minor: int
    moves: Sequence[dict[str, Any]]

    @property
    def accepted(self) -> int:
        """How many tills were told that the voucher is good."""
        return sum(not attempt.code for attempt in self.attempts)

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """How many tills were refused, by rule, the most frequent first."""
        return Counter(attempt.code for attempt in self.attempts if attempt.code).most_common()

    @property
    def as_promised(self) -> bool:
        """Whether exactly one till got the voucher, one redemption exists, and the retry was told the same."""
        return self.accepted == 1 and self.redemptions == 1 and self.retry_is_first_answer


class _TillKey(msgspec.Struct, frozen=True):
    """Which key the trial's till uses: its token is derived from this, and stored nowhere."""

    key_id: UUID
    version: int
    master_version: int


@dataclass(frozen=True, slots=True)
class _Till:
    shop_id: UUID
    shop: str
    currency: str
    token: str


class Trials:
    """Runs trials one after another, each press once, and keeps the newest results in memory."""

    def __init__(self, database: Database, keyring: Keyring, network_id: UUID | None) -> None:
        self._database = database
        self._keyring = keyring
        self._network_id = network_id
        self._results: OrderedDict[UUID, Trial] = OrderedDict()
        self._running: dict[UUID, asyncio.Task[Trial]] = {}
        self._turn = asyncio.Lock()

    @property
    def possible(self) -> bool:
        """Whether this installation was told of a network that is a replay and not somebody's business."""
        return self._network_id is not None

    def result(self, press: UUID) -> Trial | None:
        """Return what a press led to, while it is remembered."""
        return self._results.get(press)

    async def run(self, press: UUID, place: Place) -> Trial:
        """Try it once per press: who presses twice is shown the same. Raises the rules above, or `Unavailable`.

        After a restart the same press meets the same idempotency keys, and so the same voucher and the same winner.
        """
        if press in self._results:
            return self._results[press]
        running = self._running.get(press)
        if running is None:
            if len(self._running) >= _MOST_WAITING:
                raise TrialBusy()
            running = self._running[press] = asyncio.create_task(self._in_turn(press, place))
            running.add_done_callback(lambda _: self._running.pop(press, None))
        # A visitor who leaves does not stop what others may be waiting for.
        return await asyncio.shield(running)

    async def _in_turn(self, press: UUID, place: Place) -> Trial:
        try:
            async with self._turn, asyncio.timeout(_SECONDS):
                result = await self._try(press, place)
        except TimeoutError as error:
            raise Unavailable("the trial took too long") from error
        self._results[press] = result
        while len(self._results) > _MOST_KEPT:
            self._results.popitem(last=False)
        return result

    async def _try(self, press: UUID, place: Place) -> Trial:
        till = await self._open_till()
        async with connected(place, till.token, 1) as (console,):
            voucher_id = await _granted(console, till, press)
            voucher = _accepted(await console.ask("GET", f"/v1/vouchers/{voucher_id}"))
        asked = {
            "code": voucher["code"],
            "shop_id": str(till.shop_id),
            "basket_minor": BASKET_MINOR,
            "currency": till.currency,
        }
        async with connected(place, till.token, TILLS) as tills:
            before = _batches()
            started = time.perf_counter()
            replies = await asyncio.gather(*(_spend(one, asked, press, at, started) for at, one in enumerate(tills, 1)))
            milliseconds = (time.perf_counter() - started) * 1_000
            after = _batches()
            winners = [one for one in replies if not one[0].code]
            winner, first = winners[0] if winners else (None, None)
            retried, again = (None, None)
            if winner is not None:
                retried, again = await _spend(tills[0], asked, press, winner.till, time.perf_counter())
            voucher = _accepted(await tills[0].ask("GET", f"/v1/vouchers/{voucher_id}"))
        refused = next((reply for attempt, reply in replies if attempt.code), None)
        redemptions = [event for event in voucher["events"] if event["kind"] == "redemption"]
        return Trial(
            at=datetime.now(tz=UTC),
            shop=till.shop,
            currency=till.currency,
            attempts=[attempt for attempt, _ in replies],
            milliseconds=milliseconds,
            # Other tills' sales would be in the same batches: then nobody can say which were ours.
            batches=after[0] - before[0] if after[1] - before[1] == TILLS else None,
            winner=winner,
            winner_body=_pretty(first),
            refusal_body=_pretty(refused),
            retried=retried,
            retry_is_first_answer=first is not None and again is not None and first.body == again.body,
            redemptions=len(redemptions),
            remaining_minor=voucher["remaining_minor"],
            moves=[*voucher["issue"], *(move for event in redemptions for move in event["transfers"])],
        )

    async def _open_till(self) -> _Till:
        """Return the shop whose voucher is tried, and its key; made once and kept by an idempotency key."""
        if self._network_id is None:
            raise NoTrial()
        async with self._database.unit(self._network_id) as uow:
            shops = await network.all_shops(uow)
            if not shops:
                raise NoTrial()
            here = await network.network_of(uow)
            # A replay made partitions for the year it replays; this sale happens today.
            now = await uow.now()
            await sale.ensure_partitions(uow, now, now)
            shop = shops[0]
            kept = await self._till_key(uow, shop.merchant_id)
        token = network.token_text(self._keyring, "merchant", kept.key_id, kept.version, kept.master_version)
        # The idempotency key names the version of the master key, so what it kept can be derived.
        assert token is not None
        return _Till(shop.id, shop.name, here.currency, token)

    async def _till_key(self, uow: UnitOfWork, merchant_id: UUID) -> _TillKey:
        async def make(uow: UnitOfWork, merchants: Sequence[UUID]) -> list[_TillKey | RuleBroken]:
            made = [await network.make_key(uow, self._keyring, "merchant", "start page", one) for one in merchants]
            return [_TillKey(one.key.id, one.key.version, one.master_version) for one in made]

        name = f"start-page-{self._keyring.newest}"
        keyed = Keyed(uow.network_id, name, bytes(16), merchant_id)
        answer = (await answer_once(uow, _MAKE_KEY, [keyed], make, _TillKey))[0]
        if isinstance(answer, RuleBroken):
            raise answer
        return answer


async def _granted(console: Connection, till: _Till, press: UUID) -> str:
    """Publish the offer, which happens once, and issue one voucher of it that whoever carries its code may spend."""
    offer = {
        "name": "Spend me twice",
        "kind": "cash",
        "currency": till.currency,
        "face_minor": FACE_MINOR,
        "shop_ids": [str(till.shop_id)],
        "valid_days": 1,
    }
    published = _accepted(await console.ask("POST", "/v1/offers", offer, key="start-page-offer-1"))
    grant = {"offer_id": published["id"]}
    return str(_accepted(await console.ask("POST", "/v1/grants", grant, key=f"start-page-{press}"))["voucher_id"])


async def _spend(
    connection: Connection, asked: dict[str, Any], press: UUID, till: int, started: float
) -> tuple[Attempt, Reply]:
    """Let one till ask for the voucher, under a key of its own."""
    reply = await connection.ask("POST", "/v1/redemptions", asked, key=f"{press}-till-{till}")
    code = "" if reply.status == HTTPStatus.CREATED else str(reply.json.get("code", reply.status))
    return Attempt(till, reply.status, code, (time.perf_counter() - started) * 1_000), reply


def _accepted(reply: Reply) -> Any:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise TrialRefused(status=reply.status, rule=reply.json.get("code"))
    return reply.json


def _batches() -> tuple[int, int]:
    """Return how many batches the till's door has run, and how many sales were in them."""
    values = [REGISTRY.get_sample_value(f"{_BATCHES}_{what}", {"door": "sales"}) for what in ("count", "sum")]
    return int(values[0] or 0), int(values[1] or 0)


def _pretty(reply: Reply | None) -> str:
    return json.dumps(reply.json, indent=2, ensure_ascii=False) if reply is not None else ""
