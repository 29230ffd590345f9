"""Networks, merchants and their money through the API."""

from uuid import UUID

from ringmain.ledger.api import sums
from tests.network.town import Installation, Town


async def test_a_key_knows_whom_it_stands_for(here: Installation, town: Town) -> None:
    """Every role reads its network and its own scope."""
    for role in ("operator", "merchant", "terminal", "analyst"):
        client = here.client(town.tokens[role])
        me = (await client.get("/v1/me")).json
        assert (me["role"], me["network_id"]) == (role, str(town.network_id))
        assert me["merchant_id"] == (str(town.merchants[0]) if role in ("merchant", "terminal") else None)
        network = (await client.get("/v1/network")).json
        assert (network["currency"], network["time_zone"], network["name"]) == ("CNY", "Asia/Shanghai", "Old Town")


async def test_a_merchant_is_opened_once_per_key(here: Installation, town: Town) -> None:
    """A retry gets the first answer, and the same key with another content is refused."""
    client = here.client(town.tokens["operator"])
    first = await client.post("/v1/merchants", {"legal_name": "Bao Ltd"}, key="one")
    again = await client.post("/v1/merchants", {"legal_name": "Bao Ltd"}, key="one")
    other = await client.post("/v1/merchants", {"legal_name": "Bun Ltd"}, key="one")
    assert (first.status, again.status, other.status) == (201, 201, 422)
    assert first.json == again.json
    assert other.code == "idempotency_key_reused"
    names = [one["legal_name"] for one in (await client.get("/v1/merchants")).json["items"]]
    assert sorted(names) == ["Bao Ltd", "Noodle Ltd", "Tea Ltd"]


async def test_a_list_is_paged(here: Installation, town: Town) -> None:
    """Following `next` shows every merchant once, and a cursor from elsewhere is refused."""
    client = here.client(town.tokens["operator"])
    first = (await client.get("/v1/merchants?limit=1")).json
    second = (await client.get(f"/v1/merchants?limit=1&after={first['next']}")).json
    assert [one["id"] for page in (first, second) for one in page["items"]] == sorted(map(str, town.merchants))
    assert second["next"] is None
    assert (await client.get("/v1/merchants?after=nonsense")).code == "cursor_invalid"


async def test_a_merchant_sees_itself_only(here: Installation, town: Town) -> None:
    """Another merchant of the network does not exist for a merchant's key."""
    client = here.client(town.tokens["merchant"])
    own, other = (str(id_) for id_ in town.merchants)
    assert [one["id"] for one in (await client.get("/v1/merchants")).json["items"]] == [own]
    assert (await client.get(f"/v1/merchants/{own}")).status == 200
    assert (await client.get(f"/v1/merchants/{other}")).code == "merchant_not_found"
    assert (await client.get(f"/v1/merchants/{other}/balance")).code == "merchant_not_found"


async def test_a_deposit_can_be_spent_and_the_ledger_is_zero(here: Installation, town: Town) -> None:
    """A deposit raises what the merchant can spend, and all balances add up to zero."""
    client = here.client(town.tokens["operator"])
    path = f"/v1/merchants/{town.merchants[0]}"
    made = await client.post(f"{path}/deposits", {"amount_minor": 50_000, "currency": "CNY", "reference": "bank 1"})
    assert made.status == 201
    balance = (await here.client(town.tokens["merchant"]).get(f"{path}/balance")).json
    assert (balance["available_minor"], balance["held_minor"], balance["payable_minor"]) == (50_000, 0, 0)
    async with here.database.unit(town.network_id) as uow:
        assert [(one.currency, one.sum_minor) for one in await sums(uow)] == [("CNY", 0)]


async def test_the_same_payment_is_credited_once(here: Installation, town: Town) -> None:
    """The same reference under another idempotency key is refused, another currency too, and nothing moves."""
    client = here.client(town.tokens["operator"])
    path = f"/v1/merchants/{town.merchants[0]}"
    deposit = {"amount_minor": 7, "currency": "CNY", "reference": "bank 2"}
    assert (await client.post(f"{path}/deposits", deposit)).status == 201
    twice = await client.post(f"{path}/deposits", deposit)
    foreign = await client.post(f"{path}/deposits", {"amount_minor": 7, "currency": "USD", "reference": "bank 3"})
    assert (twice.status, twice.code) == (409, "deposit_already_made")
    assert (foreign.status, foreign.code, foreign.json["facts"]) == (
        422,
        "currency_not_of_network",
        {"currency": "CNY"},
    )
    assert (await client.get(f"{path}/balance")).json["available_minor"] == 7


async def test_a_refusal_is_kept_and_told_again(here: Installation, town: Town) -> None:
    """A refused write gets the same refusal under its key, even when it would go through by now."""
    client = here.client(town.tokens["operator"])
    path = f"/v1/merchants/{UUID(int=7)}"
    first = await client.call("PATCH", path, {"legal_name": "New"}, key="k")
    again = await client.call("PATCH", path, {"legal_name": "New"}, key="k")
    assert (first.status, first.code) == (again.status, again.code) == (404, "merchant_not_found")
    assert first.json["facts"] == again.json["facts"]
    assert first.json["instance"] != again.json["instance"]
