"""What pages use beside the database: the till's door, the snapshot of the flow, which network is the demo."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.entry.web.snapshot import Snapshots
from ringmain.kit.pages import Visit
from ringmain.sale.api import TillDoor


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by the wiring; `demo_network` is where visitors may take roles without signing in, if anywhere."""

    door: TillDoor
    snapshots: Snapshots
    replayed_network: UUID | None
    demo_network: UUID | None


def services(visit: Visit) -> Services:
    """Return what the wiring has given to the pages."""
    found = visit.site.services
    assert isinstance(found, Services)
    return found
