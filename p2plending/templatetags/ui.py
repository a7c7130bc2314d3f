"""The template language of our pages: figures, dates, badges and the parts that pages are built from.

Built in (no `{% load %}`). The components page of the demo shows each (`templates/components/gallery.html`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm
from django.template.context import Context
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _

from p2plending.lib.formatting import format_day, format_money, format_percent, local
from p2plending.lib.money import format_plain
from p2plending.templatetags import badges
from p2plending.templatetags.badges import Badge

register = template.Library()


# --- figures and dates -----------------------------------------------------------------------------------------------
def _unknown() -> SafeString:
    return format_html('<span aria-hidden="true">–</span><span class="visually-hidden">{}</span>', _("not known"))


@register.filter
def money(minor: int | None, sign: str = "") -> SafeString:
    """`{{ amount|money }}` → €1,234.50. `|money:"+"` shows a plus, for lists of changes. None → "–"."""
    if minor is None or minor == "":
        return _unknown()
    return format_html('<span class="money">{}</span>', format_money(int(minor), sign=sign == "+"))


@register.filter
def money0(minor: int | None) -> SafeString:
    """Amounts whose cents are always zero (loans, limits): €7,500. Cents show when there are any."""
    if minor is None or minor == "":
        return _unknown()
    return format_html('<span class="money">{}</span>', format_money(int(minor), whole=True))


@register.filter
def money_text(minor: int) -> str:
    """As `money`, without markup: for titles, labels and plain-text e-mails."""
    return format_money(int(minor))


@register.filter
def plain_amount(minor: int) -> str:
    """`123450` → "1234.50": what a form field or a CSV holds."""
    return format_plain(int(minor), settings.CURRENCY_EXPONENT)


@register.filter
def rate(fraction: Decimal | None) -> str:
    """An agreed rate: `Decimal("0.12")` → "12.00%"."""
    return _unknown() if fraction is None else format_percent(fraction, 2)


@register.filter
def percent1(fraction: Decimal | None) -> str:
    """A return, an APR or an estimate: `Decimal("0.1119")` → "11.2%"."""
    return _unknown() if fraction is None else format_percent(fraction, 1)


@register.filter
def percent0(fraction: Decimal | None) -> str:
    """A share: `Decimal("0.46")` → "46%"."""
    return _unknown() if fraction is None else format_percent(fraction, 0)


@register.filter
def day(value: dt.date | None, style: str = "") -> SafeString:
    """22 Nov 2026, non-breaking, in `<time>`. Styles: "long" (22 November 2026), "short", "month"."""
    if not value:
        return _unknown()
    here = local(value)
    date = here.date() if isinstance(here, dt.datetime) else here
    return format_html('<time datetime="{}">{}</time>', date.isoformat(), format_day(value, style))


@register.filter
def day_text(value: dt.date, style: str = "") -> str:
    """As `day`, without markup: for titles, labels and plain-text e-mails."""
    return format_day(value, style)


@register.filter
def moment(value: dt.datetime | None) -> SafeString:
    """22 Nov 2026, 08:30, in local time."""
    if not value:
        return _unknown()
    here = local(value)
    return format_html(
        '<time datetime="{}">{}, {}</time>',
        here.isoformat(timespec="seconds"),
        format_day(value),
        format_date(here, "H:i"),
    )


# --- icons, badges, grades -------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of `static/img/icons.svg`. Decoration by default; `label` gives it a name when it stands alone."""
    href = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


def render_badge(badge: Badge) -> SafeString:
    """A badge as the pages show it: icon, word, colour."""
    css = "st" if badge.kind == "neutral" else f"st st--{badge.kind}"
    return format_html('<span class="{}">{}{}</span>', css, icon(badge.icon), badge.text)


@register.simple_tag
def state_badge(loan: Any, audience: str = "borrower") -> SafeString:
    """The state of a loan in the words of one audience: `{% state_badge loan "lender" %}`."""
    shown = badges.loan_badges(
        status=loan.status,
        audience="lender" if audience == "lender" else "borrower",
        days_past_due=loan.days_past_due,
        funded_percent=loan.funded_percent,
        restructured=loan.is_restructured,
        frozen=loan.is_frozen,
        signed=loan.signed_at is not None,
    )
    return mark_safe(" ".join(render_badge(badge) for badge in shown))  # noqa: S308 (each part is escaped)


