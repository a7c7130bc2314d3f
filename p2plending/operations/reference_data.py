"""What must exist in every database: staff groups and the standard loan product."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.enums.people import StaffGroup
from loans.models import GradeTerms, LoanProduct

STANDARD_PRODUCT = "standard"
# Grade: points from, margin, set-up fee, expected yearly loss.
STANDARD_GRADES = {
    "A": (80, "0.03", "0.01", "0.010"),
    "B": (65, "0.06", "0.02", "0.022"),
    "C": (50, "0.10", "0.03", "0.045"),
    "D": (38, "0.14", "0.04", "0.075"),
    "E": (28, "0.18", "0.05", "0.110"),
}


def ensure_reference_data(**_signal: Any) -> None:
    """Make groups and the standard product when missing; never change what staff edited."""
    with transaction.atomic():
        for group in StaffGroup:
            Group.objects.get_or_create(name=group.value)
        product, created = LoanProduct.objects.get_or_create(code=STANDARD_PRODUCT, defaults={"name": "Personal loan"})
        if created:
            for grade, (points, margin, fee, loss) in STANDARD_GRADES.items():
                GradeTerms.objects.create(
                    product=product,
                    grade=grade,
                    min_points=points,
                    margin=Decimal(margin),
                    origination_fee_rate=Decimal(fee),
                    expected_loss_rate=Decimal(loss),
                )
