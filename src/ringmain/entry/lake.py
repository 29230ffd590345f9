"""Every table of the lake, collected from the slices that own its facts."""

from ringmain.campaign.api import GAME_LAKE_TABLES, MESSAGE_LAKE_TABLES
from ringmain.kit.lake import LakeTable
from ringmain.loop.api import LAKE_TABLES as LOOP_TABLES
from ringmain.match.api import LAKE_TABLES as MATCH_TABLES
from ringmain.message.api import LAKE_TABLES as MESSAGE_TABLES
from ringmain.segment.api import LAKE_TABLES as SEGMENT_TABLES


def lake_tables() -> tuple[LakeTable, ...]:
    """Return the declarations of all facts that are copied to the lake."""
    return (
        *LOOP_TABLES,
        *GAME_LAKE_TABLES,
        *MATCH_TABLES,
        *MESSAGE_LAKE_TABLES,
        *MESSAGE_TABLES,
        *SEGMENT_TABLES,
    )
