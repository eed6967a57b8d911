# ruff: noqa: E501 - a pattern stands on one line
"""Words that say which way: verbs and nouns of rising and falling, and topics that no price tells."""

from __future__ import annotations

import re

__all__ = ["SUPPOSED", "TOPIC", "cue", "cues"]

_UP = (
    r"ros(?:e)|ris(?:e|es|en|ing)|gain(?:s|ed|ing|ers?)?|climb(?:s|ed|ing)?|jump(?:s|ed|ing)?|surg(?:e|es|ed|ing)"
    r"|soar(?:s|ed|ing)?|rall(?:y|ies|ied|ying)|advanc(?:e|es|ed|ing|ers?)|add(?:s|ed|ing)|tack(?:s|ed|ing)? on|put(?:s|ting)? on"
    r"|increas(?:e|es|ed|ing)|gr(?:ew|ow|ows|own|owing)|up|higher|leap(?:s|ed|t|ing)?|spik(?:e|es|ed|ing)|popp?(?:s|ed|ing)?"
    r"|rebound(?:s|ed|ing)?|recover(?:s|ed|ing|y)?|firm(?:s|ed|ing)|strengthen(?:s|ed|ing)?|stronger|bounc(?:e|es|ed|ing)"
    r"|appreciat(?:e|es|ed|ing)|improv(?:e|es|ed|ing)|rocket(?:s|ed|ing)?|skyrocket(?:s|ed|ing)?|zoom(?:s|ed|ing)?"
    r"|return(?:s|ed|ing)?|earn(?:ed|s|ing)|green|win(?:s|ning|ners?)?|won|positive|upside|upward|ascend(?:s|ed|ing)?"
    r"|lift(?:s|ed|ing)?|melt(?:s|ed)? up|melt-up|ahead|took off|vault(?:s|ed|ing)?|catapult(?:s|ed)?|bulg(?:e|es|ed)"
    r"|tick(?:s|ed|ing)? up|inch(?:es|ed|ing)? up|black|upturn|accelerat(?:e|es|ed)|swell(?:s|ed)?|mount(?:s|ed)"
    r"|push(?:es|ed)? (?:up|higher)|mov(?:e|es|ed) (?:up|higher)|went up|go(?:es|ing)? up|gone up"
)
_DOWN = (
    r"f[ae]ll(?:s|en|ing|ers?)?|drop(?:s|ped|ping)?|lo(?:st|se|ses|sing|ss|sses|sers?)|slip(?:s|ped|ping)?|slid(?:e|es|ing)?|sank|sunk|sink(?:s|ing)?"
    r"|declin(?:e|es|ed|ing|ers?)|tumbl(?:e|es|ed|ing)|plung(?:e|es|ed|ing)|plummet(?:s|ed|ing)?|retreat(?:s|ed|ing)?"
    r"|dip(?:s|ped|ping)?|eas(?:e|es|ed|ing)|shed(?:s|ding)?|slump(?:s|ed|ing)?|crash(?:es|ed|ing)?|sagg?(?:s|ed|ing)?|skid(?:s|ded)?"
    r"|g(?:ave|ive|iven|iving|ives) (?:up|back)|down|lower|weak(?:en|ens|ened|er|ening)|tank(?:s|ed|ing)?|collaps(?:e|es|ed|ing)"
    r"|decreas(?:e|es|ed|ing)|ced(?:e|ed|es|ing)|surrender(?:s|ed|ing)?|pull(?:s|ed)? back|pullback|back(?:s|ed) off|contract(?:ed|s|ing|ion)"
    r"|shr(?:ank|ink|inks|unk)|red|div(?:e|es|ed|ing)|dove|nosediv(?:e|es|ed|ing)|swoon(?:s|ed)?|stumbl(?:e|es|ed|ing)|negative"
    r"|fad(?:e|es|ed|ing)|soften(?:s|ed|ing)?|sell-?off|sold off|drawdown|descend(?:s|ed)?|depreciat(?:e|es|ed)|crater(?:s|ed|ing)?"
    r"|correct(?:ed|ion)|drift(?:s|ed) down|downside|worst|relinquish(?:es|ed)?|erod(?:e|es|ed)|wip(?:e|ed) out|behind|slash(?:ed)?"
    r"|forfeit(?:s|ed)?|downturn|dwindl(?:e|es|ed)|move[sd]? (?:down|lower)|went down|gone down|subtract(?:ed|s)?|sour(?:ed)?"
)
CUES = re.compile(rf"(?<![a-z-])(?:(?P<down>{_DOWN})|(?P<up>{_UP}))(?![a-z])")
TOPIC = re.compile(
    r"\b(?:earnings|revenues?|sales|profits?|estimates?|margins?|eps|income|orders|guidance|forecasts?|expectations|"
    r"gdp|inflation|cpi|ppi|unemployment|jobless|payrolls?|wages?|jobs|capex|spending|investments?|market cap(?:italization|italisation)?|"
    r"market value|capital|dividend|buybacks?|output|production|shipments?|deliveries|demand|supply|tariffs?|rates?|"
    r"multiple|p/e|times forward|valuation|odds|probability|chance|backlog|subscribers?|users|trading volume|volume|"
    r"beat rate|growth|cost|costs|price target|stake|layoffs|workforce|employees|interest|screenshots|mortgage|economy|average of|debt|load)\b"
)


def cues(shape: str) -> list[tuple[int, int]]:
    """Return places and directions (1 up, -1 down) of the words that say which way.

    Examples
    --------
    >>> cues("intel gained while energy fell")
    [(6, 1), (26, -1)]
    """
    return [(match.start(), -1 if match["down"] else 1) for match in CUES.finditer(shape)]


def cue(shape: str, *, last: bool = False) -> int:
    """Return the first direction said in a piece of text, or the last one; 0 for none."""
    found = cues(shape)
    return 0 if not found else found[-1 if last else 0][1]


SUPPOSED = re.compile(
    r"\b(?:could|would|might|may|if|whether|should|expect(?:s|ed)?|expecting|forecasts?|projects|projected|predicts?|"
    r"predicted|to rise by|to fall by|target(?:s|ing)?|anticipates?|hypothetical|unless|can you|afford)\b"
)
"""Words before a number that is supposed, not stated."""
