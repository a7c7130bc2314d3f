"""Play the stories day by day: first what the calendar does, then what people do.

What comes next is read from the loan's state, so that a run which was cut short goes on where it stopped, and a visitor
who took a step first is no obstacle.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from accounts.services.identity.expiry import run_identity_expiry
from loans.enums.loan import DeclineReason, LoanStatus
from loans.models import Loan, LoanProduct
from loans.services.collections.daily_run import run_collections
from loans.services.collections.reminders import send_reminders
from loans.services.funding.agreement import sign_agreement
from loans.services.funding.disbursement import disburse_loan
from loans.services.funding.offer import accept_offer, accept_smaller_loan
from loans.services.notices.repayments import notify_of_payments
from loans.services.origination.application import create_draft, submit_application, withdraw_application
from loans.services.origination.review import (
    answer_request,
    ask_applicant,
    cancel_listing,
    decline_application,
    make_offer,
    take_application,
)
from loans.services.servicing.end_of_day import run_end_of_day
from p2plending.demo.flexible import FLEXIBLE_PRODUCT, live_with_charges
from p2plending.demo.lending import answer, ask, fund_a_day, open_to_lenders
from p2plending.demo.paying import FILLED_BEFORE, fill_wallet_for_autopay, pay_what_is_due
from p2plending.demo.people import Kind, People
from p2plending.demo.steps import Steps
from p2plending.demo.stories import DAYS_TO_LISTING, DAYS_TO_SIGN, LoanStory, Pays
from p2plending.demo.trouble import end_default, follow_up_lateness, let_a_payment_bounce, recover_a_part
from p2plending.demo.wallets import new_key, take_out_money
from p2plending.lib.errors import required
from p2plending.operations.reference_data import STANDARD_PRODUCT

TAKEN_AFTER, DECIDED_AFTER = 1, 2
CLOSED_AFTER = 8
LONGEST_WAIT = 7
VISITORS_FILL_IN = 10
DAYS_TO_ANSWER = 14
QUESTION_EVERY = 3


class Play:
    """The loans of one demo world, day by day."""

    def __init__(self, people: People, stories: list[LoanStory], steps: Steps, *, seed: int) -> None:
        self.people = people
        self.stories = stories
        self.steps = steps
        self.seed = seed
        self.product = LoanProduct.objects.get(code=STANDARD_PRODUCT)
        self.flexible_product = LoanProduct.objects.get(code=FLEXIBLE_PRODUCT)
        self.loan_ids: dict[LoanStory, int] = {}

    def play_day(self, day: dt.date) -> None:
        """Everything that happens to loans on one day."""
        with self.steps.in_the_morning(day):
            run_end_of_day(today=day)
            run_collections(today=day)
            send_reminders(today=day)
            run_identity_expiry(today=day)
        self._find_loans(day)
        for story in self.stories:
            if story not in self.loan_ids and story.begins <= day:
                self.steps.take(day, story.subject.title, partial(self._begin, story, day))
        states = {loan.pk: loan for loan in Loan.objects.filter(pk__in=self.loan_ids.values(), status__in=self.STEPS)}
        for number, story in enumerate(self.stories):
            loan = states.get(self.loan_ids.get(story, 0))
            if loan is not None and self._has_next_step(story, loan, day):
                step = partial(self.STEPS[LoanStatus(loan.status)], self, number, story, loan, day)
                self.steps.take(day, f"{loan.reference} {loan.status}", step)
        self._lend_to_visitors(day)
        self.steps.take(day, "payment notices", notify_of_payments)

    def _lend_to_visitors(self, day: dt.date) -> None:
        """The demo's lenders also lend to loans that visitors asked for; everything else about those is theirs."""
        of_visitors = Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=day, listed_on__lt=day)
        for loan in of_visitors.exclude(pk__in=self.loan_ids.values()).exclude(is_frozen=True):
            self.steps.take(
                day, f"{loan.reference} of a visitor", partial(self._lend, loan, VISITORS_FILL_IN, 100, day)
            )

    def _lend(self, loan: Loan, fills_in: int, share: int, day: dt.date) -> None:
        lot = random.Random(f"{self.seed}:{loan.borrower_id}:{day}")  # noqa: S311 - a seeded draw, not a secret
        days_open = (day - required(loan.listed_on, "listed_on")).days
        fund_a_day(self.people, loan, share=share, fills_in=fills_in, days_open=days_open, day=day, lot=lot)

    def _find_loans(self, day: dt.date) -> None:
        """Loans that an earlier run began; a borrower has no two stories on the same subject."""
        if self.loan_ids:
            return
        emails = {number: self.people.identity(Kind.BORROWER, number)[0] for number in self._borrower_numbers(day)}
        rows = Loan.objects.filter(borrower__email__in=emails.values()).values_list("borrower__email", "title", "pk")
        known = {(email, title): pk for email, title, pk in rows}
        for story in self.stories:
            loan_id = known.get((emails.get(story.borrower, ""), story.subject.title))
            if loan_id is not None:
                self.loan_ids[story] = loan_id

    def _borrower_numbers(self, day: dt.date) -> set[int]:
        return {story.borrower for story in self.stories if story.begins <= day}

    def _has_next_step(self, story: LoanStory, loan: Loan, day: dt.date) -> bool:
        if loan.status == LoanStatus.ACTIVE:
            days_to_payment = (loan.next_due_on - day).days if loan.next_due_on is not None else 0
            is_near = days_to_payment <= (FILLED_BEFORE if story.pays == Pays.BY_AUTOPAY else 0)
            return is_near or story.pays in (Pays.BOUNCES_ONCE, Pays.SOME_EARLY)
        return loan.status != story.goes_to(day) or loan.status in (LoanStatus.LISTED, LoanStatus.WRITTEN_OFF)

    def _begin(self, story: LoanStory, day: dt.date) -> None:
        borrower = self.people.borrower(story.borrower, day)
        loan = create_draft(
            borrower=borrower.user,
            product=self.flexible_product if story.is_flexible else self.product,
            amount=story.amount,
            term_months=story.term,
            actor=borrower.user,
            today=day,
            purpose=story.subject.purpose,
            title=story.subject.title,
            story=story.subject.story,
            monthly_income=borrower.finances.income,
            monthly_expenses=borrower.finances.expenses,
            monthly_debt_service=borrower.finances.debt_service,
            employment=borrower.finances.employment,
            employment_months=borrower.finances.employment_months,
            region=borrower.region,
            is_homeowner=borrower.finances.is_homeowner,
        )
        self.loan_ids[story] = loan.pk

    def _send(self, _number: int, _story: LoanStory, loan: Loan, day: dt.date) -> None:
        submit_application(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)

    def _take(self, _number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        if _age(story, day) >= TAKEN_AFTER:
            take_application(loan_id=loan.pk, actor=self.people.officer, today=day)

    def _decide(self, _number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        if _age(story, day) < DECIDED_AFTER:
            return
        officer = self.people.officer
        if story.goes_to(day) == LoanStatus.INFO_REQUESTED:
            ask_applicant(
                loan_id=loan.pk,
                question="Please tell us how much of the price you pay yourself, and when you need the money.",
                due_on=day + dt.timedelta(days=DAYS_TO_ANSWER),
                actor=officer,
                today=day,
            )
        elif story.goes_to(day) == LoanStatus.REJECTED:
            decline_application(
                loan_id=loan.pk,
                reasons=[DeclineReason.STORY],
                note="What you wrote and the amount do not fit together.",
                actor=officer,
                idempotency_key=new_key(),
                today=day,
            )
        else:
            make_offer(loan_id=loan.pk, actor=officer, idempotency_key=new_key(), today=day)

    def _answer_staff(self, _number: int, _story: LoanStory, loan: Loan, day: dt.date) -> None:
        words = "I pay a third myself, and the offer that I have is good until the end of the month."
        answer_request(loan_id=loan.pk, answer=words, actor=loan.borrower, today=day)

    def _accept(self, _number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        if story.goes_to(day) == LoanStatus.OFFER_EXPIRED or _age(story, day) < DAYS_TO_LISTING:
            return
        accept_offer(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)
        open_to_lenders(loan, day)

    def _fund(self, number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        days_open, stops_at = (day - required(loan.listed_on, "listed_on")).days, story.goes_to(day)
        if days_open == 1 and number % QUESTION_EVERY == 0:
            ask(self.people, loan, number, day)
        elif days_open > 1 and stops_at != LoanStatus.LISTED:
            answer(loan, day)
        if _age(story, day) >= CLOSED_AFTER and stops_at == LoanStatus.WITHDRAWN:
            withdraw_application(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)
        elif _age(story, day) >= CLOSED_AFTER and stops_at == LoanStatus.CANCELLED:
            reason = "the purpose turned out to be another one."
            cancel_listing(
                loan_id=loan.pk, reason=reason, actor=self.people.officer, idempotency_key=new_key(), today=day
            )
        elif days_open > 0:
            self._lend(loan, story.fills_in, story.share_on(day), day)

    def _accept_smaller(self, _number: int, _story: LoanStory, loan: Loan, day: dt.date) -> None:
        accept_smaller_loan(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)

    def _sign_and_disburse(self, number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        # One that the rules filled at once waits like the others, but not beyond the days for signing.
        if (day - required(loan.listed_on, "listed_on")).days < min(story.fills_in, LONGEST_WAIT) + DAYS_TO_SIGN:
            return
        if loan.signed_at is None:
            sign_agreement(
                loan_id=loan.pk,
                typed_name=loan.borrower.full_name,
                actor=loan.borrower,
                ip_address="192.0.2.10",
                idempotency_key=new_key(),
                today=day,
            )
        disburse_loan(loan_id=loan.pk, actor=None, idempotency_key=f"disburse:{loan.reference}", today=day)
        if number % 4:
            take_out_money(self.people, loan.borrower, required(loan.net_received, "net_received"), day)

    def _pay(self, _number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        if story.pays == Pays.BY_AUTOPAY:
            fill_wallet_for_autopay(self.people, loan, day)
        pay_what_is_due(self.people, story, loan, day)
        follow_up_lateness(self.people, story, loan, day)
        if story.pays == Pays.BOUNCES_ONCE:
            let_a_payment_bounce(self.people, loan, day)
        elif story.pays == Pays.SOME_EARLY:
            live_with_charges(self.people, loan, day)

    def _end_default(self, _number: int, story: LoanStory, loan: Loan, day: dt.date) -> None:
        end_default(self.people, story, loan, day)

    def _recover(self, _number: int, _story: LoanStory, loan: Loan, day: dt.date) -> None:
        recover_a_part(self.people, loan, day)

    STEPS: ClassVar[dict[LoanStatus, Callable[[Play, int, LoanStory, Loan, dt.date], None]]] = {
        LoanStatus.DRAFT: _send,
        LoanStatus.SUBMITTED: _take,
        LoanStatus.UNDER_REVIEW: _decide,
        LoanStatus.INFO_REQUESTED: _answer_staff,
        LoanStatus.OFFERED: _accept,
        LoanStatus.LISTED: _fund,
        LoanStatus.PARTIAL_OFFER: _accept_smaller,
        LoanStatus.FUNDED: _sign_and_disburse,
        LoanStatus.ACTIVE: _pay,
        LoanStatus.DEFAULTED: _end_default,
        LoanStatus.WRITTEN_OFF: _recover,
    }


def _age(story: LoanStory, day: dt.date) -> int:
    return (day - story.begins).days
