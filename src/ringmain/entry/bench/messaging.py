"""Who gets which voucher by message on a morning: a town is asked what everybody may be sent, and chooses for all."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ringmain.campaign import api as campaign
from ringmain.entry.bench import store
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.matching import open_town
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import Stage
from ringmain.kit.db import Database
from ringmain.kit.memory import peak_mb
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message.api import Channel
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

_SEED = 29
_CHUNK, _PAGE = 1_000, 2_000
# What each person has bought, at nine shops of their own.
_VISITS = 9
_MONTH = timedelta(days=28)
# Every campaign has money for all: what it costs to choose does not hang on how little there is.
_BUDGET_MINOR = 1_000_000_000
_SMS = frozenset({Channel.SMS})


async def run(stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Make towns, one for each repetition, since a town chooses once a day; returns one figure."""
    ours: list[Sample] = []
    limits: list[Sample] = []
    chosen: list[campaign.Round] = []
    keyring = Keyring.open(stage.key_file)
    async with Database(stage.application_url) as database:
        for repetition in range(plan.message_repetitions):
            say(f"messages: {plan.message_people:,} people, and {plan.message_campaigns} campaigns")
            town, people = await _open(database, keyring, stage, plan)
            limits.append(await _addresses(database, keyring, town, people))
            sample, found = await _choose(database, keyring, town)
            ours.append(sample)
            chosen.append(found)
            say(
                f"messages {repetition + 1}/{plan.message_repetitions}: addresses of {limits[-1].per_second:,.0f}/s, "
                f"chosen for {ours[-1].per_second:,.0f}/s"
            )
    last = chosen[-1]
    notes = (
        f"{last.people:,} people x {plan.message_campaigns} campaigns, {last.candidates:,} candidates",
        "limit: the addresses of the same people are read and opened, and nothing else",
        f"{peak_mb():,.0f} MB of memory at most",
    )
    return [result("messages", "people/s", ours, limits, notes)]


async def _choose(database: Database, keyring: Keyring, town: UUID) -> tuple[Sample, campaign.Round]:
    reachable, day = campaign.Reachable(keyring, _SMS), datetime.now(tz=UTC).date()
    begun, cpu = time.perf_counter(), time.process_time()
    found = await campaign.plan_messages(database, reachable, town, day, None)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    if not found.people or not found.candidates:
        raise BenchFailed(f"Nobody could be sent anything: {dict(found.kept_back)}")
    return Sample(found.people / seconds, server_us=cpu / found.people * 1e6), found


async def _addresses(database: Database, keyring: Keyring, town: UUID, people: Sequence[UUID]) -> Sample:
    begun, cpu = time.perf_counter(), time.process_time()
    async with database.unit(town) as uow:
        for first in range(0, len(people), _PAGE):
            await member.contacts(uow, keyring, people[first : first + _PAGE])
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Sample(len(people) / seconds, server_us=cpu / len(people) * 1e6)


async def _open(database: Database, keyring: Keyring, stage: Stage, plan: Plan) -> tuple[UUID, list[UUID]]:
    """Make a town whose people have agreed to messages, were at its shops, and may be given a voucher of each."""
    town = await open_town(database, plan.message_campaigns, random.Random(_SEED))  # noqa: S311 (no secret)
    people, members = await _people(database, keyring, town, plan.message_people)
    async with database.unit(town) as uow:
        now = await uow.now()
        await sale.ensure_partitions(uow, now - timedelta(days=200), now)
        places = [(shop.id, shop.merchant_id) for shop in await network.all_shops(uow)]
        offers = await voucher.standing_offers(uow, now)
        for one in offers:
            new = campaign.NewCampaign(
                merchant_id=one.creator_merchant_id,
                offer_id=one.id,
                name="Morning",
                goal="new",
                budget_minor=_BUDGET_MINOR,
                schedule=campaign.Schedule(starts_at=now, ends_at=now + _MONTH),
                channels=("message",),
            )
            made = await campaign.draft_campaign(uow, new, by=None)
            await campaign.start_campaign(uow, made.id, by=None)
    purposes = [member.Purpose.PERSONALISATION, member.Purpose.MARKETING]
    await asyncio.to_thread(store.make_consents, stage.superuser_url, town, members, purposes)
    await asyncio.to_thread(store.make_visits, stage.superuser_url, town, people, places, _VISITS)
    await asyncio.to_thread(store.make_needs, stage.superuser_url, town, people)
    await asyncio.to_thread(store.settle, stage.superuser_url)
    return town, people


async def _people(database: Database, keyring: Keyring, town: UUID, count: int) -> tuple[list[UUID], list[UUID]]:
    """Return the subjects and the members of so many people with a phone that they have confirmed."""
    subjects: list[UUID] = []
    members: list[UUID] = []
    for first in range(0, count, _CHUNK):
        phones = [f"+86138{number:08}" for number in range(first, min(first + _CHUNK, count))]
        items = [
            member.Enrolment(member.identifier(member.IdentifierKind.PHONE, phone), verified=True) for phone in phones
        ]
        async with database.unit(town) as uow:
            known = [one.known for one in await member.enrol(uow, keyring, items)]
        subjects += [one.subject_id for one in known]
        members += [one.member_id for one in known]
    return subjects, members
