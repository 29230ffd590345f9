"""What pages use beside the database: the till's door, the flow, the demo, who vouches for operators."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.entry.web.snapshot import Snapshots
from ringmain.kit.pages import Visit
from ringmain.network.api import Organisation
from ringmain.sale.api import TillDoor


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by the wiring; `demo_network` is where visitors may take roles without signing in, if anywhere.

    `organisation` is where operators may sign in instead of here, if anywhere.
    """

    door: TillDoor
    snapshots: Snapshots
    replayed_network: UUID | None
    demo_network: UUID | None
    organisation: Organisation | None = None


def services(visit: Visit) -> Services:
    """Return what the wiring has given to the pages."""
    found = visit.site.services
    assert isinstance(found, Services)
    return found