@register.simple_tag
def instalment_badge(status: str) -> SafeString:
    """The state of one payment of a plan: Paid, Next, Due now, Partly paid, Late, Planned."""
    return render_badge(badges.instalment_badge(status))


@register.simple_tag
def instalment_words(status: str) -> str:
    """The same as a word, for paper."""
    return str(badges.instalment_badge(status).text)


@register.simple_tag
def part_badge(status: str) -> SafeString:
    """The state of what a lender holds in a loan: Reserved, Running, Repaid…"""
    return render_badge(badges.part_badge(status))


@register.simple_tag
def identity_badge(status: str) -> SafeString:
    """The state of an identity check."""
    return render_badge(badges.identity_badge(status))


@register.simple_tag
def deposit_badge(status: str) -> SafeString:
    """The state of money that somebody told us about: a deposit or a payment."""
    return render_badge(badges.deposit_badge(status))


@register.simple_tag
def withdrawal_badge(status: str) -> SafeString:
    """The state of money on its way out."""
    return render_badge(badges.withdrawal_badge(status))


@register.simple_tag
def badge(kind: str, icon_name: str, text: str) -> SafeString:
    """A badge with own words: `{% badge "info" "patch-check" _("New") %}`. Colours: see `Badge.kind`."""
    return render_badge(Badge(kind, icon_name, text))


@register.simple_tag
def grade(letter: str | None, size: str = "") -> SafeString:
    """A risk grade: the letter on its colour; `size="sm"` for rows. No grade yet → "–"."""
    if not letter:
        return _unknown()
    css = f"gr gr--{str(letter).lower()}" + (" gr--sm" if size == "sm" else "")
    return format_html('<span class="{}"><span class="visually-hidden">{} </span>{}</span>', css, _("Grade"), letter)


@register.simple_tag
def progress(value: int, maximum: int = 100, label: str = "", hot: bool = False) -> SafeString:
    """A bar with a name for a screen reader: `{% progress 46 100 label %}`. `hot` marks nearly full."""
    share = Decimal(value * 100) / Decimal(maximum) if maximum else Decimal(0)
    return format_html(
        '<progress{} max="{}" value="{}" aria-label="{}">{}%</progress>',
        format_html(' class="{}"', "pg--hot") if hot else "",
        maximum or 1,
        value,
        label,
        int(share),
    )


# --- parts with slots ------------------------------------------------------------------------------------------------
def _part(name: str, **context: Any) -> SafeString:
    # The line breaks around a component belong to its file; the page decides what stands next to it.
    return SafeString(get_template(f"components/{name}.html").render(context).strip())


@register.simple_block_tag
def panel(
    content: str,
    title: str = "",
    id: str = "",
    sub: str = "",
    more_url: str = "",
    more_label: str = "",
    flush: bool = False,
    css: str = "",
    level: int = 2,
) -> SafeString:
    """A white box with a heading: `{% panel title=_("Next payments") id="next" %}…{% endpanel %}`.

    `flush` takes the padding away, for tables. `more_url` and `more_label` put a link at the heading's right.
    """
    return _part(
        "panel",
        content=content,
        title=title,
        id=id or slugify(title),
        sub=sub,
        more_url=more_url,
        more_label=more_label,
        flush=flush,
        css=css,
        tag=f"h{level}",
    )


_NOTE_ICONS = {
    "info": "info-circle-fill",
    "success": "check-circle-fill",
    "warning": "exclamation-triangle-fill",
    "danger": "exclamation-octagon-fill",
}


@register.simple_block_tag
def note(content: str, kind: str = "info", icon_name: str = "", live: bool = False) -> SafeString:
    """A message in the page: info, success, warning, danger. `live` says it aloud (something just happened)."""
    return _part("note", content=content, kind=kind, icon_name=icon_name or _NOTE_ICONS[kind], live=live)


@register.simple_block_tag
def kv(content: str, css: str = "") -> SafeString:
    """A list of words and figures. Put `{% kv_row %}`s inside."""
    return format_html('<dl class="{}">{}</dl>', f"kv {css}".strip(), content)


@register.simple_tag
def kv_row(label: str, value: Any, total: bool = False, css: str = "") -> SafeString:
    """One line of `{% kv %}`: `{% kv_row _("You lend") amount|money %}`; `total=True` makes it bold."""
    bold = "tot" if total else ""
    return format_html(
        '<div><dt class="{}">{}</dt><dd class="{}">{}</dd></div>', bold, label, f"{bold} {css}".strip(), value
    )


