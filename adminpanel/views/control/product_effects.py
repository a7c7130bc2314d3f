"""What a waiting change of a product does to an example loan."""

from __future__ import annotations

from typing import Any

from accounts.enums.people import ApprovalState
from accounts.models import ApprovalRequest
from adminpanel.selectors import loans_with_terms
from adminpanel.services.product_preview import examples_of
from adminpanel.services.products import requested_terms
from loans.models import LoanProduct
from p2plending.lib import clock


def product_effect(row: ApprovalRequest) -> dict[str, Any]:
    """Example loans before and after, and how many loans keep their terms, as long as nobody has decided."""
    if row.state != ApprovalState.PENDING:
        return {}
    product = LoanProduct.objects.filter(code=row.subject_reference).first()
    values, grades = requested_terms(row)
    return effect_on_loans(product, values, grades)


def effect_on_loans(
    product: LoanProduct | None, values: dict[str, Any], grades: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The same for terms that nobody has asked for yet."""
    kept = loans_with_terms(product).count() if product is not None else 0
    return {"examples": examples_of(product, values, grades, clock.business_date()), "kept": kept}
