"""The rules about plays that can be broken."""

# Longer than the house rule: every rule of the slice has its class here, where readers look for it.

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class TouchUnknown(RuleBroken):
    """Nobody has met a scene under this id, or not at a scene that this key may see."""

    code = "touch_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Record the touch first: POST /v1/scenes/{token}/touches."


class PlayerUnnamed(RuleBroken):
    """Nobody is named who plays."""

    code = "player_unnamed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name the member, or a `device` that stays the same for this person."


class DrawUnknown(RuleBroken):
    """There is no such play, or the token is not its own."""

    code = "draw_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Scan the code again."


class DrawExpired(RuleBroken):
    """The prizes of a play are kept for half an hour."""

    code = "draw_expired"
    status = HTTPStatus.GONE
    next_step = "Scan the code again; the prizes that are left are shown again."


class DrawTaken(RuleBroken):
    """The play is somebody else's."""

    code = "draw_taken"
    status = HTTPStatus.CONFLICT
    next_step = "Scan the code again under your own name."


class AlreadyPlayed(RuleBroken):
    """The person has won at this scene today."""

    code = "draw_already_played"
    status = HTTPStatus.CONFLICT
    next_step = "Your prize of today is in your wallet; come back tomorrow."


class PrizeNotDrawn(RuleBroken):
    """The offer is none of those that were drawn."""

    code = "prize_not_drawn"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose one of the prizes that are shown."


class PrizeGone(RuleBroken):
    """The prize ran out since it was drawn; others of the play are left."""

    code = "prize_gone"
    status = HTTPStatus.CONFLICT
    next_step = "Choose another of the prizes; `offer_ids` are left."


class NoPrizeLeft(RuleBroken):
    """Every prize of the play ran out since it was drawn, and the network has nothing to stand in."""

    code = "no_prize_left"
    status = HTTPStatus.CONFLICT
    next_step = "Come back tomorrow; the operator has been told."


class OfferNotOpen(RuleBroken):
    """The offer cannot be taken here: it ran out or ended, costs points, or is not to be shown at this place."""

    code = "offer_not_open"
    status = HTTPStatus.CONFLICT
    next_step = "Choose another one; those that can be taken now are shown."


class OfferTaken(RuleBroken):
    """The person has taken a voucher today, or still has one of this offer to spend."""

    code = "offer_taken"
    status = HTTPStatus.CONFLICT
    next_step = "It is in your wallet; one voucher can be taken a day, and of each offer one at a time."


class CapReached(RuleBroken):
    """The person was given as many vouchers as one may get in these days."""

    code = "cap_reached"
    status = HTTPStatus.CONFLICT
    next_step = "Spend what is in your wallet, and come back another day."


class BudgetUnknown(RuleBroken):
    """There is no such budget, or it is not this merchant's."""

    code = "budget_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the budgets with GET /v1/budgets."


class BudgetInvalid(RuleBroken):
    """A budget has an end after its beginning, a limit, and offers of its owner in its currency."""

    code = "budget_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Change what `reason` names; offers are its owner's own, or of any merchant where the network pays."


class BudgetSpent(RuleBroken):
    """More has been set aside of the budget already."""

    code = "budget_spent"
    status = HTTPStatus.CONFLICT
    next_step = "Choose a limit of at least `spent_minor`; a budget that shall stop is set to what it has spent."


class CapInvalid(RuleBroken):
    """A cap of people or channels is the network's, and a channel is named for caps of channels only."""

    code = "cap_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name `merchant_id` for `merchant` and `person_merchant` only, and `channel` for `person_channel` only."


class SaleUnknown(RuleBroken):
    """There is no such sale, or it is not this merchant's."""

    code = "receipt_sale_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Record the sale first: POST /v1/sales."


class ReceiptUsed(RuleBroken):
    """Somebody has played with this receipt already."""

    code = "receipt_used"
    status = HTTPStatus.CONFLICT
    next_step = "Each receipt is good for one play; every purchase brings a new one."


class ReceiptEnded(RuleBroken):
    """The receipt is too old to play with."""

    code = "receipt_ended"
    status = HTTPStatus.GONE
    next_step = "A receipt is good for 14 days; every purchase brings a new one."


class GameUnknown(RuleBroken):
    """There is no such game, or none is played at this scene."""

    code = "game_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Look at the games of the network, and at which scenes they are played."


class GameInvalid(RuleBroken):
    """A game cannot be opened like this."""

    code = "game_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Change the field that is named; `reason` says how."


class SceneTaken(RuleBroken):
    """Another game is still played at a scene."""

    code = "scene_taken"
    status = HTTPStatus.CONFLICT
    next_step = "Close the other game first, or choose other scenes."


class NotPlaying(RuleBroken):
    """The game has not begun, or is over."""

    code = "not_playing"
    status = HTTPStatus.CONFLICT
    next_step = "Come back between `starts_at` and `ends_at`."


class GameEmpty(RuleBroken):
    """Nothing is left in the game, not even what stands in: nobody is allowed to play until there is more."""

    code = "game_empty"
    status = HTTPStatus.CONFLICT
    next_step = "Add to a prize of the game; the operator was told before."


class PacketUnknown(RuleBroken):
    """There is no such red packet, or it is somebody else's."""

    code = "red_packet_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Ask your friend to send the link again."


class PacketInvalid(RuleBroken):
    """A voucher cannot be divided like this."""

    code = "red_packet_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose 2 to 10 parts that are together no more than what is left; `reason` says what is in the way."


