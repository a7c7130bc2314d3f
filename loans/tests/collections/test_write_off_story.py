"""The story of a loan that fails: one payment, notice, default, write-off by two people, and money that still comes.

On 14 June payments 2 to 4 are late: 92.12 + 84.15 + 76.11 interest and three late fees of 44.42; of the running 67.98,
65.79 are earned (30 of 31 days). Bob, Carol and Dan lose the principal that they had outstanding: 3,070.19, 3,070.20
and 3,071.12. Of what still comes the platform takes a quarter for collecting, and they get the rest by the principal
lost: 375.00 is 124.99, 124.99 and 125.02.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.models import Loan, LoanLoss, Note
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.storybook import Storybook

TABLE = """
step                |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300|   L9000
15 Jan: paid out    | 11700.00|    0.00|    0.00|    0.00| 12000.00| 10000.00|   0.00|   0.00| 300.00|   0.00|     0.00
15 Feb: payment 1   | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51|   0.00|   0.00| 304.98|   0.00|     0.00
30 May: notice      | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 252.38|  88.84| 304.98|   0.00|     0.00
14 Jun: default     | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 318.17| 133.26| 304.98|   0.00|     0.00
1 Aug: nothing added| 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 318.17| 133.26| 304.98|   0.00|     0.00
1 Aug: Dora asks    | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 318.17| 133.26| 304.98|   0.00|     0.00
2 Aug: Frank agrees | 10811.51|  294.48|  294.47|  294.56| 12000.00|     0.00|   0.00|   0.00| 304.98|   0.00| -9662.94
1 Sep: court pays   | 10811.51|  419.47|  419.46|  419.58| 12500.00|     0.00|   0.00|   0.00| 429.98|   0.00| -9162.94
1 Oct: Alice pays   | 10711.51|  444.47|  444.46|  444.58| 12500.00|     0.00|   0.00|   0.00| 454.98|   0.00| -9062.94
"""


def test_default_write_off_recovery(
    loan: Loan, alice: User, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    book = Storybook(TABLE, loan, (alice, bob, carol, dan))
    book.after("15 Jan: paid out")
    pay(loan, 888_49, steps.FIRST_DUE)
    book.after("15 Feb: payment 1")

    notice = steps.notify(loan, dora)
    assert (notice.arrears, notice.pay_by) == (2_754_31, dt.date(2026, 6, 13))
    book.after("30 May: notice")

    default = steps.declare(loan, dora)
    assert (default.principal, default.interest, default.late_fee) == (9_211_51, 318_17, 133_26)
    assert default.interest_removed == 243_69
    assert fresh(loan).status == "defaulted"
    book.after("14 Jun: default")
    # In default nothing is added any more, however long it lasts.
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 8, 1))
    book.after("1 Aug: nothing added")

    request = steps.ask_write_off(loan, dora, dt.date(2026, 8, 1))
    assert fresh(loan).status == "defaulted"
    book.after("1 Aug: Dora asks")
    steps.approve(request, frank, dt.date(2026, 8, 2))
    assert fresh(loan).status == "written_off"
    assert loan_loss(loan) == (9_211_51, 318_17, 133_26)
    assert lost(bob, carol, dan) == [3_070_19, 3_070_20, 3_071_12]
    book.after("2 Aug: Frank agrees")

    recovery = steps.recover(loan, 500_00, frank, dt.date(2026, 9, 1))
    assert recovery.fee == 125_00
    assert recovered(bob, carol, dan) == [124_99, 124_99, 125_02]
    assert fresh(loan).status == "written_off"
    book.after("1 Sep: court pays")
    # The borrower can pay from the wallet too.
    steps.recover(loan, 100_00, alice, dt.date(2026, 10, 1), method="wallet")
    book.after("1 Oct: Alice pays")
    assert book.is_told()


def loan_loss(loan: Loan) -> tuple[int, int, int]:
    loss = LoanLoss.objects.get(loan=loan)
    return loss.principal, loss.interest, loss.late_fee


def lost(*lenders: User) -> list[int]:
    return [Note.objects.get(owner=lender).principal_lost for lender in lenders]


def recovered(*lenders: User) -> list[int]:
    return [Note.objects.get(owner=lender).recovered for lender in lenders]
