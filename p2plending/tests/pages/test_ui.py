"""Figures, dates, badges and parts, word for word."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.utils import translation

from accounts.enums.people import VerificationStatus
from ledger.enums.books import DepositStatus, WithdrawalStatus
from loans.enums.loan import CommitmentStatus, InstalmentStatus, LoanStatus, NoteStatus
from p2plending.lib import charts
from p2plending.lib.formatting import format_day, format_money, format_percent
from p2plending.templatetags import badges
from p2plending.tests.support.markup import compact

TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
STYLES = sorted((Path(settings.BASE_DIR) / "static" / "css").glob("*.css"))
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def rendered(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


# --- figures ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (123_450, "€1,234.50"),
        (0, "€0.00"),
        (5, "€0.05"),
        (-1_200, f"{MINUS}€12.00"),
        (999_999_999_99, "€999,999,999.99"),
    ],
)
def test_money_reads_symbol_first_with_grouping_and_a_real_minus(minor: int, text: str) -> None:
    assert format_money(minor) == text
    assert rendered("{{ a|money }}", a=minor) == f'<span class="money">{text}</span>'


def test_a_list_of_changes_shows_plus_and_minus_but_no_sign_on_zero() -> None:
    assert [format_money(minor, sign=True) for minor in (1_200, -1_200, 0)] == ["+€12.00", f"{MINUS}€12.00", "€0.00"]
    assert rendered('{{ a|money:"+" }}', a=1_200) == '<span class="money">+€12.00</span>'


def test_whole_amounts_drop_cents_only_when_there_are_none() -> None:
    assert rendered("{{ a|money0 }}", a=750_000) == '<span class="money">€7,500</span>'
    assert rendered("{{ a|money0 }}", a=750_050) == '<span class="money">€7,500.50</span>'


@pytest.mark.parametrize("name", ["money", "money0", "rate", "percent1", "percent0", "day", "moment"])
def test_what_is_not_known_is_a_dash_with_words_for_a_screen_reader(name: str) -> None:
    dash = '<span aria-hidden="true">–</span><span class="visually-hidden">not known</span>'
    assert rendered("{{ a|" + name + " }}", a=None) == dash


def test_amounts_follow_the_exponent_and_symbol_of_the_currency(settings: SimpleNamespace) -> None:
    settings.CURRENCY_EXPONENT, settings.CURRENCY_SYMBOL = 0, "¥"
    assert format_money(1_234_500) == "¥1,234,500"
    settings.CURRENCY_EXPONENT, settings.CURRENCY_SYMBOL = 3, "KWD "
    assert format_money(1_234_500) == "KWD 1,234.500"


def test_amounts_follow_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert format_money(1_234_50) == "€1.234,50"
        assert format_percent(Decimal("0.1"), 2) == "10,00%"


def test_plain_amounts_are_what_a_form_field_holds() -> None:
    assert rendered("{{ a|plain_amount }}", a=123_450) == "1234.50"
    assert rendered("{{ a|money_text }}", a=123_450) == "€1,234.50"


def test_rates_round_half_up_at_their_own_number_of_places() -> None:
    assert rendered("{{ a|rate }}", a=Decimal("0.12")) == "12.00%"
    assert rendered("{{ a|rate }}", a=Decimal("0.123456")) == "12.35%"
    assert rendered("{{ a|percent1 }}", a=Decimal("0.1125")) == "11.3%"
    assert rendered("{{ a|percent0 }}", a=Decimal("0.465")) == "47%"
    assert rendered("{{ a|percent1 }}", a=Decimal("-0.031")) == f"{MINUS}3.1%"


# --- dates -----------------------------------------------------------------------------------------------------------
def test_days_never_break_and_have_no_leading_zero() -> None:
    day = dt.date(2026, 11, 2)
    assert rendered("{{ a|day }}", a=day) == f'<time datetime="2026-11-02">2{NBSP}Nov{NBSP}2026</time>'
    assert format_day(day, "long") == f"2{NBSP}November{NBSP}2026"
    assert format_day(day, "short") == f"2{NBSP}Nov"
    assert format_day(day, "month") == f"Nov{NBSP}2026"


def test_instants_show_the_time_of_the_platform_not_utc(settings: SimpleNamespace) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    instant = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
    assert rendered("{{ a|moment }}", a=instant) == (
        f'<time datetime="2026-11-23T00:30:00+01:00">23{NBSP}Nov{NBSP}2026, 00:30</time>'
    )
    assert rendered("{{ a|day }}", a=instant) == f'<time datetime="2026-11-23">23{NBSP}Nov{NBSP}2026</time>'


# --- badges ----------------------------------------------------------------------------------------------------------
LOAN_WORDS = [
    # status, borrower, lender (lender's funded share is 46)
    (LoanStatus.DRAFT, "neutral Draft", "neutral Draft"),
    (LoanStatus.SUBMITTED, "info In review", "info In review"),
    (LoanStatus.UNDER_REVIEW, "info In review", "info In review"),
    (LoanStatus.INFO_REQUESTED, "warning More information needed", "warning More information needed"),
    (LoanStatus.OFFERED, "warning Offer for you", "warning Offer made"),
    (LoanStatus.LISTED, "plum Open for funding", "plum Open, 46% funded"),
    (LoanStatus.PARTIAL_OFFER, "warning Partly funded: your choice", "warning Waiting for borrower"),
    (LoanStatus.FUNDED, "warning Waiting for signature", "plum Funded"),
    (LoanStatus.ACTIVE, "success On time", "success On time"),
    (LoanStatus.DEFAULTED, "solid In default", "solid In default"),
    (LoanStatus.REPAID, "success Repaid", "success Repaid"),
    (LoanStatus.SETTLED, "neutral Closed by agreement", "neutral Settled for less"),
    (LoanStatus.WRITTEN_OFF, "danger Written off", "danger Written off"),
    (LoanStatus.REJECTED, "neutral Declined", "neutral Declined"),
    (LoanStatus.WITHDRAWN, "neutral Withdrawn", "neutral Withdrawn"),
    (LoanStatus.OFFER_EXPIRED, "neutral Expired", "neutral Expired"),
    (LoanStatus.EXPIRED, "neutral Expired", "neutral Not funded, money returned"),
    (LoanStatus.CANCELLED, "neutral Cancelled", "neutral Cancelled, money returned"),
]


def said(shown: tuple[badges.Badge, ...]) -> str:
    return " + ".join(f"{badge.kind} {badge.text}" for badge in shown)


def test_every_state_of_a_loan_has_words() -> None:
    assert {status for status, _borrower, _lender in LOAN_WORDS} == set(LoanStatus)


@pytest.mark.parametrize(("status", "borrower", "lender"), LOAN_WORDS)
def test_a_loan_reads_differently_to_borrower_and_lender(status: LoanStatus, borrower: str, lender: str) -> None:
    assert said(badges.loan_badges(status=status, audience="borrower", funded_percent=46)) == borrower
    assert said(badges.loan_badges(status=status, audience="lender", funded_percent=46)) == lender


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "success On time"),
        (1, "warning 1 day late"),
        (15, "warning 15 days late"),
        (22, "warning 22 days late"),
        (30, "warning 30 days late"),
        (31, "danger 31 days late"),
        (90, "danger 90 days late"),
    ],
)
def test_red_starts_at_31_days_late(days: int, words: str) -> None:
    assert said(badges.loan_badges(status=LoanStatus.ACTIVE, days_past_due=days)) == words


def test_a_payment_plan_and_a_check_are_second_badges() -> None:
    shown = badges.loan_badges(status=LoanStatus.ACTIVE, days_past_due=9, restructured=True, frozen=True)
    assert said(shown) == "warning 9 days late + info Payment plan + neutral Under check"


def test_an_unknown_state_fails_loudly() -> None:
    with pytest.raises(KeyError):
        badges.loan_badges(status="lost")


def test_a_loan_badge_is_icon_and_word() -> None:
    facts = {"days_past_due": 9, "funded_percent": 100, "is_restructured": False, "is_frozen": False}
    loan = SimpleNamespace(status="active", signed_at=None, **facts)
    assert rendered('{% state_badge loan "lender" %}', loan=loan) == (
        '<span class="st st--warning"><svg class="icon" aria-hidden="true">'
        '<use href="/static/img/icons.svg#clock"></use></svg>9 days late</span>'
    )


@pytest.mark.parametrize(
    ("make", "states"),
    [
        (badges.instalment_badge, ["next", "overdue", *InstalmentStatus]),
        (badges.part_badge, [*CommitmentStatus, *NoteStatus]),
        (badges.identity_badge, list(VerificationStatus)),
        (badges.deposit_badge, list(DepositStatus)),
        (badges.withdrawal_badge, list(WithdrawalStatus)),
    ],
)
def test_every_other_state_has_icon_and_word(make: object, states: list[str]) -> None:
    symbols = sprite_symbols()
    for state in states:
        badge = make(state)
        assert badge.icon in symbols, state
        assert str(badge.text), state


def test_a_grade_says_that_it_is_one() -> None:
    assert rendered('{% grade "B" %}') == ('<span class="gr gr--b"><span class="visually-hidden">Grade </span>B</span>')
    assert "not known" in rendered("{% grade none_yet %}", none_yet=None)


# --- parts -----------------------------------------------------------------------------------------------------------
class SmallForm(forms.Form):
    amount = forms.CharField(error_messages={"required": "Enter an amount from €25.00 to €510.00"})
    use = forms.ChoiceField(
        choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, error_messages={"required": "Choose one"}
    )
    key = forms.CharField(widget=forms.HiddenInput, error_messages={"required": "This page was out of date."})


def test_the_error_summary_says_the_words_of_the_fields_and_leads_to_them() -> None:
    html = compact(rendered("{% error_summary form %}", form=SmallForm({})))
    assert '<h2 id="error-summary">There is a problem</h2>' in html
    assert '<li><a href="#id_amount">Enter an amount from €25.00 to €510.00</a></li>' in html
    assert '<li><a href="#id_use_0">Choose one</a></li>' in html
    assert "<li>This page was out of date.</li>" in html
    assert 'tabindex="-1" autofocus' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert rendered("{% error_summary form none_form %}", form=SmallForm(), none_form=None) == ""


def test_what_people_type_is_escaped_in_every_part() -> None:
    bad = "<script>alert(1)</script>"
    source = (
        "{% panel title=bad %}{{ bad }}{% endpanel %}{% kv %}{% kv_row bad bad %}{% endkv %}"
        "{% note %}{{ bad }}{% endnote %}{% badge 'info' 'pencil' bad %}{% crumbs bad '/' bad %}{% progress 1 2 bad %}"
        "{% empty title=bad %}{{ bad }}{% endempty %}{% stats %}{% stat bad bad bad %}{% endstats %}"
    )
    html = rendered(source, bad=bad)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 14


def test_page_links_keep_the_query_and_mark_where_one_is() -> None:
    request = RequestFactory().get("/marketplace/", {"grade": ["A", "B"], "page": "2"})
    html = rendered("{% page_links page %}", page=Paginator(range(134), 25).page(2), request=request)
    assert "26–50 of 134" in html
    assert '<span class="cur" aria-current="page">2</span>' in html
    assert '<a href="?grade=A&amp;grade=B&amp;page=3" rel="next">Next</a>' in html


def test_one_page_needs_no_links() -> None:
    html = rendered("{% page_links p %}", p=Paginator(range(3), 25).page(1), request=RequestFactory().get("/"))
    assert "1–3 of 3" in html
    assert "<nav" not in html


def test_sorting_turns_round_and_says_so_to_a_screen_reader() -> None:
    request = RequestFactory().get("/", {"sort": "due", "page": "4"})
    html = rendered('<th {% sort_state "due" %}>{% sort_link "Due" "due" %}</th>', request=request)
    assert '<th aria-sort="ascending"><a href="?sort=-due">Due' in html


# --- charts ----------------------------------------------------------------------------------------------------------
def test_bars_start_at_zero_and_stack_to_their_sum() -> None:
    series = (charts.Series("Principal", "c1", [10_000, 30_000]), charts.Series("Interest", "c2", [10_000, 10_000]))
    svg = charts.stacked_bars(title_id="t", labels=["Dec", "Jan"], series=series)
    assert 'role="img" aria-labelledby="t"' in svg
    heights = {css: Decimal(height) for css, height in re.findall(r'<rect class="(c\d)"[^>]* height="([\d.]+)"/>', svg)}
    assert heights == {"c1": Decimal("135.0"), "c2": Decimal("45.0")}
    assert "<title>Jan: €400.00</title>" in svg


def test_under_two_points_nothing_is_drawn() -> None:
    assert charts.stacked_bars(title_id="t", labels=["Dec"], series=[charts.Series("P", "c1", [5])]) == ""
    assert charts.balance_line(title_id="t", points=[100], now=0, labels=[]) == ""
    assert charts.strip([("k0", 0)]) == ""


def test_a_strip_fills_its_line_with_shares() -> None:
    svg = charts.strip([("k0", 75), ("k1", 0), ("k2", 25)])
    assert '<rect class="k0" x="0.00%" width="74.65%"' in svg
    assert '<rect class="k2" x="75.00%" width="24.65%"' in svg
    assert "k1" not in svg


def test_the_balance_is_solid_until_today_and_dashed_after() -> None:
    svg = charts.balance_line(title_id="t", points=[30_000, 20_000, 10_000, 0], now=1, labels=[(0, "May 2026")])
    assert '<polyline class="ln" points="0.00,0.00 33.33,33.33"/>' in svg
    assert '<polyline class="ln ln--2" points="33.33,33.33 66.67,66.67 100.00,100.00"/>' in svg
    assert "€200.00 today" in svg


def test_payment_dots_ring_the_next_payment() -> None:
    svg = charts.payment_dots([*[True] * 6, *[False] * 17, True])
    assert re.findall(r"pd--\w+", svg) == [*["pd--ok"] * 6, "pd--next", "pd--ok"]
    assert svg.count("<circle") == 24


@pytest.mark.parametrize(("top", "step"), [(44_000, 10_000), (600_000, 200_000), (9, 10), (100_000, 25_000)])
def test_grid_lines_stand_at_round_amounts(top: int, step: int) -> None:
    assert charts.axis_step(top) == step


# --- files -----------------------------------------------------------------------------------------------------------
def sprite_symbols() -> set[str]:
    sprite = (Path(settings.BASE_DIR) / "static" / "img" / "icons.svg").read_text()
    return set(re.findall(r'<symbol id="([\w-]+)"', sprite))


def test_every_icon_of_the_templates_is_in_the_sprite() -> None:
    used = set()
    for path in TEMPLATES:
        source = path.read_text()
        used |= set(re.findall(r'{% icon "([\w-]+)"', source))
        used |= set(re.findall(r'{% badge "\w+" "([\w-]+)"', source))
        used |= set(re.findall(r'icon_name="([\w-]+)"', source))
    assert used
    assert used <= sprite_symbols(), used - sprite_symbols()


def test_raw_colours_stand_only_in_the_tokens() -> None:
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b(?=[;}\s\"'])|\brgba?\(")
    found = [
        f"{path.name}: {match}"
        for path in [*STYLES, *TEMPLATES]
        if path.name != "tokens.css"
        for match in colour.findall(path.read_text())
    ]
    assert found == []


def test_templates_have_no_inline_script_style_or_handler() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)(?![^>]*application/json)")
    found = [str(path) for path in TEMPLATES if inline.search(path.read_text())]
    assert found == []


# --- tokens ----------------------------------------------------------------------------------------------------------
def token_blocks() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    source = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    light, system, chosen = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.split(r":root,\n\[data-bs-theme=\"light\"\] \{|@media screen", source)[1:]
    )
    return light, system, chosen


def contrast(one: str, other: str) -> Decimal:
    """WCAG 2.2 contrast ratio of two colours."""

    def luminance(colour: str) -> Decimal:
        channels = [Decimal(int(colour[n : n + 2], 16)) / 255 for n in (1, 3, 5)]
        linear = [
            value / Decimal("12.92")
            if value <= Decimal("0.04045")
            else ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
            for value in channels
        ]
        return Decimal("0.2126") * linear[0] + Decimal("0.7152") * linear[1] + Decimal("0.0722") * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + Decimal("0.05")) / (low + Decimal("0.05"))


def test_dark_by_system_and_dark_by_choice_are_the_same() -> None:
    _light, system, chosen = token_blocks()
    assert system == chosen
    assert len(system) > 50


TEXT_PAIRS = [
    *((ink, paper) for ink in ("ink", "ink-2", "ink-3", "link") for paper in ("paper", "surface", "surface-2")),
    *((kind, f"{kind}-bg") for kind in ("success", "warning", "danger", "info", "plum", "neutral")),
    *(("on-grade", f"grade-{letter}") for letter in "abcde"),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("ink", "brand-tint"),
    ("ink", "danger-bg"),
    ("danger", "surface"),
    ("surface", "danger"),
    ("success", "surface"),
]
GRAPHIC_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "paper"),
    ("focus", "paper"),
    *((f"chart-{n}", "surface") for n in range(1, 7)),
    *((f"bucket-{n}", "surface") for n in range(5)),
]


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_graphics_keep_their_contrast(mode: int) -> None:
    colours = token_blocks()[mode]
    floors = [(pair, Decimal("4.5")) for pair in TEXT_PAIRS] + [(pair, Decimal(3)) for pair in GRAPHIC_PAIRS]
    weak = [(pair, contrast(colours[pair[0]], colours[pair[1]])) for pair, floor in floors]
    floor_of = dict(floors)
    assert [(pair, ratio) for pair, ratio in weak if ratio < floor_of[pair]] == []
