"""The story of a loan that gets a new plan: a pause of two months, what is owed of interest becomes principal.

On 20 April payments 2 and 3 are late: 92.12 and 84.15 interest, and a late fee of 44.42. 12.69 of the running 76.11 are
earned (5 of 30 days). 9,211.51 + 188.96 = 9,400.47 are spread over nine payments from 15 July on. The first period is a
month and 56 days, which count 1/365: 9,400.47 × (0.01 + 0.12 × 56/365) = 267.08. Levelled over all nine: 1,117.42.
The notes grow by 62.98, 62.98 and 63.00, so that the lenders are paid back what they waited for.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption
from loans.models import Instalment, Loan, Note
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.storybook import Storybook

DAY = dt.date(2026, 4, 20)
NEW_DUE = [dt.date(2026, month, 15) for month in range(7, 13)] + [dt.date(2027, month, 15) for month in (1, 2, 3)]
PAYMENT, LAST_PAYMENT = 1_117_42, 1_117_40
TABLE = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               | 11700.00|    0.00|    0.00|    0.00| 12000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Feb: payment 1              | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51|   0.00|   0.00| 304.98|   0.00
20 Apr: payments 2 and 3 late  | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 176.27|  44.42| 304.98|   0.00
20 Apr: plan proposed          | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 176.27|  44.42| 304.98|   0.00
20 Apr: plan accepted          | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9400.47|   0.00|  44.42| 304.98|   0.00
20 Apr: late fee paid          | 10767.09|  309.28|  309.28|  309.37| 12000.00|  9400.47|   0.00|   0.00| 304.98|   0.00
15 Jul: new payment 1          |  9649.67|  677.26|  677.27|  677.47| 12000.00|  8550.13|   0.00|   0.00| 318.33|   0.00
15 Aug: new payment 2          |  8532.25| 1048.27| 1048.29| 1048.60| 12000.00|  7518.21|   0.00|   0.00| 322.59|   0.00
15 Sep: new payment 3          |  7414.83| 1419.46| 1419.47| 1419.90| 12000.00|  6475.97|   0.00|   0.00| 326.34|   0.00
15 Oct: new payment 4          |  6297.41| 1790.83| 1790.84| 1791.37| 12000.00|  5423.31|   0.00|   0.00| 329.55|   0.00
15 Nov: new payment 5          |  5179.99| 2162.36| 2162.37| 2163.03| 12000.00|  4360.12|   0.00|   0.00| 332.25|   0.00
15 Dec: new payment 6          |  4062.57| 2534.08| 2534.09| 2534.85| 12000.00|  3286.30|   0.00|   0.00| 334.41|   0.00
15 Jan: new payment 7          |  2945.15| 2905.97| 2905.99| 2906.86| 12000.00|  2201.74|   0.00|   0.00| 336.03|   0.00
15 Feb: new payment 8          |  1827.73| 3278.05| 3278.07| 3279.04| 12000.00|  1106.34|   0.00|   0.00| 337.11|   0.00
15 Mar: new payment 9          |   710.33| 3650.30| 3650.31| 3651.41| 12000.00|     0.00|   0.00|   0.00| 337.65|   0.00
"""


def test_a_pause_whose_interest_becomes_principal_is_paid_to_the_end(
    loan: Loan, alice: User, bob: User, carol: User, dan: User, dora: User
) -> None:
    book = Storybook(TABLE, loan, (alice, bob, carol, dan))
    book.after("15 Jan: paid out")
    pay(loan, 888_49, steps.FIRST_DUE)
    book.after("15 Feb: payment 1")
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    book.after("20 Apr: payments 2 and 3 late")
    assert (fresh(loan).days_past_due, fresh(loan).arrears_amount) == (36, 2 * 888_49 + 44_42)

    # A proposal moves nothing.
    proposal = steps.propose(loan, PlanTerms(PlanOption.HOLIDAY, payments=2), dora, DAY)
    book.after("20 Apr: plan proposed")
    steps.accept(proposal, alice, DAY)
    book.after("20 Apr: plan accepted")
    assert [note.capitalised for note in Note.objects.order_by("pk")] == [62_98, 62_98, 63_00]

    pay(loan, 44_42, DAY)
    book.after("20 Apr: late fee paid")
    assert (fresh(loan).days_past_due, fresh(loan).next_due_on) == (0, NEW_DUE[0])
    plan = Instalment.objects.filter(loan=loan, schedule_version=2, principal_due__gt=0).order_by("number")
    assert [(row.due_date, row.total_due) for row in plan] == [
        *((day, PAYMENT) for day in NEW_DUE[:-1]),
        (NEW_DUE[-1], LAST_PAYMENT),
    ]

    for number, due in enumerate(NEW_DUE, start=1):
        pay(loan, LAST_PAYMENT if due == NEW_DUE[-1] else PAYMENT, due)
        book.after(f"{due:%d %b}: new payment {number}")

    assert book.is_told()
    closed = fresh(loan)
    assert (closed.status, closed.closed_on, closed.is_restructured) == ("repaid", NEW_DUE[-1], True)
    assert all(note.principal_received == note.principal + note.capitalised for note in Note.objects.all())
    assert_links_open("plan_proposed")
