"""A crowd of members, and everything that makes their images, written set by set: first one image, then another.

`ALTERED` is the explicit list of what can be known of a person: each table that feeds a field of the image, with the
statement that makes it say something else. A new table of the slices that know people has to be named here, or in
`NOBODYS` with the reason why nothing in it is a person's.
"""
# ruff: noqa: S608 (statements are put together from this file's own constants)

import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, LiteralString
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.api import QUESTIONS, IdentifierKind, Known
from ringmain.member.keys import data_key
from ringmain.member.store import people
from ringmain.profile import api as profile
from tests.match.street import NOW, Street

# The slices whose tables hold what is known, guessed or foretold of people.
SLICES = ("profile", "need", "segment")
_PIECE = 1_000

# A sale's id carries its time; the rest of it is chance.
_ID: LiteralString = "(left(first_uuid7(t.at)::text, 14) || right(gen_random_uuid()::text, 22))::uuid"
_CROWD: LiteralString = """
    unnest(%(subjects)s::uuid[], %(members)s::uuid[]) WITH ORDINALITY AS c (subject_id, member_id, number)
"""
_SALE: LiteralString = """
    INSERT INTO sale (network_id, id, merchant_id, shop_id, subject_id, minimal, total_minor, currency, tenders,
                      sold_at)
"""
# Six visits at noon to one of two shops, paid in cash.
_FIRST_SALES: LiteralString = f"""
    {_SALE}
    SELECT %(network)s, {_ID}, (%(merchants)s::uuid[])[place], (%(shops)s::uuid[])[place], subject_id, false, 3000,
           'CNY', '[{{"kind": "cash", "amount_minor": 3000}}]', t.at
    FROM {_CROWD} CROSS JOIN generate_series(1, 6) AS week (number)
    CROSS JOIN LATERAL (
        SELECT %(at)s::timestamptz - week.number * interval '7 days', (2 + c.number %% 2)::integer
    ) AS t (at, place)
"""
_CONSENTS: LiteralString = f"""
    INSERT INTO consent_record (network_id, id, member_id, purpose, granted, text_version, language, place, recorded_by,
                                recorded_at)
    SELECT %(network)s, gen_random_uuid(), member_id, 'personalisation', said.granted, '2026-01', 'en', 'page',
           member_id, %(at)s::timestamptz - said.ago
    FROM {_CROWD} CROSS JOIN (
        VALUES (true, interval '9 days', 2), (false, interval '8 days', 1)
    ) AS said (granted, ago, least)
    WHERE (%(consenting)s AND said.granted) OR (NOT %(consenting)s AND (c.number - 1) %% 3 >= said.least)
"""
# What others pay is as it is for everybody; beside it, somebody who pays three times as much stands out.
_USUAL_BASKETS: LiteralString = """
    INSERT INTO shop_basket (network_id, shop_id, currency, usual_minor, measured_at)
    SELECT %(network)s, shop_id, 'CNY', 3000, %(at)s FROM unnest(%(shops)s::uuid[]) AS s (shop_id)
    ON CONFLICT DO NOTHING
"""
# What the crowd brings along to a till: it must be the same before and after, for it is theirs and not their image.
_OPEN_VOUCHERS: LiteralString = f"""
    INSERT INTO voucher (network_id, id, offer_id, secret, subject_id, face_minor, remaining_minor, held_minor,
                         granted_at, valid_from, valid_until)
    SELECT %(network)s, gen_random_uuid(), offer.id, decode(md5(subject_id::text), 'hex'), subject_id, offer.worth,
           offer.worth, offer.worth, %(at)s, %(at)s, %(at)s::timestamptz + offer.number * interval '2 days'
    FROM {_CROWD} CROSS JOIN (
        SELECT id, number, 100 * (number + 1) FROM unnest(%(carried)s::uuid[]) WITH ORDINALITY AS o (id, number)
    ) AS offer (id, number, worth)
"""


@dataclass(frozen=True, slots=True)
class Alteration:
    """How a table is made to say something else of everybody: a statement, and how many rows of each it writes."""

    feeds: str
    statement: LiteralString
    rows_each: int


