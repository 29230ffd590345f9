"""Tests of candidates: what a group may be sent is what its people may be sent alone, each at the best shop."""

from dataclasses import fields

import numpy as np
import pytest

from ringmain.campaign.draw import IN_REACH
from ringmain.campaign.messages import candidates
from ringmain.campaign.messages.candidates import Edges, joined, of_group
from ringmain.campaign.messages.people import Everybody, Person, Standing, Weeks
from ringmain.campaign.value import Asked, expected
from ringmain.match import api as match
from ringmain.match.api import Context, Reach
from ringmain.network import api as network
from tests.match.street import NOW, Street

# People by place: what is foretold of them at shops (by their places in the street), and the shops they have blocked.
FORETOLD: tuple[dict[int, float], ...] = ({1: 0.4}, {}, {1: 0.1, 2: 0.5, 3: 0.2}, {3: 0.9}, {2: 0.3})
BLOCKED: tuple[set[int], ...] = (set(), {1}, set(), {3}, set())


async def _reach(street: Street) -> Reach:
    async with street.unit() as uow:
        return await match.reach(uow, Context(at=NOW, at_shop_id=street.shops[0]))


async def _everybody(street: Street) -> Everybody:
    people = [
        Person(
            await street.person(f"+861380013{number:04}"),
            Standing(street.shops[0], just=True),
            frozenset(street.shops[place] for place in BLOCKED[number]),
            frozenset(),
        )
        for number in range(len(FORETOLD))
    ]
    told = [(number, place, chance) for number, mine in enumerate(FORETOLD) for place, chance in mine.items()]
    weeks = Weeks(
        np.array([number for number, _, _ in told]),
        np.frombuffer(b"".join(street.shops[place].bytes for _, place, _ in told), dtype="V16"),
        np.array([chance for _, _, chance in told]),
    )
    return Everybody(people, weeks, {})


def _listed(edges: Edges) -> list[tuple[float, ...]]:
    return [tuple(row) for row in zip(*(getattr(edges, one.name).tolist() for one in fields(Edges)), strict=True)]


@pytest.mark.parametrize("at_once", [1, 5, 2_000_000])
async def test_a_group_is_what_its_people_are_alone(
    street: Street, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Values are those of the formula by person and shop; nobody gets what they blocked, or may not get.

    Offers of one shop, one that leads to three shops, and one that is too far away; in parts of any size the same.
    """
    monkeypatch.setattr(candidates, "_AT_ONCE", at_once)
    async with street.unit() as uow:
        await network.fund_pool(uow, 100_000, street.currency, "gift", street.network_id)
    several = await street.publish(0, by_network=True, face_minor=250)
    everybody, reach = await _everybody(street), await _reach(street)
    campaigns = [(0, street.offers[1]), (1, street.offers[3]), (2, several.id), (3, street.offers[4])]
    allowed = np.ones((4, len(FORETOLD)), dtype=np.bool_)
    allowed[0, 2] = allowed[2, 4] = False

    together = _listed(joined(of_group(reach, None, everybody, range(len(FORETOLD)), campaigns, allowed)))
    alone = [
        row
        for number in range(len(FORETOLD))
        for row in _listed(joined(of_group(reach, None, everybody, [number], campaigns, allowed)))
    ]
    assert together == alone
    assert {(int(person), int(campaign)) for person, campaign, *_ in together} >= {(0, 0), (2, 2), (4, 1)}
    assert not {(2, 0), (4, 2), (1, 0), (3, 1)} & {(int(person), int(campaign)) for person, campaign, *_ in together}

    for person, campaign, shop, offer, value, cost, _ in together:
        worth = {}
        for row in np.flatnonzero(reach.offer == int(offer)).tolist():
            place = street.shops.index(reach.catalogue.shops[int(reach.shop[row])].id)
            if reach.near[row] >= IN_REACH and place not in BLOCKED[int(person)]:
                chance = FORETOLD[int(person)].get(place, np.nan)
                columns = (np.array([one]) for one in (chance, np.nan, reach.near[row], reach.pull[row]))
                worth[int(reach.shop[row])] = (float(expected(Asked(*columns))[0]), int(reach.cost[row]))
        assert (value, cost) == worth[int(shop)]
        assert value == max(one for one, _ in worth.values())
        assert reach.catalogue.offer_place[campaigns[int(campaign)][1]] == int(offer)
