"""All that other slices may call of plays and campaigns."""

from ringmain.campaign.allocation import (
    Allocation,
    Bands,
    Budgets,
    Candidates,
    Pace,
    Picked,
    Prices,
    Problem,
    allocate,
    moved,
    multiplier,
    pick,
    sharpness_of,
    used,
    worth,
)
from ringmain.campaign.claim import Claimed, claim
from ringmain.campaign.draw import PRIZE_REACH_M, Draw, Player, Prize, draw
from ringmain.campaign.games.choose import Choosing, Won, choose, choosing_at, settle_choices
from ringmain.campaign.games.look import (
    AtScene,
    Chance,
    Outlook,
    RunningLow,
    game_at,
    outlook,
    played_at,
    running_low,
)
from ringmain.campaign.games.manage import Published, add_stock, close_game, list_games, open_game, read_game
from ringmain.campaign.games.model import Game, GameKind, NewGame, NewPrize, packed
from ringmain.campaign.games.model import Prize as GamePrize
from ringmain.campaign.games.play import Played, Plays, play, play_game
from ringmain.campaign.games.store import plays_unlike_their_vouchers
from ringmain.campaign.games.store.choices import choices_unlike_their_plays
from ringmain.campaign.games.store.told import LAKE_TABLES as GAME_LAKE_TABLES
from ringmain.campaign.games.store.told import ToldPlay, plays_of_vouchers
from ringmain.campaign.games.story import PlayStory, play_story
from ringmain.campaign.messages.choose import plan as plan_messages
from ringmain.campaign.messages.give import MessageFigures, message_figures
from ringmain.campaign.messages.model import Round
from ringmain.campaign.messages.people import Reachable
from ringmain.campaign.messages.preview import preview_message
from ringmain.campaign.messages.run import send_today
from ringmain.campaign.messages.standing import RoundStanding, round_standing, stop_round
from ringmain.campaign.messages.store import LAKE_TABLES as MESSAGE_LAKE_TABLES
from ringmain.campaign.packets.model import MOST_PARTS as MOST_PACKET_PARTS
from ringmain.campaign.packets.model import Packet
from ringmain.campaign.packets.share import (
    Opened,
    Shared,
    end_packet,
    make_packet,
    open_packet,
    packet_at,
    packet_of,
    read_packet,
)
from ringmain.campaign.packets.store import packets_unlike_their_parts
from ringmain.campaign.packs.apply import Applied, LeftOut, apply_pack, pack_drafts
from ringmain.campaign.packs.load import pack_of, packs
from ringmain.campaign.packs.model import Pack, PackCampaign, PackOffer
from ringmain.campaign.packs.usual import FEWEST_SALES, Usual, usual_purchase
from ringmain.campaign.plan.assignment import area_of
from ringmain.campaign.plan.breach import breach_recorder
from ringmain.campaign.plan.deal import Dealing, dealing, held_out, record_opportunities
from ringmain.campaign.plan.model import (
    DAY_MINUTES,
    LAPSED_DAYS,
    LEAST_LAPSED,
    MOST_LAPSED,
    Audience,
    Campaign,
    Goal,
    NewCampaign,
    Partnership,
    Schedule,
    State,
    SwitchOff,
)
from ringmain.campaign.plan.partner import (
    agree_partnership,
    bound_minor,
    end_partnership,
    partnerships_of,
    propose_partnership,
    read_partnership,
    rivals_among,
)
from ringmain.campaign.plan.reach import audience_size
from ringmain.campaign.plan.run import (
    approve_campaign,
    campaigns_of,
    campaigns_to_approve,
    copy_campaign,
    decline_campaign,
    draft_campaign,
    end_campaign,
    end_due_campaigns,
    in_the_way,
    pause_campaign,
    read_campaign,
    start_campaign,
)
from ringmain.campaign.plan.store.breaches import LAKE_TABLES as BREACH_LAKE_TABLES
from ringmain.campaign.plan.store.campaigns import LAKE_TABLES as PLAN_LAKE_TABLES
from ringmain.campaign.plan.switch_off import areas, is_off, plan_switch_off, stop_switch_off, switch_offs
from ringmain.campaign.receipt import NextVoucher, next_voucher
from ringmain.campaign.referrals.invite import Sharing, invite, join_by, set_rule, sharing_of
from ringmain.campaign.referrals.store import LAKE_TABLES as REFERRAL_LAKE_TABLES
from ringmain.campaign.referrals.store import Rule as ReferralRule
from ringmain.campaign.service.benefits import DueBenefit, Till, copied_benefits, due_benefits, give_benefit
from ringmain.campaign.service.manage import (
    NewServicePlan,
    change_plan,
    end_plan,
    make_plan,
    offers_for,
    plans_of,
    read_plan,
)
from ringmain.campaign.service.model import (
    LONGEST_BENEFIT,
    LONGEST_PACE_DAYS,
    MOST_BENEFITS,
    SCENES,
    Benefit,
    Said,
    ServicePlan,
    in_language,
)
from ringmain.campaign.service.model import Scene as PlanScene
from ringmain.campaign.service.serve import benefits_of, copied_plans, first_found, owners_named
from ringmain.campaign.service.store import LAKE_TABLES as SERVICE_LAKE_TABLES
from ringmain.campaign.show import read_draw
from ringmain.campaign.store import Missed, missed
from ringmain.campaign.take import take, taken_today
from ringmain.campaign.tell import winners
from ringmain.campaign.uplift import (
    Chances,
    Effects,
    Experiment,
    Known,
    both_chances,
    cross_fitted,
    effects,
    shown_effects,
    two_boosted,
    two_logistic,
)
from ringmain.campaign.value import Asked, Value, expected, without

