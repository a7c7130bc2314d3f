"""The story of a default that is cured: what was late is paid, and the loan goes on by a plan of its own.

On 14 June payments 2 to 4 are late: 92.12, 84.15 and 76.11 interest and three late fees of 44.42; 65.79 of the running
67.98 are earned (30 of 31 days). To cure it on 20 June: those payments with their fees (2,798.73), the 65.79, and the
principal of payment 5, whose day has passed (820.51). What is left, 5,977.91, is levelled over the seven dates to come;
the first period is five days short, which count 1/365: 5,977.91 × (0.01 − 0.12 × 5/365) = 49.95.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.models import Instalment, Loan
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.cure import current_cure
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.storybook import Storybook
from p2plending.tests.support.world import set_rules

PAY_DAY, NEXT_DUE = dt.date(2026, 6, 20), dt.date(2026, 7, 15)
TABLE = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               | 11700.00|    0.00|    0.00|    0.00| 12000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Feb: payment 1              | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51|   0.00|   0.00| 304.98|   0.00
30 May: notice                 | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 252.38|  88.84| 304.98|   0.00
14 Jun: default                | 10811.51|  294.48|  294.47|  294.56| 12000.00|  9211.51| 318.17| 133.26| 304.98|   0.00
20 Jun: all but a cent         |  7126.49| 1517.38| 1517.40| 1517.85| 12000.00|  5977.92|   0.00|   0.00| 320.88|   0.00
20 Jun: the cent               |  7126.48| 1517.38| 1517.40| 1517.86| 12000.00|  5977.91|   0.00|   0.00| 320.88|   0.00
15 Jul: interest falls due     |  7126.48| 1517.38| 1517.40| 1517.86| 12000.00|  5977.91|  49.95|   0.00| 320.88|   0.00
15 Jul: all paid off           |  1098.62| 3525.64| 3525.66| 3526.71| 12000.00|     0.00|   0.00|   0.00| 323.37|   0.00
"""


def test_what_was_late_is_paid_and_the_loan_goes_on(
    loan: Loan, alice: User, bob: User, carol: User, dan: User, dora: User
) -> None:
    book = Storybook(TABLE, loan, (alice, bob, carol, dan))
    book.after("15 Jan: paid out")
    pay(loan, 888_49, steps.FIRST_DUE)
    book.after("15 Feb: payment 1")
    steps.notify(loan, dora)
    book.after("30 May: notice")
    steps.declare(loan, dora)
    book.after("14 Jun: default")

    assert current_cure(fresh(loan), PAY_DAY).amount == 3_685_03
    pay(loan, 3_685_02, PAY_DAY)
    book.after("20 Jun: all but a cent")
    assert fresh(loan).status == "defaulted"
    assert current_cure(fresh(loan), PAY_DAY).amount == 1

    pay(loan, 1, PAY_DAY)
    book.after("20 Jun: the cent")
    cured = fresh(loan)
    assert (cured.status, cured.schedule_version, cured.days_past_due, cured.bucket) == ("active", 3, 0, "current")
    assert (cured.next_due_on, cured.next_due_amount) == (NEXT_DUE, 887_04)
    assert cured.defaults.get().cured_on == PAY_DAY
    plan = Instalment.objects.filter(loan=loan, schedule_version=3)
    assert [(row.principal_due, row.interest_due) for row in plan][:2] == [(837_09, 49_95), (835_63, 51_41)]
    assert sum(row.principal_due for row in plan) == 5_977_91
    assert [row.due_date for row in plan][-1] == dt.date(2027, 1, 15)

    bring_loan_forward(loan_id=loan.pk, today=NEXT_DUE)
    book.after("15 Jul: interest falls due")
    pay(loan, 6_100_00, NEXT_DUE)
    book.after("15 Jul: all paid off")

    assert book.is_told()
    assert fresh(loan).status == "repaid"
    assert_links_open("loan_cured")


def test_a_platform_that_allows_no_cure_keeps_the_default(loan: Loan, dora: User) -> None:
    set_rules(ALLOW_CURE=False)
    pay(loan, 888_49, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)
    pay(loan, 3_685_03, PAY_DAY)
    assert (fresh(loan).status, fresh(loan).schedule_version) == ("defaulted", 2)
    assert_sound_books()
