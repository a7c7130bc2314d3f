"""What text may be: readable as it stands, with nothing in it that can't be seen.

One-line text (names, titles, references) goes into mail headers, table cells and lists of other people: no line breaks
and no tabs. Text of several lines (a story, a reason) may have line breaks. Neither may have control characters, marks
that turn the direction of reading, or characters that can't be seen, because two texts that look alike would differ.

Some scripts need characters that can't be seen, and there they are kept: the joiners of Arabic, Persian and the scripts
of India between or after letters of these scripts, the joiner inside an emoji, and variation selectors after what they
vary. Text is kept in NFC, so that one name is one sequence of characters; blanks of other widths become plain ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext as _

LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER = "\u200c", "\u200d"
# Scripts in which a joiner changes what is read: cursive ones, and those that build clusters with a virama.
JOINING_SCRIPTS = frozenset(
    (
        *("ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "MANDAIC", "ADLAM", "DEVANAGARI"),
        *("BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA"),
        *("MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN", "BALINESE", "JAVANESE"),
        *("CHAKMA", "LEPCHA", "LIMBU", "THAI", "LAO"),
    )
)
VIRAMA = 9
# They have width or mark a place, but show nothing: letters and marks by category.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001bca0\U0001d159")
# Of the category of format characters, but they are seen.
_SEEN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


class UnfitText(ValueError):
    """Text that can't be taken: `code` says why, `words` tell somebody who can't see the character where it is."""

    def __init__(self, code: str, text: str, place: int) -> None:
        self.code = code
        self.words = _unfit_words(code, text[max(0, place - 12) : place].strip())
        super().__init__(f"{code} at {place}")


def _unfit_words(code: str, before: str) -> str:
    if code == "line_break":
        return _("Write this in one line, without line breaks.")
    if not before:
        return _("There is a character that can't be seen at the beginning. Take it out or type the text again.")
    words = _("There is a character that can't be seen after “%(before)s”. Take it out or type the text again.")
    return words % {"before": before}


def normal_text(text: str) -> str:
    """The text in NFC with plain blanks, and line breaks of Windows and old Macs as one newline."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", "".join(" " if unicodedata.category(c) == "Zs" else c for c in text))


def check_one_line(text: str) -> None:
    """Raises UnfitText with code `line_break`, `control_character` or `invisible_character`."""
    for place, code in _unfit(text):
        raise UnfitText(code, text, place)


def check_lines(text: str) -> None:
    """As `check_one_line`, but newlines are taken."""
    for place, code in _unfit(text):
        if text[place] != "\n":
            raise UnfitText(code, text, place)


def one_line(text: object) -> str:
    """Text from wherever as one readable line: for mail headers and searches, where it is too late to refuse."""
    plain = normal_text(str(text))
    unfit = dict(_unfit(plain))
    kept = (
        " " if place in unfit and _parts_words(character) else "" if place in unfit else character
        for place, character in enumerate(plain)
    )
    return " ".join("".join(kept).split())


def without_invisible(text: str) -> str:
    """For codes that people paste, like account numbers: only what can be seen, without blanks."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if not _is_hidden(character) and not character.isspace()
    )


def _parts_words(character: str) -> bool:
    return character in LINE_BREAKS or character == "\t"


def _unfit(text: str) -> Iterator[tuple[int, str]]:
    for place, character in enumerate(text):
        if character in LINE_BREAKS:
            yield place, "line_break"
        elif unicodedata.category(character) == "Cc":
            yield place, "control_character"
        elif _is_hidden(character) and not _belongs(text, place):
            yield place, "invisible_character"


def _is_hidden(character: str) -> bool:
    number = ord(character)
    if number < 0xA0:
        return number < 0x20 or number >= 0x7F
    if character in _SEEN_FORMATS:
        return False
    return (
        unicodedata.category(character) in _HIDDEN_CATEGORIES
        or character in _BLANK_LETTERS
        or _is_variation_selector(number)
        or (number & 0xFFFE) == 0xFFFE
        or 0xFDD0 <= number <= 0xFDEF
        or 0xE0000 <= number <= 0xE0FFF
    )


def _is_variation_selector(number: int) -> bool:
    return 0xFE00 <= number <= 0xFE0F or 0xE0100 <= number <= 0xE01EF or number in (0x180B, 0x180C, 0x180D, 0x180F)


def _belongs(text: str, place: int) -> bool:
    """Whether a character that can't be seen is needed where it stands."""
    if place == 0:
        return False
    before, after = text[place - 1], text[place + 1 : place + 2]
    character = text[place]
    if character in (ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER):
        return _joins(character, before, after)
    if _is_variation_selector(ord(character)):
        return _varies(character, before)
    return False


def _joins(joiner: str, before: str, after: str) -> bool:
    script = _script(before)
    if script in JOINING_SCRIPTS and (unicodedata.combining(before) == VIRAMA or _script(after) == script):
        return True
    # A family, a profession: several pictures drawn as one.
    return joiner == ZERO_WIDTH_JOINER and _is_picture(before) and bool(after) and _is_picture(after)


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") or character in "\ufe0f♀♂"


def _varies(selector: str, before: str) -> bool:
    category, script = unicodedata.category(before), _script(before)
    if selector in "\ufe0e\ufe0f":
        return category in ("So", "Sm", "Sk") or before in "#*0123456789‼⁉〰〽㊗㊙©®™ℹ"
    if script == "MONGOLIAN" or selector in "\u180b\u180c\u180d\u180f":
        return script == "MONGOLIAN" and category == "Lo"
    # Forms of Chinese characters in names of places and people.
    return script == "CJK"


def _script(character: str) -> str:
    if not character or unicodedata.category(character)[0] not in "LM":
        return ""
    return unicodedata.name(character, "").split(" ")[0]
