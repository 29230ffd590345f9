"""The rules about scenes that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class SceneUnknown(RuleBroken):
    """There is no such scene, or none that this key may see."""

    code = "scene_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id or token of the scene; those of other networks and merchants cannot be seen."


class SceneRetired(RuleBroken):
    """The scene was taken down."""

    code = "scene_retired"
    status = HTTPStatus.GONE
    next_step = "Use a scene that still hangs; a new poster or tag of this shop has a new token."


class SceneNeedsShop(RuleBroken):
    """A poster, a tag and a payment are at a shop."""

    code = "scene_needs_shop"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name the shop in `shop_id`; only links, screens, searches and shares may be the network's own."


class TouchInFuture(RuleBroken):
    """A touch is reported with a time that has not come."""

    code = "touch_in_future"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Set the device's clock, or leave `touched_at` out."