ALTERED: dict[str, Alteration] = {
    "sale": Alteration(
        "other shops and categories, in the morning, by card, at three times the price",
        f"""
        {_SALE}
        SELECT %(network)s, {_ID}, (%(merchants)s::uuid[])[place], (%(shops)s::uuid[])[place], subject_id, false, 9000,
               'CNY', '[{{"kind": "card", "amount_minor": 9000}}]', t.at
        FROM {_CROWD} CROSS JOIN generate_series(1, 10) AS week (number)
        CROSS JOIN LATERAL (
            SELECT %(at)s::timestamptz - week.number * interval '7 days' - interval '5 hours',
                   (4 + c.number %% 2)::integer
        ) AS t (at, place)
        """,
        10,
    ),
    "sale_line": Alteration(
        "tastes by product",
        """
        INSERT INTO sale_line (network_id, sale_id, line_no, product, category, quantity, amount_minor)
        SELECT network_id, id, 1, 'something new', 'novelty', 1000, total_minor
        FROM sale WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) AND total_minor = 9000
        """,
        10,
    ),
    "sale_change": Alteration(
        "two of the first visits are undone",
        """
        INSERT INTO sale_change (network_id, id, sale_id, merchant_id, kind, amount_minor, detail, changed_at)
        SELECT network_id, gen_random_uuid(), id, merchant_id, 'refund', total_minor, '{}', %(at)s
        FROM sale WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) AND total_minor = 3000
          AND sold_at >= %(at)s::timestamptz - interval '14 days'
        """,
        2,
    ),
    "sale_dispute": Alteration(
        "of one of the first visits they say that it was not them",
        """
        INSERT INTO sale_dispute (network_id, id, sale_id, merchant_id, subject_id, not_me, said_at)
        SELECT network_id, gen_random_uuid(), id, merchant_id, subject_id, true, %(at)s
        FROM sale WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) AND total_minor = 3000
          AND sold_at = %(at)s::timestamptz - interval '21 days'
        """,
        1,
    ),
    "voucher": Alteration(
        "vouchers won and used up, by which one is known to like them",
        f"""
        INSERT INTO voucher (network_id, id, offer_id, secret, subject_id, sender_shop_id, origin_kind, origin_id,
                             face_minor, remaining_minor, held_minor, uses, sequence, closed, granted_at, valid_from,
                             valid_until)
        SELECT %(network)s, gen_random_uuid(), (%(offers)s::uuid[])[5], decode(md5(subject_id::text), 'hex'),
               subject_id, (%(shops)s::uuid[])[2], 'spent', member_id, 600, 0, 0, 1, 1, 'spent',
               %(at)s::timestamptz - interval '9 days', %(at)s::timestamptz - interval '9 days',
               %(at)s::timestamptz + interval '9 days'
        FROM {_CROWD}
        """,
        1,
    ),
    "redemption": Alteration(
        "where and when they were used",
        """
        INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, subject_id,
                                amount_minor, fee_minor, currency, redeemed_at)
        SELECT v.network_id, gen_random_uuid(), v.id, 1, s.id, s.merchant_id, s.shop_id, s.subject_id, 600, 0, 'CNY',
               s.sold_at
        FROM voucher v JOIN sale s ON s.network_id = v.network_id AND s.subject_id = v.subject_id
        WHERE v.network_id = %(network)s AND v.subject_id = ANY(%(subjects)s) AND v.closed = 'spent'
          AND s.sold_at = %(at)s::timestamptz - interval '7 days 5 hours'
        """,
        1,
    ),
    "touch": Alteration(
        "scenes that they met",
        f"""
        INSERT INTO touch (network_id, id, scene_id, shop_id, subject_id, touched_at)
        SELECT %(network)s, {_ID}, %(scene)s, (%(shops)s::uuid[])[5], subject_id, t.at
        FROM {_CROWD} CROSS JOIN (VALUES (%(at)s::timestamptz - interval '1 day')) AS t (at)
        """,
        1,
    ),
    "member_answer": Alteration(
        "every question answered in another way",
        """
        INSERT INTO member_answer (network_id, member_id, question, sealed, answered_at)
        SELECT %(network)s, a.member_id, a.question, a.sealed, %(at)s
        FROM unnest(%(answer_members)s::uuid[], %(answer_questions)s::text[], %(answers)s::bytea[])
             AS a (member_id, question, sealed)
        ON CONFLICT (network_id, member_id, question) DO UPDATE SET sealed = excluded.sealed
        """,
        len(QUESTIONS),
    ),
    "member_hidden_field": Alteration(
        "every field of the image hidden",
        f"""
        INSERT INTO member_hidden_field (network_id, member_id, field, hidden_at)
        SELECT %(network)s, member_id, field, %(at)s FROM {_CROWD} CROSS JOIN unnest(%(fields)s::text[]) AS f (field)
        """,
        len(profile.Field),
    ),
    "need": Alteration(
        "a forecast that is sure of two shops",
        f"""
        INSERT INTO need (network_id, subject_id, shop_id, place, next_chance, week_chance, been, model_id, made_at)
        SELECT %(network)s, subject_id, (%(shops)s::uuid[])[5 - place], place + 1, 0.9 - place / 5.0, 0.9, false,
               %(model)s, %(at)s
        FROM {_CROWD} CROSS JOIN generate_series(0, 1) AS p (place)
        """,
        2,
    ),
    "tribe": Alteration(
        "a tribe of each their own, that goes for books",
        f"""
        INSERT INTO tribe (network_id, id, name, rule, apart, centre, size, stability, found_at, seen_at)
        SELECT %(network)s, member_id, '["category:books"]', '[]',
               '[{{"column": "category:books", "per_cent": 90, "everybody": 10}}]', '{{"category:books": 1}}', 10, 1,
               %(at)s, %(at)s
        FROM {_CROWD}
        """,
        1,
    ),
    "tribe_member": Alteration(
        "the tribe that they are in",
        f"""
        INSERT INTO tribe_member (network_id, subject_id, tribe_id, shares, since, placed_at)
        SELECT %(network)s, subject_id, member_id, '{{}}', %(at)s, %(at)s FROM {_CROWD}
        """,
        1,
    ),
    "segment": Alteration(
        "a segment of each their own",
        f"""
        INSERT INTO segment (network_id, id, name, rule, created_at)
        SELECT %(network)s, member_id, 'Away', '[{{"kind": "last_visit", "days": 30}}]', %(at)s FROM {_CROWD}
        """,
        1,
    ),
    "segment_member": Alteration(
        "the segment that they are in",
        f"""
        INSERT INTO segment_member (network_id, segment_id, subject_id, since)
        SELECT %(network)s, member_id, subject_id, %(at)s FROM {_CROWD}
        """,
        1,
    ),
    "segment_due": Alteration(
        "when they are looked at again",
        f"""
        INSERT INTO segment_due (network_id, subject_id, due_at, cause_kind)
        SELECT %(network)s, subject_id, %(at)s, 'time' FROM {_CROWD}
        """,
        1,
    ),
    "segment_change": Alteration(
        "that they joined it",
        f"""
        INSERT INTO segment_change (network_id, id, segment_id, subject_id, joined, cause_kind, changed_at)
        SELECT %(network)s, gen_random_uuid(), member_id, subject_id, true, 'filled', %(at)s FROM {_CROWD}
        """,
        1,
    ),
}

