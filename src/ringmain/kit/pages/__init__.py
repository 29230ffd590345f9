"""What all pages stand on: declared routes, sessions, forms that count once, languages, templates, static files."""

from ringmain.kit.pages.application import application
from ringmain.kit.pages.forms import Form, FormUnreadable
from ringmain.kit.pages.languages import LANGUAGES, Languages, Speech
from ringmain.kit.pages.presses import OwnPages, Presses, PressRefused
from ringmain.kit.pages.route import Audience, PageRoute, Site
from ringmain.kit.pages.sessions import PageSession, end_session, end_sessions_of, open_session, sessions_of
from ringmain.kit.pages.static_files import StaticFiles
from ringmain.kit.pages.templates import Templates
from ringmain.kit.pages.visit import Visit

__all__ = [
    "LANGUAGES",
    "Audience",
    "Form",
    "FormUnreadable",
    "Languages",
    "OwnPages",
    "PageRoute",
    "PageSession",
    "PressRefused",
    "Presses",
    "Site",
    "Speech",
    "StaticFiles",
    "Templates",
    "Visit",
    "application",
    "end_session",
    "end_sessions_of",
    "open_session",
    "sessions_of",
]
