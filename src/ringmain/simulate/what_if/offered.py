"""What pages may ask of what would happen."""

from ringmain.simulate.what_if.asking import answer_next, answered, keep_question, question_of, questions, stop_question
from ringmain.simulate.what_if.change import (
    CAUSED,
    LOST,
    MORE,
    PAIRS,
    AddShop,
    Answer,
    DoubleBudget,
    Figure,
    Question,
    RemoveShop,
)
from ringmain.simulate.what_if.store import Asked

__all__ = [
    "CAUSED",
    "LOST",
    "MORE",
    "PAIRS",
    "AddShop",
    "Answer",
    "Asked",
    "DoubleBudget",
    "Figure",
    "Question",
    "RemoveShop",
    "answer_next",
    "answered",
    "keep_question",
    "question_of",
    "questions",
    "stop_question",
]
