"""Segments on the consoles of merchants and operators."""

from ringmain.entry.web.segment.pages import PAGES

__all__ = ["PAGES"]