class PacketOwn(RuleBroken):
    """Nobody opens a red packet of their own."""

    code = "red_packet_own"
    status = HTTPStatus.CONFLICT
    next_step = "Send the link to friends; what they leave is yours again when the red packet ends."


class PacketEmpty(RuleBroken):
    """Others have opened every part."""

    code = "red_packet_empty"
    status = HTTPStatus.CONFLICT
    next_step = "Others were faster this time; play where your friend has won, or make a red packet yourself."


class PacketOver(RuleBroken):
    """The time of the red packet is over, its maker has taken back the rest, or the shop has withdrawn its voucher."""

    code = "red_packet_over"
    status = HTTPStatus.GONE
    next_step = "Ask your friend for another one, or play where they have won."


class PacketWaits(RuleBroken):
    """A campaign gives vouchers of this offer now, and who gets them is left to chance, so that its effect is known."""

    code = "red_packet_waits"
    status = HTTPStatus.CONFLICT
    next_step = "Share another voucher; this one can be shared again when the campaign is over."


class ReferralRuleInvalid(RuleBroken):
    """What an invitation earns is a voucher of an offer of the network that costs no points."""

    code = "referral_rule_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose another offer; list them with GET /v1/offers."


class NotWonInGame(RuleBroken):
    """The voucher was not won in a game."""

    code = "not_won_in_game"
    status = HTTPStatus.NOT_FOUND
    next_step = "GET /v1/vouchers/{voucher_id} says where it came from."


class SceneHasGame(RuleBroken):
    """A game is played at this scene now, with published odds: nothing else is drawn there."""

    code = "scene_has_game"
    status = HTTPStatus.CONFLICT
    next_step = "Play the game that `game_id` names: POST /v1/plays with the same touch."


class CampaignNotFound(RuleBroken):
    """There is no such campaign, or it is another merchant's."""

    code = "campaign_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List your campaigns with GET /v1/campaigns."


class CampaignInvalid(RuleBroken):
    """A campaign does not make sense as it was given."""

    code = "campaign_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the field that `field` names; `reason` says how."


class CampaignMoveRefused(RuleBroken):
    """A campaign cannot go from the state it is in to that one."""

    code = "campaign_move_refused"
    status = HTTPStatus.CONFLICT
    next_step = "Read the campaign again: its state allows other steps than this. One that has ended can be copied."


class OfferInCampaign(RuleBroken):
    """Another campaign, which runs or pauses, gives this offer already."""

    code = "offer_in_campaign"
    status = HTTPStatus.CONFLICT
    next_step = "End the other campaign first, or make this one with another offer."


class PartnershipNotFound(RuleBroken):
    """There is no such partnership, or the merchant is no party to it."""

    code = "partnership_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List your partnerships with GET /v1/partnerships."


class PartnershipNotAgreed(RuleBroken):
    """A partnership is not agreed by all of its parties, or was ended."""

    code = "partnership_not_agreed"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until every party has agreed, or propose another partnership."


class PartnershipLimit(RuleBroken):
    """The budgets of a party's campaigns would be above what the partnership allows."""

    code = "partnership_limit"
    status = HTTPStatus.CONFLICT
    next_step = "Take a smaller budget, end another exchange, or agree on another limit in a new partnership."


class ServicePlanInvalid(RuleBroken):
    """A service plan says nothing, or something that makes no sense; `field` names it."""

    code = "service_plan_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the field that is named, and send it again."


class ServicePlanNotFound(RuleBroken):
    """There is no such service plan, or it is another merchant's."""

    code = "service_plan_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the plans with GET /v1/service-plans."


class ServicePlanRunning(RuleBroken):
    """This tribe has a plan at this scene already."""

    code = "service_plan_running"
    status = HTTPStatus.CONFLICT
    next_step = "Change the plan that runs, or end it first."


class ServicePlanEnded(RuleBroken):
    """The plan is over."""

    code = "service_plan_ended"
    status = HTTPStatus.CONFLICT
    next_step = "Make a new plan for this tribe and scene."


class BenefitNotDue(RuleBroken):
    """No such benefit was looked up at this till lately, or the guest does not get it any more."""

    code = "benefit_not_due"
    status = HTTPStatus.NOT_FOUND
    next_step = "Scan the guest's own code again, and give what is shown then."


class PackUnreadable(RuleBroken):
    """A pack's file is wrong; `line` says where."""

    code = "pack_unreadable"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    next_step = "Correct the line of the pack's file that is named."


class PackNotFound(RuleBroken):
    """There is no such pack."""

    code = "pack_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the packs with GET /v1/packs."


class PackNeedsUsual(RuleBroken):
    """Too little was sold of late to say what a usual purchase costs, and nobody has said it."""

    code = "pack_needs_usual"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name what a usual purchase costs: usual_purchase_minor."


class PackCampaignUnknown(RuleBroken):
    """The pack has no campaign of this key."""

    code = "pack_campaign_unknown"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Read the pack, and name keys of its campaigns, or none for all of them."


class SwitchOffInvalid(RuleBroken):
    """A switch-off cannot be planned like this."""

    code = "switch_off_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Mend the named field and plan it again."


class SwitchOffNotFound(RuleBroken):
    """There is no such switch-off."""

    code = "switch_off_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List switch-offs with GET /v1/loop/switch-off."


class SwitchOffPlanned(RuleBroken):
    """A switch-off runs or waits already; there is one at a time."""

    code = "switch_off_planned"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until it is over, or stop it."