# Tables of these slices that hold nothing of a person, each with the reason.
NOBODYS: dict[str, str] = {
    "traffic_forecast": "how many payments shops expect, of everybody together",
    "shop_basket": "the rounded middle of the baskets of ten members and more",
    "tribe_finding": "how many people were looked at",
    "tribe_week": "that a week was counted for a merchant",
    "tribe_reach": "rounded counts of groups, for merchants",
}

_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)(?! PARTITION OF)\b", re.IGNORECASE)


def unnamed_tables(named: Collection[str], root: Traversable | None = None) -> dict[str, str]:
    """Return the tables of the slices that know people which nobody has named, with their slice."""
    found: dict[str, str] = {}
    for slice_ in SLICES:
        schema = (root or files("ringmain")) / slice_ / "schema"
        if schema.is_dir():
            for file in schema.iterdir():
                if file.name.endswith(".sql"):
                    found |= dict.fromkeys(_TABLE.findall(file.read_text(encoding="utf-8")), slice_)
    return {table: slice_ for table, slice_ in found.items() if table not in named}


class Standing(Database):
    """A database at which the time stands still: two answers differ by what they rest on, or not at all."""

    @asynccontextmanager
    async def unit(self, network_id: UUID | None, **options: Any) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work at the street's moment."""
        async with super().unit(network_id, **{"now": NOW, **options}) as uow:
            yield uow


