"""What is given by hand beside a campaign is recorded, and nobody is told who is compared with."""

from uuid import uuid4

from ringmain.campaign.api import breach_recorder
from ringmain.kit.follow import catch_up
from ringmain.kit.http import Api, Principal
from ringmain.kit.settings import Settings
from ringmain.voucher.http import ROUTES
from tests.campaign.test_deal import people, running
from tests.match.street import Street
from tests.network.town import Client


async def test_a_grant_by_hand_is_a_breach_for_both_groups_alike(street: Street) -> None:
    """Both people get their voucher and the same answer; both are recorded, once, of the campaign's offer only."""
    one = await running(street)
    treated, compared = await people(street, one)
    principal = Principal(
        network_id=street.network_id, principal_id=uuid4(), role="operator", merchant_id=None, shop_id=None
    )

    async def authenticate(_: str) -> Principal:
        return principal

    api = Api(ROUTES, database=street.database, keyring=street.keyring, authenticate=authenticate, settings=Settings())
    client = Client(api, "operator")
    for known in (treated, compared):
        for offer_id in (one.said.offer_id, street.offers[2]):
            body = {"offer_id": str(offer_id), "member_id": str(known.member_id)}
            assert (await client.post("/v1/grants", body)).status == 201
    for _ in range(2):
        await catch_up(street.database, breach_recorder(), street.network_id)

    found = await street.value("SELECT array_agg(subject_id ORDER BY id) FROM campaign_breach")
    assert found == [treated.subject_id, compared.subject_id]
    assert await street.value("SELECT DISTINCT campaign_id FROM campaign_breach") == one.id
