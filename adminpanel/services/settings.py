"""Business numbers that staff change: settings and loan products, each change with its reason in the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from constance.codecs import dumps
from constance.models import Constance
from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.audit import record
from adminpanel.permissions import CHANGE_SETTINGS
from loans.finance import FinanceError
from loans.models import GradeTerms, LoanProduct
from loans.quoting import annual_rate_of, quote_for
from loans.terms import LoanTerms, frozen_terms, replay_terms, schedule_terms
from p2plending.figures import format_money
from p2plending.lib.db import run_money
from p2plending.lib.errors import NotPermitted, Refused
from p2plending.lib.rules import platform_rules

BOOKS_CLOSED_UNTIL = "BOOKS_CLOSED_UNTIL"


class NothingChanged(Refused):
    """The form was sent as it was."""

    code = "nothing_changed"
    default_message = _("Nothing was changed.")


class ProductHasNoPrice(Refused):
    """For some loan that could be asked for, no price can be worked out: the quote page would fail."""

    code = "product_has_no_price"
    default_message = _("These choices don't fit together: no price can be worked out. Nothing was changed.")


class DayNotOver(Refused):
    """Books are closed up to a day that is over: what is entered today must have a day to count on."""

    code = "day_not_over"
    default_message = _("The books can be closed up to yesterday, not further.")


def change_settings(*, values: Mapping[str, Any], reason: str, actor: User | None, today: dt.date) -> list[str]:
    """Store the settings that differ from what stands now; returns their names.

    `values` are as `platform_rules()` gives them: minor units, fractions, whole numbers, switches. No actor is a job
    or a command. Raises NotPermitted, NothingChanged, DayNotOver.
    """
    if actor is not None and not actor.has_perm(CHANGE_SETTINGS):
        raise NotPermitted

    def change() -> list[str]:
        rules = platform_rules()
        before = {name: getattr(rules, name.lower()) for name in values}
        changed = [name for name in settings.CONSTANCE_CONFIG if name in values and values[name] != before[name]]
        if not changed:
            raise NothingChanged
        if BOOKS_CLOSED_UNTIL in changed and values[BOOKS_CLOSED_UNTIL] >= today:
            raise DayNotOver(today=today).at(BOOKS_CLOSED_UNTIL)
        for name in changed:
            store_setting(name, before[name], values[name], reason=reason, actor=actor)
        return changed

    return run_money(change)


def store_setting(name: str, before: Any, after: Any, *, reason: str, actor: User | None) -> None:
    """Write one setting and its audit event. Call inside a transaction."""
    Constance.objects.update_or_create(key=name, defaults={"value": dumps(after)})
    record(
        action="adminpanel.setting.changed",
        actor=actor,
        subject_type="setting",
        subject_reference=name,
        reason=reason,
        data={"before": str(before), "after": str(after)},
    )


def change_product(
    *,
    product: LoanProduct,
    values: Mapping[str, Any],
    grades: Mapping[str, Mapping[str, Any]],
    reason: str,
    actor: User,
    today: dt.date,
) -> LoanProduct:
    """Change a loan product and the terms of its grades (by letter); loans made before keep their frozen copy.

    What can be asked for must have a price afterwards. Raises NotPermitted, NothingChanged, ProductHasNoPrice.
    """
    if not actor.has_perm(CHANGE_SETTINGS):
        raise NotPermitted

    def change() -> LoanProduct:
        row = LoanProduct.objects.select_for_update().get(pk=product.pk)
        changes = _write(row, values)
        for terms in GradeTerms.objects.filter(product=row, grade__in=grades).order_by("grade"):
            changed = _write(terms, grades[terms.grade])
            changes |= {f"{terms.grade}.{name}": pair for name, pair in changed.items()}
        if not changes:
            raise NothingChanged
        _require_prices(row, today)
        record(
            action="adminpanel.product.changed",
            actor=actor,
            subject_type="product",
            subject_reference=row.code,
            reason=reason,
            data=changes,
        )
        return row

    return run_money(change)


def _require_prices(product: LoanProduct, today: dt.date) -> None:
    """The smallest loan of every grade and the largest of the best one, each at its shortest and its longest."""
    for place, grade_terms in enumerate(product.grades.order_by("grade")):
        amounts = (product.min_amount,) if place else (product.min_amount, product.max_amount)
        for amount in amounts:
            for months in (product.min_term_months, product.max_term_months):
                try:
                    _price(product, grade_terms, amount, months, today)
                except FinanceError as error:
                    words = _("These choices give no price for %(amount)s over %(months)s months, grade %(grade)s.")
                    told = {"amount": format_money(amount), "months": months, "grade": grade_terms.grade}
                    raise ProductHasNoPrice(words % told, grade=grade_terms.grade, why=str(error)) from error


def _price(product: LoanProduct, grade_terms: GradeTerms, amount: int, months: int, today: dt.date) -> None:
    """Work out what a borrower is quoted, and that the plan can follow the money if it is to."""
    quote_for(product, grade_terms, amount, months, today)
    terms = LoanTerms.from_json(frozen_terms(product, grade_terms))
    rate = annual_rate_of(product, grade_terms, months)
    replay_terms(
        terms,
        schedule_terms(terms, annual_rate=rate, principal=amount, term_months=months, start_date=today, due_day=None),
    )


def _write(row: Model, values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    pairs = {name: {"before": str(getattr(row, name)), "after": str(value)} for name, value in changed.items()}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=list(changed))
    return pairs
