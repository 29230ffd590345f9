"""Every table of the lake, collected from the slices that own its facts."""

from ringmain.kit.lake import LakeTable
from ringmain.sale.api import LAKE_TABLES as SALE_TABLES
from ringmain.scene.api import LAKE_TABLES as SCENE_TABLES
from ringmain.voucher.api import LAKE_TABLES as VOUCHER_TABLES


def lake_tables() -> tuple[LakeTable, ...]:
    """Return the declarations of all facts that are copied to the lake."""
    return (*SALE_TABLES, *VOUCHER_TABLES, *SCENE_TABLES)
