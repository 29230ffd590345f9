"""The routes of plays, and of what they may give."""

from ringmain.campaign.games.http import ROUTES as GAME_ROUTES
from ringmain.campaign.games.story_http import ROUTES as STORY_ROUTES
from ringmain.campaign.http.budgets import ROUTES as BUDGET_ROUTES
from ringmain.campaign.http.plays import ROUTES as PLAY_ROUTES
from ringmain.campaign.packets.http import ROUTES as PACKET_ROUTES
from ringmain.campaign.packs.http import ROUTES as PACK_ROUTES
from ringmain.campaign.plan.http import ROUTES as PLAN_ROUTES
from ringmain.campaign.referrals.http import ROUTES as REFERRAL_ROUTES
from ringmain.campaign.service.http import ROUTES as SERVICE_ROUTES
from ringmain.campaign.service.till_http import ROUTES as BENEFIT_ROUTES
from ringmain.kit.http import Route

ROUTES: tuple[Route, ...] = (
    *PLAY_ROUTES,
    *GAME_ROUTES,
    *STORY_ROUTES,
    *PACKET_ROUTES,
    *REFERRAL_ROUTES,
    *PLAN_ROUTES,
    *SERVICE_ROUTES,
    *BENEFIT_ROUTES,
    *PACK_ROUTES,
    *BUDGET_ROUTES,
)