@dataclass(frozen=True, slots=True)
class _Written:
    rows: int


@dataclass(slots=True)
class Crowd:
    """Members of a street, with their first image; they carry vouchers of three offers of the shop where they stand."""

    street: Street
    people: list[Known]
    carried: list[UUID]
    scene_id: UUID
    model_id: UUID

    async def alter(self) -> dict[str, int]:
        """Make every table of `ALTERED` say something else of everybody; return the rows written, by table."""
        written = {}
        for table, alteration in ALTERED.items():
            written[table] = 0
            for first in range(0, len(self.people), _PIECE):
                async with self.street.unit() as uow:
                    params = await self._params(uow, self.people[first : first + _PIECE], turn=1)
                    query = f"WITH written AS ({alteration.statement} RETURNING 1) SELECT count(*) AS rows FROM written"
                    done = await uow.row(_Written, query, params)
                    assert done is not None
                    written[table] += done.rows
        return written

    async def _params(self, uow: UnitOfWork, people: Sequence[Known], *, turn: int) -> dict[str, Any]:
        street = self.street
        answers = await _sealed_answers(uow, street, people, turn)
        return {
            "network": street.network_id,
            "at": NOW,
            "subjects": [one.subject_id for one in people],
            "members": [one.member_id for one in people],
            "merchants": street.merchants,
            "shops": street.shops,
            "offers": street.offers,
            "carried": self.carried,
            "scene": self.scene_id,
            "model": self.model_id,
            "fields": [field.value for field in profile.Field],
            "answer_members": [one[0] for one in answers],
            "answer_questions": [one[1] for one in answers],
            "answers": [one[2] for one in answers],
        }

    async def begin(self, *, consenting: bool) -> None:
        """Write what they agreed to, their vouchers, and their first image."""
        for first in range(0, len(self.people), _PIECE):
            async with self.street.unit() as uow:
                params = await self._params(uow, self.people[first : first + _PIECE], turn=0)
                params["consenting"] = consenting
                for statement in (
                    _CONSENTS,
                    _USUAL_BASKETS,
                    _OPEN_VOUCHERS,
                    _FIRST_SALES,
                    ALTERED["member_answer"].statement,
                ):
                    await uow.connection.execute(statement, params)


async def _sealed_answers(
    uow: UnitOfWork, street: Street, crowd: Sequence[Known], turn: int
) -> list[tuple[UUID, str, bytes]]:
    """Return an answer of everybody to every question, as it is kept; each turn has others."""
    answers = []
    for member_id, row in (await people.keys(uow, [one.member_id for one in crowd])).items():
        key = data_key(street.keyring, street.network_id, row)
        for question in QUESTIONS:
            value = question.choices[turn].value
            answers.append((member_id, question.key, key.seal(f"answer/{question.key}", value)))
    return answers


async def crowd_of(street: Street, count: int, *, consenting: bool = False) -> Crowd:
    """Make members with an image: of three who do not consent, one never answered, one refused, one took it back."""
    made: list[Known] = []
    for first in range(0, count, _PIECE):
        names = [f"tok_{uuid7(NOW)}" for _ in range(first, min(first + _PIECE, count))]
        items = [
            member.Enrolment(
                member.identifier(IdentifierKind.CARD_TOKEN, name), verified=True, joined_at=NOW - timedelta(days=200)
            )
            for name in names
        ]
        async with street.unit() as uow:
            made += [one.known for one in await member.enrol(uow, street.keyring, items)]
    carried = [street.offers[0], *[(await street.publish(0, face_minor=worth)).id for worth in (300, 400)]]
    await street.poster(4)
    scene_id = await street.value("SELECT id FROM scene WHERE network_id = %s LIMIT 1", street.network_id)
    new = NewModel("need-place", NOW - timedelta(days=60), NOW, 1, {}, {}, b"trees")
    async with street.unit() as uow:
        model = await registry.keep(uow, new, compared_with=None)
    crowd = Crowd(street, made, carried, scene_id, model.id)
    await crowd.begin(consenting=consenting)
    return crowd
