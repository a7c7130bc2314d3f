"""What text may be: what is refused, and what some scripts need."""

from __future__ import annotations

import pytest

from p2plending.lib.text import UnfitText, check_lines, check_one_line, normal_text, one_line, without_invisible

LINE_BREAKS = ["\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
CONTROLS = ["\x00", "\x01", "\x07", "\b", "\t", "\x1b", "\x1f", "\x7f", "\x80", "\x9b"]
INVISIBLE = [
    *("\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e"),
    *("\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2060", "\u2061", "\u2066", "\u2067", "\u2068"),
    *("\u2069", "\u206f", "\u2800", "\u3164", "\ufe0f", "\ufe00", "\ufeff", "\uffa0", "\ufff9", "\ufffe", "\ufdd0"),
    *("\ue000", "\U0001d173", "\U000e0001", "\U000e0041", "\U000e0100", "\U000f0000", "\U0010ffff"),
]
FINE = {
    "plain": "New kitchen, 2nd floor",
    "accents": "Žofie Ångström-O’Brien",
    "Vietnamese": "Nguyễn Thị Ngọc",
    "Arabic": "محمد علي",
    "Hebrew": "שרה כהן",
    "Persian with a joiner": "می\u200cخواهم",
    "Hindi with a joiner": "क्\u200dष",
    "Hindi with a non-joiner": "क्\u200cष",
    "Sinhala with a joiner": "ශ්\u200dරී",
    "Malayalam ending in a joiner": "ജോണ്\u200d",
    "Bengali with a joiner": "র\u200d্যাব",
    "Japanese name in its own form": "葛\U000e0100城",
    "Chinese": "王小明",
    "Thai": "สมชาย",
    "a heart": "❤\ufe0f",
    "a key cap": "1\ufe0f\u20e3",
    "a family": "👨\u200d👩\u200d👧",
    "a profession": "👩🏽\u200d🔧",
    "euro": "€ 1,000 – “fine” (50 %)",
}


@pytest.mark.parametrize("character", [*LINE_BREAKS, *CONTROLS, *INVISIBLE], ids=lambda one: f"U+{ord(one):04X}")
@pytest.mark.parametrize("text", ["New{}kitchen", "{}New", "New{}", "{}"])
def test_what_can_not_be_seen_is_refused_in_one_line_wherever_it_stands(text: str, character: str) -> None:
    with pytest.raises(UnfitText):
        check_one_line(text.format(character))


@pytest.mark.parametrize("character", [*LINE_BREAKS[1:], *CONTROLS, *INVISIBLE], ids=lambda one: f"U+{ord(one):04X}")
def test_text_of_several_lines_has_newlines_and_nothing_else_that_can_not_be_seen(character: str) -> None:
    check_lines("one\ntwo\n\nthree")
    with pytest.raises(UnfitText):
        check_lines(f"one{character}two")


@pytest.mark.parametrize("name", FINE)
def test_text_of_all_scripts_is_taken_as_it_is(name: str) -> None:
    check_one_line(FINE[name])
    assert one_line(FINE[name]) == FINE[name]
    assert normal_text(FINE[name]) == FINE[name]


@pytest.mark.parametrize("text", ["a\u200cb", "a\u200db", "م\u200c", "م\u200ca", "1\u200d2", "A\ufe0f", "王\ufe0f"])
def test_a_joiner_or_selector_is_refused_where_it_changes_nothing(text: str) -> None:
    with pytest.raises(UnfitText):
        check_one_line(text)


def test_the_words_say_where_the_character_is() -> None:
    with pytest.raises(UnfitText) as refused:
        check_one_line("New kit\u200bchen")
    assert refused.value.code == "invisible_character"
    assert "after “New kit”" in refused.value.words
    with pytest.raises(UnfitText) as refused:
        check_one_line("\u202eNew")
    assert "at the beginning" in refused.value.words
    with pytest.raises(UnfitText) as refused:
        check_one_line("one\ntwo")
    assert (refused.value.code, refused.value.words) == ("line_break", "Write this in one line, without line breaks.")


def test_one_name_is_one_sequence_of_characters() -> None:
    assert normal_text("Zoe\u0308") == "Zoë"
    assert normal_text("a\u00a0b\u3000c\u202fd") == "a b c d"
    assert normal_text("one\r\ntwo\rthree") == "one\ntwo\nthree"


def test_text_from_wherever_becomes_one_readable_line() -> None:
    assert one_line("Line one\r\n line two\u2028\tthree") == "Line one line two three"
    assert one_line("a\u202eb\x00c\u200bd\ufeff") == "abcd"
    assert one_line("") == ""


def test_codes_keep_only_what_can_be_seen() -> None:
    assert without_invisible("\u200eDE89\u200b 3704\u00a00044\u2060\ufeff") == "DE8937040044"
    assert without_invisible("ＤＥ８９") == "DE89"
