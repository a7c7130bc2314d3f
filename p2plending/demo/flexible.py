"""The demo's product whose plan follows the money, and what happens to the loan of it that has charges."""

from __future__ import annotations

import datetime as dt

from adminpanel.services.products import request_product
from loans.enums.loan import ChargePart, ServicingMethod
from loans.models import GradeTerms, Loan, LoanCharge, LoanProduct, Repayment
from loans.services.collections.charges import add_charge, waive_charge
from p2plending.demo.paying import pay
from p2plending.demo.people import People
from p2plending.demo.wallets import agree, new_key
from p2plending.lib.errors import required
from p2plending.operations.reference_data import STANDARD_PRODUCT

FLEXIBLE_PRODUCT = "flexible"
# Equal payments every two weeks; interest counts from the day on which money comes, and what comes early ends the loan
# sooner.
FLEXIBLE_TERMS = {
    "max_amount": 5_000_00,
    "max_term_months": 24,
    "day_count": "ACT/365",
    "payment_every": 2,
    "payment_unit": "week",
    "servicing_method": ServicingMethod.PROGRESSIVE,
    "interest_recalculation": "daily",
    "allocation_order": "penalty,fee,interest,principal",
    "future_instalments": "last",
}
# Days after the pay-out.
EARLY_AFTER, FEE_AFTER, PENALTY_AFTER, WAIVED_AFTER = 20, 35, 48, 51
EARLY_AMOUNT, FEE, PENALTY = 150_00, 6_00, 12_00


def offer_flexible_product(people: People, today: dt.date) -> None:
    """Offer the product, priced as the standard one, unless an earlier run did."""
    product, _made = LoanProduct.objects.get_or_create(code=FLEXIBLE_PRODUCT, defaults={"name": "Flexible loan"})
    for terms in GradeTerms.objects.filter(product__code=STANDARD_PRODUCT):
        GradeTerms.objects.get_or_create(
            product=product,
            grade=terms.grade,
            defaults={
                "min_points": terms.min_points,
                "margin": terms.margin,
                "origination_fee_rate": terms.origination_fee_rate,
                "expected_loss_rate": terms.expected_loss_rate,
            },
        )
    if product.servicing_method != ServicingMethod.PROGRESSIVE:
        request = request_product(
            code=FLEXIBLE_PRODUCT,
            product=product,
            values=FLEXIBLE_TERMS,
            grades={},
            reason="Borrowers who are paid every two weeks asked for payments that follow their money.",
            actor=people.second_officer,
            today=today,
        )
        agree(people, request, today)


def live_with_charges(people: People, loan: Loan, day: dt.date) -> None:
    """Money in advance, a fee, and a penalty that is waived, each once and on its day; nothing on most days."""
    age = (day - required(loan.disbursed_on, "disbursed_on")).days
    charges = {charge.part: charge for charge in LoanCharge.objects.filter(loan=loan, actor__isnull=False)}
    penalty = charges.get(ChargePart.PENALTY)
    if age >= EARLY_AFTER and not Repayment.objects.filter(loan=loan, amount=EARLY_AMOUNT).exists():
        pay(people, loan, EARLY_AMOUNT, day, None, is_wallet=False)
    elif age >= FEE_AFTER and ChargePart.FEE not in charges:
        _charge(people, loan, ChargePart.FEE, FEE, "Statement sent by registered post, as you asked", day)
    elif age >= PENALTY_AFTER and penalty is None:
        _charge(people, loan, ChargePart.PENALTY, PENALTY, "Letter about a payment that had not arrived", day)
    elif age >= WAIVED_AFTER and penalty is not None and penalty.waived_on is None:
        waive_charge(
            charge_id=penalty.pk,
            reason="The payment had arrived; our letter was a mistake.",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )


def _charge(people: People, loan: Loan, part: ChargePart, amount: int, reason: str, day: dt.date) -> None:
    add_charge(
        loan_id=loan.pk,
        part=part,
        due_on=day,
        amount=amount,
        reason=reason,
        actor=people.second_officer,
        idempotency_key=new_key(),
        today=day,
    )
