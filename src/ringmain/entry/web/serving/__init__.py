"""Pages of how tribes are served: service plans of the network and of merchants, and what works where."""

from ringmain.entry.web.serving import plans, scenes
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (*plans.PAGES, *scenes.PAGES)
