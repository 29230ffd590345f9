"""The routes of people and scenes behind the door of the API, with a caller of every role."""

from uuid import UUID, uuid4

from ringmain.kit.http import Api, Principal, Role, Route
from ringmain.kit.settings import Settings
from ringmain.member.http import ROUTES as MEMBER_ROUTES
from ringmain.scene.http import ROUTES as SCENE_ROUTES
from tests.member.people import Town
from tests.network.town import Client


def clients(town: Town, *, development: bool = True) -> dict[str, Client]:
    """Return a client per role of this town; `merchant_2` and `terminal_2` are of the other merchant."""
    places: dict[str, tuple[Role, UUID | None, UUID | None]] = {
        "operator": ("operator", None, None),
        "analyst": ("analyst", None, None),
        "merchant": ("merchant", town.merchant_id, None),
        "merchant_2": ("merchant", town.other_merchant_id, None),
        "terminal": ("terminal", town.merchant_id, town.shop_id),
        "terminal_2": ("terminal", town.other_merchant_id, town.other_shop_id),
    }
    principals = {
        name: Principal(
            network_id=town.network_id, principal_id=uuid4(), role=role, merchant_id=merchant_id, shop_id=shop_id
        )
        for name, (role, merchant_id, shop_id) in places.items()
    }

    async def authenticate(token: str) -> Principal | None:
        return principals.get(token)

    routes: tuple[Route, ...] = (*MEMBER_ROUTES, *SCENE_ROUTES)
    api = Api(
        routes,
        database=town.database,
        keyring=town.keyring,
        authenticate=authenticate,
        settings=Settings(development=development, public_url="https://ring.example/"),
    )
    return {name: Client(api, name) for name in principals}
