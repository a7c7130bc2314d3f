"""The story of a loan that fails: one payment, notice, default, write-off by two people, and money that still comes."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from ledger.selectors import balance
from loans.models import Loan, LoanLoss, Note
from loans.services.servicing import bring_up_to_date
from loans.tests.collections import steps
from loans.tests.servicing.paying import available, fresh, pay
from p2plending.tests.books import assert_sound_books

MEMO = "L9000"


def test_default_write_off_recovery(
    loan: Loan, alice: User, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    pay(loan, 888_49, steps.FIRST_DUE)
    assert available(bob, carol, dan) == [294_48, 294_47, 294_56]

    notice = steps.notify(loan, dora)
    assert (notice.arrears, notice.pay_by) == (2_754_31, dt.date(2026, 6, 13))
    assert steps.book(loan) == {"L1200": 9_211_51, "L1210": 252_38, "L1220": 88_84}
    assert_sound_books()

    default = steps.declare(loan, dora)
    # 65.79 of the 67.98 of the running period are earned on its 30th of 31 days; what comes later is not charged.
    assert (default.principal, default.interest, default.late_fee) == (9_211_51, 318_17, 133_26)
    assert default.interest_removed == 243_69
    assert steps.book(loan) == {"L1200": 9_211_51, "L1210": 318_17, "L1220": 133_26}
    assert fresh(loan).status == "defaulted"
    assert_sound_books()

    # In default nothing is added any more, however long it lasts.
    bring_up_to_date(loan_id=loan.pk, today=dt.date(2026, 8, 1))
    assert steps.book(loan) == {"L1200": 9_211_51, "L1210": 318_17, "L1220": 133_26}

    request = steps.ask_write_off(loan, dora, dt.date(2026, 8, 1))
    assert (fresh(loan).status, steps.book(loan)["L1200"]) == ("defaulted", 9_211_51)
    steps.approve(request, frank, dt.date(2026, 8, 2))
    assert fresh(loan).status == "written_off"
    assert steps.book(loan) == {"L1200": 0, "L1210": 0, "L1220": 0}
    assert loan_loss(loan) == (9_211_51, 318_17, 133_26)
    assert lost(bob, carol, dan) == [3_070_19, 3_070_20, 3_071_12]
    assert sum(lost(bob, carol, dan)) == 9_211_51
    assert balance(MEMO, loan_reference=loan.reference) == -9_662_94
    assert_sound_books()

    recovery = steps.recover(loan, 500_00, frank, dt.date(2026, 9, 1))
    assert recovery.fee == 125_00
    assert available(bob, carol, dan) == [419_47, 419_46, 419_58]
    assert recovered(bob, carol, dan) == [124_99, 124_99, 125_02]
    assert balance(MEMO, loan_reference=loan.reference) == -9_162_94
    assert fresh(loan).status == "written_off"
    assert_sound_books()

    # The borrower can pay from the wallet too.
    steps.recover(loan, 100_00, alice, dt.date(2026, 10, 1), method="wallet")
    assert available(alice, bob, carol, dan) == [10_711_51, 444_47, 444_46, 444_58]
    assert balance(MEMO, loan_reference=loan.reference) == -9_062_94
    assert_sound_books()


def loan_loss(loan: Loan) -> tuple[int, int, int]:
    loss = LoanLoss.objects.get(loan=loan)
    return loss.principal, loss.interest, loss.late_fee


def lost(*lenders: User) -> list[int]:
    return [Note.objects.get(owner=lender).principal_lost for lender in lenders]


def recovered(*lenders: User) -> list[int]:
    return [Note.objects.get(owner=lender).recovered for lender in lenders]