LAKE_TABLES = (*PLAN_LAKE_TABLES, *BREACH_LAKE_TABLES, *REFERRAL_LAKE_TABLES, *SERVICE_LAKE_TABLES)

__all__ = [
    "DAY_MINUTES",
    "FEWEST_SALES",
    "GAME_LAKE_TABLES",
    "LAKE_TABLES",
    "LAPSED_DAYS",
    "LEAST_LAPSED",
    "LONGEST_BENEFIT",
    "LONGEST_PACE_DAYS",
    "MESSAGE_LAKE_TABLES",
    "MOST_BENEFITS",
    "MOST_LAPSED",
    "MOST_PACKET_PARTS",
    "PRIZE_REACH_M",
    "SCENES",
    "Allocation",
    "Applied",
    "Asked",
    "AtScene",
    "Audience",
    "Bands",
    "Benefit",
    "Budgets",
    "Campaign",
    "Candidates",
    "Chance",
    "Chances",
    "Choosing",
    "Claimed",
    "Dealing",
    "Draw",
    "DueBenefit",
    "Effects",
    "Experiment",
    "Game",
    "GameKind",
    "GamePrize",
    "Goal",
    "Known",
    "LeftOut",
    "MessageFigures",
    "Missed",
    "NewCampaign",
    "NewGame",
    "NewPrize",
    "NewServicePlan",
    "NextVoucher",
    "Opened",
    "Outlook",
    "Pace",
    "Pack",
    "PackCampaign",
    "PackOffer",
    "Packet",
    "Partnership",
    "Picked",
    "PlanScene",
    "PlayStory",
    "Played",
    "Player",
    "Plays",
    "Prices",
    "Prize",
    "Problem",
    "Published",
    "Reachable",
    "ReferralRule",
    "Round",
    "RoundStanding",
    "RunningLow",
    "Said",
    "Schedule",
    "ServicePlan",
    "Shared",
    "Sharing",
    "State",
    "SwitchOff",
    "Till",
    "ToldPlay",
    "Usual",
    "Value",
    "Won",
    "add_stock",
    "agree_partnership",
    "allocate",
    "apply_pack",
    "approve_campaign",
    "area_of",
    "areas",
    "audience_size",
    "benefits_of",
    "both_chances",
    "bound_minor",
    "breach_recorder",
    "campaigns_of",
    "campaigns_to_approve",
    "change_plan",
    "choices_unlike_their_plays",
    "choose",
    "choosing_at",
    "claim",
    "close_game",
    "copied_benefits",
    "copied_plans",
    "copy_campaign",
    "cross_fitted",
    "dealing",
    "decline_campaign",
    "draft_campaign",
    "draw",
    "due_benefits",
    "effects",
    "end_campaign",
    "end_due_campaigns",
    "end_packet",
    "end_partnership",
    "end_plan",
    "expected",
    "first_found",
    "game_at",
    "give_benefit",
    "held_out",
    "in_language",
    "in_the_way",
    "invite",
    "is_off",
    "join_by",
    "list_games",
    "make_packet",
    "make_plan",
    "message_figures",
    "missed",
    "moved",
    "multiplier",
    "next_voucher",
    "offers_for",
    "open_game",
    "open_packet",
    "outlook",
    "owners_named",
    "pack_drafts",
    "pack_of",
    "packed",
    "packet_at",
    "packet_of",
    "packets_unlike_their_parts",
    "packs",
    "partnerships_of",
    "pause_campaign",
    "pick",
    "plan_messages",
    "plan_switch_off",
    "plans_of",
    "play",
    "play_game",
    "play_story",
    "played_at",
    "plays_of_vouchers",
    "plays_unlike_their_vouchers",
    "preview_message",
    "propose_partnership",
    "read_campaign",
    "read_draw",
    "read_game",
    "read_packet",
    "read_partnership",
    "read_plan",
    "record_opportunities",
    "rivals_among",
    "round_standing",
    "running_low",
    "send_today",
    "set_rule",
    "settle_choices",
    "sharing_of",
    "sharpness_of",
    "shown_effects",
    "start_campaign",
    "stop_round",
    "stop_switch_off",
    "switch_offs",
    "take",
    "taken_today",
    "two_boosted",
    "two_logistic",
    "used",
    "usual_purchase",
    "winners",
    "without",
    "worth",
]
