"""A town whose tea house has money to give vouchers with, a member, and clients of every role."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ringmain.member import api as member
from ringmain.network.api import make_deposit
from tests.network.town import CURRENCY, Answer, Client, Installation, Town

OFFER = {"name": "Two off", "kind": "cash", "currency": CURRENCY, "face_minor": 200, "valid_days": 14}


@dataclass(slots=True)
class Street:
    """What a test works with: `merchant` is the tea house's key, `terminal_2` the noodle bar's till."""

    here: Installation
    town: Town
    member_id: UUID

    def client(self, role: str) -> Client:
        """Return a client with the key of a role."""
        return self.here.client(self.town.tokens[role])

    async def offer(self, **changes: Any) -> str:
        """Publish an offer of the tea house and return its id."""
        answer = await self.client("merchant").post("/v1/offers", OFFER | changes)
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    async def voucher(self, offer_id: str, **changes: Any) -> dict[str, Any]:
        """Grant a voucher to the member, and read it as its creator."""
        body = {"offer_id": offer_id, "member_id": str(self.member_id), **changes}
        granted = await self.client("merchant").post("/v1/grants", body)
        assert granted.status == 201, granted.body
        return await self.read(granted.json["voucher_id"])

    async def read(self, voucher_id: str, role: str = "merchant") -> dict[str, Any]:
        """Read a voucher."""
        answer = await self.client(role).get(f"/v1/vouchers/{voucher_id}")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    async def redeem(self, role: str = "terminal_2", **body: Any) -> Answer:
        """Spend a voucher at a till."""
        return await self.client(role).post("/v1/redemptions", body)

    async def held(self) -> int:
        """Return what is set aside for the tea house's vouchers."""
        answer = await self.client("operator").get(f"/v1/merchants/{self.town.merchants[0]}/balance")
        return int(answer.json["held_minor"])


async def small_street(here: Installation) -> Street:
    """Open a town, give its tea house 1,000.00, and let one member join."""
    town = await here.town()
    async with here.database.unit(town.network_id) as uow:
        await make_deposit(uow, town.merchants[0], 100_000, CURRENCY, "opening balance")
        token = member.Identifier(member.IdentifierKind.CARD_TOKEN, "tok_street_1")
        enrolled = await member.enrol(uow, here.keyring, [member.Enrolment(token)])
    return Street(here, town, enrolled[0].known.member_id)
