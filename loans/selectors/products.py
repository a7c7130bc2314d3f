"""Loan products on offer."""

from __future__ import annotations

from collections.abc import Sequence

from loans.models import LoanProduct


def offered_products() -> list[LoanProduct]:
    """What can be applied for, with the terms of each grade: two queries. A product without grades has no price."""
    products = LoanProduct.objects.filter(is_offered=True).prefetch_related("grades").order_by("pk")
    return [product for product in products if product.grades.all()]


def default_product() -> LoanProduct | None:
    """The first product on offer: what calculator and application use."""
    products = offered_products()
    return products[0] if products else None


def chosen_product(products: Sequence[LoanProduct], code: str | None) -> LoanProduct | None:
    """The product of this code among those on offer, else the first; None when nothing is offered."""
    return next((product for product in products if product.code == code), products[0] if products else None)


def term_choices(product: LoanProduct) -> list[int]:
    """The lengths in months that pages offer side by side; the product takes every length between its limits."""
    usual = (6, 12, 18, 24, 36, 48, 60, 72, 84)
    terms = {months for months in usual if product.min_term_months <= months <= product.max_term_months}
    return sorted(terms | {product.min_term_months, product.max_term_months})
