"""How demo loans find their money: rules first, then lenders by hand over a few days, with a question in between."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.models import Loan, LoanQuestion
from loans.selectors.exposure_limits import headroom_of
from loans.services.funding.commitments import place_commitment
from loans.services.origination.questions import answer_question, ask_question
from matching.enums.mandates import MandateStatus, Occasion, RiskTolerance
from matching.models import LendingMandate, RiskProfile
from matching.selectors.mandates import mandate_of
from matching.services.allocation import run_mandates
from matching.services.mandates import activate_mandate, save_mandate
from matching.services.profiles import set_risk_profile
from matching.services.proposals import propose_loan
from matching.wording import consent_text
from p2plending.demo.people import People
from p2plending.demo.wallets import add_money, have_available, new_key
from p2plending.lib.rules.values import PlatformRules, platform_rules

# Every third lender lends by a rule.
RULE_EVERY = 3
RULES = (
    (RiskTolerance.BALANCED, "ABC", "0.07", 36, 150_00),
    (RiskTolerance.CONSERVATIVE, "AB", "0.06", 24, 100_00),
    (RiskTolerance.GROWTH, "ABCDE", "0.09", 60, 75_00),
)
WISHES = (300_00, 400_00, 500_00, 500_00)
# Lenders by hand come in so many groups until the loan is full.
MOST_STEPS = 5
FIRST_MONEY = (1_500_00, 2_000_00, 2_500_00, 3_000_00)
QUESTIONS = (
    ("Is the work already ordered?", "Yes, the order is signed and starts when the money is here."),
    ("Will your income stay the same over the term?", "Yes. My contract has no end date."),
    ("Why not wait and save?", "I would have to live with it for another winter."),
)


def start_lenders(people: People, number: int, day: dt.date) -> None:
    """Let there be `number` lenders: those who are new bring money, tell their risk profile, and every third of them
    lends by a rule."""
    for lender in people.welcome_lenders(number, day):
        place = people.lenders.index(lender)
        tolerance, grades, min_rate, term, amount = RULES[place % len(RULES)]
        if not RiskProfile.objects.filter(lender=lender).exists():
            have_available(people, lender, FIRST_MONEY[place % len(FIRST_MONEY)], day)
            set_risk_profile(lender=lender, tolerance=tolerance, actor=lender)
        if place % RULE_EVERY == 0:
            _turn_rule_on(lender, grades, Decimal(min_rate), term, amount)


def _turn_rule_on(lender: User, grades: str, min_rate: Decimal, term: int, amount: int) -> None:
    mandate = mandate_of(lender) or _save_rule(lender, grades, min_rate, term, amount)
    if mandate.status == MandateStatus.DRAFT:
        activate_mandate(
            mandate_id=mandate.pk, consent_text=consent_text(mandate), actor=lender, idempotency_key=new_key()
        )


def _save_rule(lender: User, grades: str, min_rate: Decimal, term: int, amount: int) -> LendingMandate:
    return save_mandate(
        lender=lender,
        grades=list(grades),
        min_rate=min_rate,
        max_term_months=term,
        amount_per_loan=amount,
        keep_available=100_00,
        actor=lender,
        idempotency_key=new_key(),
    )


def open_to_lenders(loan: Loan, day: dt.date) -> None:
    """What the worker does when a loan opens: rules, then suggestions."""
    run_mandates(loan_id=loan.pk, occasion=Occasion.LISTED, today=day)
    propose_loan(loan_id=loan.pk, today=day)


def fund_a_day(
    people: People, loan: Loan, *, share: int, fills_in: int, days_open: int, day: dt.date, lot: random.Random
) -> None:
    """Lenders commit by hand until the loan has what belongs to this day, of `share` percent within `fills_in` days.

    On the last day they take what is wanted even if that is more than they wished for.
    """
    steps = min(fills_in, MOST_STEPS)
    step = days_open * steps // fills_in
    if step < steps and step == (days_open - 1) * steps // fills_in:
        return
    wanted = loan.principal * share * min(step, steps) // (100 * steps)
    rules = platform_rules()
    lenders = list(people.lenders)
    lot.shuffle(lenders)
    for insists in (False, True) if step >= steps else (False,):
        for lender in lenders:
            if loan.funded_amount >= wanted:
                return
            amount = _amount(loan, lender, wanted, rules, None if insists else lot.choice(WISHES))
            if amount:
                have_available(people, lender, amount, day, step=1_000_00)
                place_commitment(
                    loan_id=loan.pk, lender=lender, amount=amount, actor=lender, idempotency_key=new_key(), today=day
                )
                loan.refresh_from_db()


def _amount(loan: Loan, lender: User, wanted: int, rules: PlatformRules, wish: int | None) -> int:
    """What the lender commits: within every limit, in whole steps unless it is all that is left; 0 for nothing."""
    missing = wanted - loan.funded_amount
    room = headroom_of(loan, lender, rules)
    most = min(room.smallest, missing if wanted < loan.principal else room.remaining, wish or missing)
    if most == room.remaining:
        return most
    amount = most - most % rules.commitment_step
    return amount if amount >= rules.min_commitment else 0


def ask(people: People, loan: Loan, number: int, day: dt.date) -> None:
    """A lender asks on the listing."""
    author = people.lenders[number % len(people.lenders)]
    ask_question(loan_id=loan.pk, author=author, text=QUESTIONS[number % len(QUESTIONS)][0], actor=author, today=day)


def answer(loan: Loan, day: dt.date) -> None:
    """The borrower answers what the demo's lenders asked. Other people's questions are left to visitors."""
    answers = dict(QUESTIONS)
    for question in LoanQuestion.objects.filter(loan=loan, answered_at__isnull=True, text__in=answers):
        answer_question(question_id=question.pk, answer=answers[question.text], actor=loan.borrower, today=day)


def lend_by_rules_again(people: People, day: dt.date) -> None:
    """Once a month: money for the rules, which then look at every open loan again."""
    for lender in people.lenders[::RULE_EVERY]:
        add_money(people, lender, 300_00, day)
    open_loans = Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=day, is_frozen=False)
    for loan_id in list(open_loans.order_by("listed_at", "pk").values_list("pk", flat=True)):
        run_mandates(loan_id=loan_id, occasion=Occasion.NIGHTLY, today=day)