@register.simple_block_tag
def stats(content: str) -> SafeString:
    """A row of up to four figures (two by two on a phone). Put `{% stat %}`s inside."""
    return format_html('<dl class="stats">{}</dl>', content)


@register.simple_tag
def stat(label: str, value: Any, sub: str = "") -> SafeString:
    """One figure of `{% stats %}`: name, number, and what it means."""
    return format_html(
        '<div class="stat"><dt>{}</dt><dd><span class="stat__v">{}</span>{}</dd></div>',
        label,
        value,
        format_html("<br><small>{}</small>", sub) if sub else "",
    )


@register.simple_block_tag
def empty(
    content: str, title: str = "", action_url: str = "", action_label: str = "", primary: bool = True, level: int = 2
) -> SafeString:
    """An empty state: what will be here (the content, one sentence) and one thing to do."""
    return _part(
        "empty",
        content=content,
        title=title,
        action_url=action_url,
        action_label=action_label,
        primary=primary,
        tag=f"h{level}",
    )


@register.simple_tag
def steps(labels: Sequence[str], current: int) -> SafeString:
    """Progress through a form of several pages; `current` counts from 1."""
    return _part("steps", labels=labels, current=current)


@register.simple_tag
def crumbs(*labels_and_urls: str) -> SafeString:
    """Where this page stands: `{% crumbs _("My loans") loans_url loan.reference %}`; the last is this page."""
    *links, here = labels_and_urls
    items = format_html_join("", '<li><a href="{}">{}</a></li>', zip(links[1::2], links[0::2], strict=True))
    return format_html(
        '<nav class="crumb" aria-label="{}"><ol>{}<li aria-current="page">{}</li></ol></nav>',
        _("Breadcrumb"),
        items,
        here,
    )


# --- lists -----------------------------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """This page's query string with some values changed: `<a href="{% query_with page=2 %}">`. None takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def page_links(context: Context, page: Page, parameter: str = "page") -> SafeString:
    """The foot of a list: "1–25 of 134" and links to the pages, keeping the query string."""
    links = [
        {"number": number, "url": query_with(context, **{parameter: number}) if isinstance(number, int) else ""}
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return _part(
        "page_links",
        page=page,
        links=links,
        last=page.paginator.num_pages,
        previous_url=query_with(context, **{parameter: page.number - 1}) if page.has_previous() else "",
        next_url=query_with(context, **{parameter: page.number + 1}) if page.has_next() else "",
    )


@register.simple_tag(takes_context=True)
def sort_link(context: Context, label: str, key: str, parameter: str = "sort") -> SafeString:
    """A heading of a sortable column: `<th scope="col" {% sort_state "due" %}>{% sort_link _("Due") "due" %}</th>`."""
    current = context["request"].GET.get(parameter, "")
    target = f"-{key}" if current == key else key
    arrow = icon("sort-down") if current == f"-{key}" else icon("sort-up") if current == key else ""
    url = query_with(context, **{parameter: target, "page": None})
    return format_html('<a href="{}">{} {}</a>', url, label, arrow)


@register.simple_tag(takes_context=True)
def sort_state(context: Context, key: str, parameter: str = "sort") -> SafeString:
    """`aria-sort` of a sortable column's `<th>`."""
    current = context["request"].GET.get(parameter, "")
    if current == key:
        return mark_safe('aria-sort="ascending"')
    if current == f"-{key}":
        return mark_safe('aria-sort="descending"')
    return mark_safe("")


# --- forms -----------------------------------------------------------------------------------------------------------
def _anchor(form: BaseForm, name: str) -> str:
    field = form[name]
    if field.use_fieldset and field.subwidgets:
        return field.subwidgets[0].id_for_label
    return field.id_for_label or field.auto_id


@register.simple_tag
def error_summary(*forms: BaseForm | None) -> SafeString:
    """What is wrong with forms: each error linked to its field, in the words that stand there. Else nothing."""
    errors = []
    for form in forms:
        if not form or not form.errors:
            continue
        hidden = {field.name for field in form.hidden_fields()}
        for name, messages in form.errors.items():
            anchor = "" if name == "__all__" or name in hidden else _anchor(form, name)
            errors += [{"anchor": anchor, "text": message} for message in messages]
    return _part("error_summary", errors=errors) if errors else mark_safe("")
