"""T20: each event comes at least once under one id, through failures, timeouts, doubles and new secrets."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from ringmain.kit.db import Database
from ringmain.kit.follow import catch_up
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.kit.webhooks import (
    Courier,
    Endpoint,
    Guard,
    NewEndpoint,
    Schedule,
    deliveries,
    enable,
    endpoint,
    ids_only,
    make_endpoint,
    resend,
    resend_failed,
    rotate_secret,
    secret_text,
    send_test,
    teller,
)
from ringmain.kit.webhooks.errors import WebhookDisabled
from ringmain.kit.webhooks.store import claim
from tests.kit.webhooks.receiver import Received, Receiver, receiving

THING = ids_only("thing", "thing_id")
FAST = Schedule(timedelta(milliseconds=5), timedelta(milliseconds=40))
DEVELOPMENT = Guard(development=True)


@dataclass(slots=True)
class Ring:
    """A network with a courier."""

    database: Database
    network_id: UUID
    url: str
    keyring: Keyring
    courier: Courier

    async def endpoint(self, url: str, *kinds: str) -> Endpoint:
        """Make an endpoint that hears of things."""
        async with self.database.unit(self.network_id) as uow:
            new = NewEndpoint(url, kinds or ("thing",))
            return await make_endpoint(uow, self.keyring, DEVELOPMENT, {"thing", "other"}, new)

    async def happen(self, count: int) -> list[UUID]:
        """Record facts, a few in each transaction."""
        made: list[UUID] = []
        while len(made) < count:
            async with self.database.unit(self.network_id) as uow:
                some = [uuid4() for _ in range(min(25, count - len(made)))]
                uow.record("thing", some)
                made += some
        return made

    async def tell(self) -> None:
        """Turn what happened into events."""
        await catch_up(self.database, teller([THING]), self.network_id)

    async def waiting(self, endpoint_id: UUID, state: str = "waiting") -> int:
        """Count the deliveries in a state."""
        async with self.database.unit(self.network_id) as uow:
            return len(await deliveries(uow, endpoint_id, None, 100_000, state=state))

    async def drain(self, endpoint_id: UUID, most: int = 400) -> None:
        """Deliver until nothing waits."""
        for _ in range(most):
            await self.courier.drain(self.network_id)
            if not await self.waiting(endpoint_id):
                return
        raise AssertionError("something waits for ever")

    async def state(self, endpoint_id: UUID) -> Endpoint:
        """Return an endpoint as it stands."""
        async with self.database.unit(self.network_id) as uow:
            found = await endpoint(uow, endpoint_id)
        assert found is not None
        return found

    def sql(self, statement: str, *params: object) -> None:
        """Run a statement that passes row-level security by."""
        with psycopg.connect(self.url) as owner:
            owner.execute(statement, params)

    def secret(self, of: Endpoint, version: int = 1) -> str:
        """Return a secret of an endpoint."""
        text = secret_text(self.keyring, of.id, version, of.master_version)
        assert text is not None
        return text


@pytest.fixture
async def ring(database_urls: Urls) -> AsyncIterator[Ring]:
    """Give a network of its own."""
    keyring = Keyring({1: b"w" * 32})
    async with Database(database_urls.application_url, connections=4) as database:
        courier = Courier(database, keyring, [THING], guard=DEVELOPMENT, schedule=FAST, timeout_seconds=0.5)
        yield Ring(database, uuid4(), database_urls.migration_url, keyring, courier)


def verified(call: Received, secret: str) -> bool:
    """Say whether a receiver with this secret believes a call."""
    try:
        Webhook(secret).verify(call.body, call.headers)
    except WebhookVerificationError:
        return False
    return True


def facts(receiver: Receiver) -> set[UUID]:
    """Return the facts that a receiver has taken."""
    return {UUID(call.event["data"]["thing_id"]) for call in receiver.taken}


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.long)])
async def test_every_event_comes_at_least_once(ring: Ring, count: int) -> None:
    """Thousands of events through failures, timeouts and lost answers: all come, signed, each under one id and body."""
    chance = random.Random(7)

    def behaviour(_: str, __: int) -> int | str:
        drawn = chance.random()
        if drawn < 0.002:
            return "hang"
        if drawn < 0.02:
            return "drop"
        return 204 if drawn > 0.12 else chance.choice((500, 502, 503, 429))

    async with receiving(behaviour) as receiver:
        made = await ring.endpoint(receiver.url)
        happened = await ring.happen(count)
        await ring.tell()
        await ring.drain(made.id, most=20_000)
    assert facts(receiver) == set(happened)
    assert len({call.id for call in receiver.taken}) == count
    assert len(receiver.calls) > len(receiver.taken) > count  # Failures, and doubles after lost answers.
    bodies = {call.id: call.body for call in receiver.calls}
    assert all(bodies[call.id] == call.body for call in receiver.calls)
    assert [call.id for call in receiver.taken] != sorted(call.id for call in receiver.taken)
    secret = ring.secret(made)
    assert all(verified(call, secret) for call in receiver.calls)
    event = receiver.taken[0].event
    assert (event["specversion"], event["type"], event["id"]) == ("1.0", "ringmain.thing", receiver.taken[0].id)
    assert event["source"] == f"/networks/{ring.network_id}"


async def test_a_dropped_outbox_row_is_noticed(ring: Ring) -> None:
    """Control: where one fact is lost before the teller reads it, the test above would find one event missing."""
    async with receiving() as receiver:
        made = await ring.endpoint(receiver.url)
        happened = await ring.happen(100)
        ring.sql(
            "DELETE FROM outbox WHERE (txid, id) = (SELECT txid, id FROM outbox WHERE network_id = %s"
            " AND kind = 'thing' LIMIT 1)",
            ring.network_id,
        )
        await ring.tell()
        await ring.drain(made.id)
    assert len(set(happened) - facts(receiver)) == 25


async def test_a_fact_that_is_read_twice_is_one_event(ring: Ring) -> None:
    """A teller that begins anew makes no doubles, and an endpoint hears nothing from before it was made."""
    await ring.happen(3)
    async with receiving() as receiver:
        made = await ring.endpoint(receiver.url)
        happened = await ring.happen(5)
        await ring.tell()
        ring.sql("DELETE FROM follower_cursor WHERE network_id = %s", ring.network_id)
        await ring.tell()
        await ring.drain(made.id)
    assert [len(receiver.calls), facts(receiver)] == [5, set(happened)]


async def test_both_secrets_sign_while_one_follows_the_other(ring: Ring) -> None:
    """During the overlap old and new receivers believe; afterwards only those with the new secret."""
    async with receiving() as receiver:
        made = await ring.endpoint(receiver.url)
        async with ring.database.unit(ring.network_id) as uow:
            await rotate_secret(uow, ring.keyring, made.id, timedelta(hours=1))
            await send_test(uow, made.id)
        await ring.drain(made.id)
        ring.sql("UPDATE webhook_endpoint SET old_valid_until = now() WHERE id = %s", made.id)
        async with ring.database.unit(ring.network_id) as uow:
            await send_test(uow, made.id)
        await ring.drain(made.id)
    old, new = ring.secret(made), ring.secret(made, 2)
    assert [(verified(call, old), verified(call, new)) for call in receiver.calls] == [(True, True), (False, True)]
    assert not verified(receiver.calls[0], "whsec_" + "A" * 43 + "=")


async def test_who_does_not_answer_is_left_in_peace_and_then_disabled(ring: Ring) -> None:
    """A dead receiver is asked with one event at a time and ever more rarely; after three days it is switched off."""
    async with receiving(lambda _id, _count: 500) as receiver:
        made = await ring.endpoint(receiver.url)
        await ring.happen(100)
        await ring.tell()
        await ring.courier.drain(ring.network_id)
        assert len(receiver.calls) == 32
        ring.sql("UPDATE webhook_endpoint SET quiet_until = NULL WHERE id = %s", made.id)
        await ring.courier.drain(ring.network_id)
        assert len(receiver.calls) == 33
        ring.sql("UPDATE webhook_endpoint SET quiet_until = now() + interval '1 hour' WHERE id = %s", made.id)
        assert await ring.courier.drain(ring.network_id) == 0
        ring.sql(
            "UPDATE webhook_endpoint SET quiet_until = NULL, failing_since = now() - interval '3 days' WHERE id = %s",
            made.id,
        )
        await ring.courier.drain(ring.network_id)
        assert (await ring.state(made.id)).disabled_because == "no_answer"
        missed = await ring.happen(5)
        await ring.tell()
        assert (await ring.waiting(made.id), await ring.waiting(made.id, "failed")) == (0, 105)
        with pytest.raises(WebhookDisabled):
            async with ring.database.unit(ring.network_id) as uow:
                await send_test(uow, made.id)
        receiver.behaviour = lambda _id, _count: 200
        async with ring.database.unit(ring.network_id) as uow:
            await enable(uow, made.id)
            assert await resend_failed(uow, made.id, None) == 105
        await ring.drain(made.id)
    assert set(missed) < facts(receiver)
    assert len(facts(receiver)) == 105


async def test_an_event_is_given_up_after_three_days_and_can_be_sent_again(ring: Ring) -> None:
    """What could not be delivered in time waits for somebody to resend it, under the id it always had."""
    async with receiving(lambda _id, count: 500 if count == 1 else 204) as receiver:
        made = await ring.endpoint(receiver.url)
        await ring.happen(1)
        await ring.tell()
        ring.sql("UPDATE webhook_delivery SET give_up_at = now() WHERE network_id = %s", ring.network_id)
        await ring.courier.drain(ring.network_id)
        async with ring.database.unit(ring.network_id) as uow:
            (failed,) = await deliveries(uow, made.id, None, 10)
            assert (failed.state, failed.last_status, failed.attempts) == ("failed", 500, 1)
            await resend(uow, made.id, failed.event_id)
        ring.sql("UPDATE webhook_endpoint SET quiet_until = NULL WHERE id = %s", made.id)
        await ring.drain(made.id)
    assert receiver.calls[0].id == receiver.calls[1].id
    assert (await ring.state(made.id)).failures == 0


async def test_a_receiver_that_is_gone_is_never_called_again(ring: Ring) -> None:
    """Status 410 switches the endpoint off at once."""
    async with receiving(lambda _id, _count: 410) as receiver:
        made = await ring.endpoint(receiver.url)
        await ring.happen(1)
        await ring.tell()
        await ring.courier.drain(ring.network_id)
        assert await ring.courier.drain(ring.network_id) == 0
    assert (await ring.state(made.id)).disabled_because == "gone"


async def test_what_was_on_its_way_when_a_process_died_is_sent_again(ring: Ring) -> None:
    """An attempt is taken for a while only: nobody doubles it meanwhile, and it is made again afterwards."""
    async with receiving() as receiver:
        made = await ring.endpoint(receiver.url)
        await ring.happen(3)
        await ring.tell()
        async with ring.database.unit(ring.network_id, role="worker") as uow:
            taken = await claim(uow, made.id, await uow.now(), timedelta(minutes=2), 10)
        assert len(taken) == 3
        assert await ring.courier.drain(ring.network_id) == 0
        ring.sql("UPDATE webhook_delivery SET next_at = now() WHERE network_id = %s", ring.network_id)
        await ring.drain(made.id)
    assert len(receiver.taken) == 3


def test_pauses_double_up_to_their_longest() -> None:
    """Five seconds, ten, twenty ... six hours: some forty attempts' worth of patience in three days."""
    schedule = Schedule()
    pauses = [schedule.pause(attempt, 0.5).total_seconds() for attempt in (1, 2, 3, 12, 13, 14, 60)]
    assert pauses == pytest.approx([5.0, 10.0, 20.0, 10_240.0, 20_480.0, 21_600.0, 21_600.0])
    assert schedule.pause(1, 0.0) < schedule.pause(1, 1.0)
