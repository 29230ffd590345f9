"""The routes about groups of people: tribes that were found, and segments that a rule defines."""

from ringmain.segment.http.segments import SEGMENT_ROUTES
from ringmain.segment.http.tribes import TRIBE_ROUTES

ROUTES = (*TRIBE_ROUTES, *SEGMENT_ROUTES)
