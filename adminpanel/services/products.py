"""Loan products: asked for by one person, offered or changed when another agrees; loans keep their frozen terms."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.permissions import require_staff_permission
from accounts.services.approvals.requests import StartingPointChanged, request_approval
from accounts.services.audit import record
from adminpanel.permissions import CHANGE_SETTINGS
from adminpanel.services.changes import GRADES, packed, unpacked_columns
from adminpanel.services.settings import NothingChanged
from loans.account.pricing import annual_rate_of, quote_for
from loans.account.terms import LoanTerms, frozen_terms, replay_terms, schedule_terms
from loans.finance import FinanceError
from loans.models import GradeTerms, LoanProduct
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money

Values = Mapping[str, Any]


class ProductHasNoPrice(Refused):
    """For some loan that could be asked for, no price can be worked out: the quote page would fail."""

    code = "product_has_no_price"
    default_message = _("These choices don't fit together: no price can be worked out. Nothing was changed.")


class ProductKnown(Refused):
    """Two products can't have one code."""

    code = "product_known"
    status = 409
    default_message = _("There is a product with this code already. Choose another code.")


class NoGrade(Refused):
    """A product without grades has no price, so nobody could ask for it."""

    code = "no_grade"
    default_message = _("Choose at least one grade that this product lends to.")


class PointsOutOfOrder(Refused):
    """A better grade needs more points than a worse one."""

    code = "points_out_of_order"
    default_message = _("A better grade needs more points than the grade after it.")


class Draft:
    """A product as it would be: the stored one with `values` and `grades` (by letter) laid over it, nothing written."""

    def __init__(self, product: LoanProduct | None, values: Values, grades: Mapping[str, Values]) -> None:
        self.product = copy.copy(product) if product is not None else LoanProduct()
        for name, value in values.items():
            setattr(self.product, name, value)
        known = {terms.grade: terms for terms in stored_grades(product)}
        self.grades: list[GradeTerms] = []
        for letter in sorted({*known, *grades}):
            terms = copy.copy(known[letter]) if letter in known else GradeTerms(grade=letter)
            for name, value in grades.get(letter, {}).items():
                setattr(terms, name, value)
            self.grades.append(terms)


def stored_grades(product: LoanProduct | None) -> list[GradeTerms]:
    """The grades that a product lends to, best first; none for a product that is not stored yet."""
    return list(product.grades.order_by("grade")) if product is not None else []


def require_sound(draft: Draft, today: dt.date) -> None:
    """Raises NoGrade, PointsOutOfOrder, and ProductHasNoPrice unless all that can be asked for has a price."""
    if not draft.grades:
        raise NoGrade
    points = [terms.min_points for terms in draft.grades]
    if points != sorted(set(points), reverse=True):
        raise PointsOutOfOrder
    _require_prices(draft.product, draft.grades, today)


def changed_terms(
    product: LoanProduct | None, values: Values, grades: Mapping[str, Values]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands and what would be, of the terms that differ: as a request holds them."""
    after = {name: value for name, value in values.items() if product is None or getattr(product, name) != value}
    before = {name: getattr(product, name) for name in after} if product is not None else {}
    known = {terms.grade: terms for terms in stored_grades(product)}
    new_grades: dict[str, dict[str, Any]] = {}
    old_grades: dict[str, dict[str, Any]] = {}
    for letter, told in grades.items():
        terms = known.get(letter)
        differing = {name: value for name, value in told.items() if terms is None or getattr(terms, name) != value}
        if differing:
            new_grades[letter] = packed(differing)
        if differing and terms is not None:
            old_grades[letter] = packed({name: getattr(terms, name) for name in differing})
    old = {} if product is None else packed(before) | {GRADES: old_grades}
    return old, packed(after) | ({GRADES: new_grades} if new_grades else {})


def request_product(
    *,
    code: str,
    product: LoanProduct | None,
    values: Values,
    grades: Mapping[str, Values],
    reason: str,
    actor: User,
    today: dt.date,
) -> ApprovalRequest:
    """Ask a second person to change `product` and its grades (by letter), or to add one when it is None.

    Raises StaffOnly, MissingPermission, NothingChanged, ProductKnown, PointsOutOfOrder, ProductHasNoPrice,
    AlreadyAsked.
    """
    require_staff_permission(actor, CHANGE_SETTINGS)

    def run() -> ApprovalRequest:
        row = LoanProduct.objects.select_for_update().get(pk=product.pk) if product is not None else None
        require_changed(row, values, grades, code=code, today=today)
        before, after = changed_terms(row, values, grades)
        return request_approval(
            ApprovalKind.PRODUCT, code, after, before=before, reason=reason, actor=actor, today=today
        )

    return run_money(run)


def require_changed(
    product: LoanProduct | None, values: Values, grades: Mapping[str, Values], *, code: str, today: dt.date
) -> None:
    """What `request_product` refuses of the terms themselves, before anything is asked for.

    Raises NothingChanged, ProductKnown, PointsOutOfOrder, ProductHasNoPrice.
    """
    if product is None and LoanProduct.objects.filter(code=code).exists():
        raise ProductKnown().at("code")
    if not changed_terms(product, values, grades)[1]:
        raise NothingChanged
    require_sound(Draft(product, values, grades), today)


def lock_product(request: ApprovalRequest, _today: dt.date) -> LoanProduct | None:
    """The product that a request is about, locked; None for one that is to be added."""
    return LoanProduct.objects.select_for_update().filter(code=request.subject_reference).first()


def requested_terms(request: ApprovalRequest) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Values and grades of a request as services take them."""
    grades = request.payload.get(GRADES, {})
    return (
        unpacked_columns(LoanProduct, request.payload),
        {letter: unpacked_columns(GradeTerms, told) for letter, told in grades.items()},
    )


def apply_product(product: LoanProduct | None, request: ApprovalRequest, *, actor: User, today: dt.date) -> None:
    """Write what was approved. Call with the product locked.

    Raises ProductKnown, StartingPointChanged when a term was changed meanwhile, PointsOutOfOrder, ProductHasNoPrice.
    """
    values, grades = requested_terms(request)
    is_new = not request.before
    if is_new and product is not None:
        raise ProductKnown
    if changed_terms(product, values, grades) != (request.before, request.payload):
        raise StartingPointChanged
    draft = Draft(product, values, grades)
    require_sound(draft, today)
    draft.product.code = request.subject_reference
    draft.product.save()
    for terms in draft.grades:
        if terms.grade in grades:
            terms.product = draft.product
            terms.save()
    _record(request, actor, is_new=is_new)


def _record(request: ApprovalRequest, actor: User, *, is_new: bool) -> None:
    pairs: dict[str, dict[str, str]] = {}
    for prefix, before, after in (
        ("", request.before, request.payload),
        *(
            (f"{letter}.", request.before.get(GRADES, {}).get(letter, {}), told)
            for letter, told in request.payload.get(GRADES, {}).items()
        ),
    ):
        for name, value in after.items():
            if name != GRADES:
                known = {"before": str(before[name])} if name in before else {}
                pairs[prefix + name] = known | {"after": str(value)}
    record(
        action="adminpanel.product.added" if is_new else "adminpanel.product.changed",
        actor=actor,
        subject_type="product",
        subject_reference=request.subject_reference,
        reason=request.reason,
        data=pairs,
    )


def _require_prices(product: LoanProduct, grades: Sequence[GradeTerms], today: dt.date) -> None:
    """The smallest loan of every grade and the largest of the best one, each at its shortest and its longest."""
    for place, grade_terms in enumerate(grades):
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
