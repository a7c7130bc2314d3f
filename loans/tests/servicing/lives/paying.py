"""Steps of money and time: payments of every sort, days, automatic payment, money that comes late or goes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import ApprovalRequest
from accounts.services.approvals.requests import approve_request, refuse_request
from ledger.services.withdrawals import request_withdrawal
from loans.enums.loan import ExtraMode, RepaymentMethod
from loans.models import Repayment
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.corrections.reversal_request import request_reversal
from loans.services.repayments.record import confirm_repayment, preview_repayment, record_repayment, reject_repayment
from loans.services.repayments.right_of_withdrawal import give_loan_back
from loans.services.servicing.autopay import set_autopay
from loans.tests.servicing.lives import seen
from loans.tests.servicing.lives.living import Living
from loans.tests.servicing.lives.plain import Payment
from loans.tests.servicing.lives.script import step
from p2plending.tests.support.scene import IBAN
from p2plending.tests.support.world import fund_wallet

AMOUNTS = ["due", "due", "due", "part", "next", "ahead", "most", "all", "more", "nearly all", "a cent", "nothing"]
MODES = ["", "", *ExtraMode.values]
PLACES = range(6)
OWING = ("active", "defaulted")
LOST = ("written_off", "settled")


class Paying(Living):
    """Money and time."""

    @step(12, *OWING, days=[1, 4, 16, 31, 31, 31, 62, 92], is_looked_at=[True, True, False])
    def days_pass(self, days: int, is_looked_at: bool) -> None:
        self.come(days, is_looked_at=is_looked_at)
        self.compare()

    @step(10, *OWING, how_much=AMOUNTS, mode=MODES)
    def pays_from_the_wallet(self, how_much: str, mode: str) -> None:
        amount = self.amount(how_much)
        expected = self.refusal_of_payment(amount)
        if not expected and amount > self.life.purses[self.borrower.pk].available:
            expected = "insufficient_balance"
        asked = ExtraMode(mode) if mode else None
        day = self.life.today
        preview = (
            None if expected else preview_repayment(loan_id=self.loan.pk, amount=amount, today=day, extra_mode=asked)
        )
        done = self.attempt(
            expected,
            lambda: record_repayment(
                loan_id=self.loan.pk,
                amount=amount,
                method=RepaymentMethod.WALLET,
                value_date=day,
                extra_mode=asked,
                actor=self.borrower,
                idempotency_key=next(self.keys),
                today=day,
            ),
        )
        if done:
            was_cured = self.life.status
            payment = self.follow_payment(mode)
            plan = preview.plan
            assert (
                plan.late_fee,
                plan.interest,
                plan.principal,
                plan.surplus,
                plan.held,
                plan.credit_used,
            ) == payment.figures
            assert {share.note_id: share.net for share in plan.shares} == {
                pk: share.net for pk, share in payment.shares.items()
            }
            assert plan.closes_loan == (self.life.status == "repaid")
            if was_cured == self.life.status or plan.closes_loan:
                columns = seen.loan_columns(self.loan.pk)
                common = preview.columns.keys() & columns.keys()
                assert {name: columns[name] for name in common} == {name: preview.columns[name] for name in common}
        self.compare()

    @step(4, *OWING, how_much=AMOUNTS, mode=MODES, days_ago=[0, 0, 2, 20])
    def says_to_have_paid(self, how_much: str, mode: str, days_ago: int) -> None:
        amount, day = self.amount(how_much), self.life.today
        sent_on = day - dt.timedelta(days=days_ago)
        expected = self.refusal_of_payment(amount)
        if not expected and sent_on < self.life.paid_out_on:
            expected = "before_payout"
        self.attempt(
            expected,
            lambda: record_repayment(
                loan_id=self.loan.pk,
                amount=amount,
                method=RepaymentMethod.DECLARED,
                value_date=sent_on,
                extra_mode=ExtraMode(mode) if mode else None,
                actor=self.borrower,
                idempotency_key=next(self.keys),
                today=day,
            ),
        )
        self.compare()

    @step(4, which=PLACES, days_ago=[0, 0, 0, 3, 20])
    def staff_find_the_money(self, which: int, days_ago: int) -> None:
        told = self.pick(which)
        if told is None:
            self.says_to_have_paid("due", "", 0)
            return
        day = self.life.today - dt.timedelta(days=days_ago)
        done = self.attempt(
            self.refusal_of_confirmation(told, day),
            lambda: confirm_repayment(
                repayment_id=told.pk,
                value_date=day,
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=self.life.today,
            ),
        )
        if done:
            payment = self.follow_payment(told.extra_mode)
            assert day <= payment.counted_on <= self.life.today
        self.compare()

    @step(1, which=PLACES)
    def staff_find_no_money(self, which: int) -> None:
        told = self.pick(which)
        if told is None:
            self.says_to_have_paid("due", "", 0)
            return
        self.attempt(
            "" if told.status == "declared" else "already_decided",
            lambda: reject_repayment(
                repayment_id=told.pk,
                note="Not there.",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=self.life.today,
            ),
        )
        self.compare()

    @step(2, *OWING, is_on=[True, True, False])
    def switches_automatic_payment(self, is_on: bool) -> None:
        expected = "" if self.life.is_owing else "not_being_paid_back"
        done = self.attempt(expected, lambda: set_autopay(loan_id=self.loan.pk, is_on=is_on, actor=self.borrower))
        if done:
            self.life.autopay = is_on
            self.come(0, is_looked_at=is_on)
        self.compare()

    @step(4, *OWING, how_much=AMOUNTS, days_ago=[0, 1, 10, 40, 40, 400])
    def money_of_an_earlier_day_is_found(self, how_much: str, days_ago: int) -> None:
        life, amount = self.life, self.amount(how_much)
        day = life.today - dt.timedelta(days=days_ago)
        expected = self.refusal_of_payment(amount)
        if not expected and day == life.today:
            expected = "not_in_the_past"
        if not expected and day < life.paid_out_on:
            expected = "before_payout"
        later = [payment for payment in life.payments[life.base_payments :] if payment.counted_on > day]
        if not expected and not life.can_start_from(day, later):
            expected = "plan_agreed_since"
        done = self.attempt(
            expected,
            lambda: record_backdated_repayment(
                loan_id=self.loan.pk,
                amount=amount,
                value_date=day,
                bank_reference="late",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done:
            posted = self.posted_since()
            assert (posted[0].pk, posted[0].counted_on) == (done.pk, day)
            self.follow_replay(later, posted, ["", *modes_of(later)])
        self.compare()

    @step(5, *OWING, "repaid", which=PLACES)
    def a_payment_bounces(self, which: int) -> None:
        """One asks to undo it, and another agrees, or has to let it stay."""
        life = self.life
        bounced = self.pick(which)
        # What comes back after a loss has its own tests, collections/test_came_back_after_the_end.
        if bounced is None or life.status in LOST:
            self.pays_from_the_wallet("due", "")
            return
        asked = self.attempt(
            self.refusal_of_asking_to_undo(bounced),
            lambda: request_reversal(
                repayment_id=bounced.pk,
                reason="The bank returned it.",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if asked:
            life.roll()
            self.the_bounce_is_decided(bounced, asked)
        self.compare()

    def the_bounce_is_decided(self, bounced: Repayment, asked: ApprovalRequest) -> None:
        life = self.life
        decision: dict[str, Any] = {"approval_id": asked.pk, "actor": self.world.frank, "today": life.today}
        at = next(at for at, payment in enumerate(life.payments) if payment.pk == bounced.pk)
        undone = life.payments[at:]
        done = self.attempt(
            "" if life.can_undo(undone[0]) else "plan_agreed_since",
            lambda: approve_request(idempotency_key=next(self.keys), **decision),
        )
        if done:
            self.follow_replay(undone, self.posted_since(), modes_of(undone[1:]))
            self.take_fee_again(bounced.pk)
            return
        refuse_request(note="It stays.", idempotency_key=next(self.keys), **decision)
        # Asking was no refusal: it brought the loan to today.
        self.is_refused = False

    @step(1, *OWING)
    def gives_the_loan_back(self) -> None:
        life = self.life
        refund = life.terms.fee_refund
        last_day = life.paid_out_on + dt.timedelta(days=life.terms.withdrawal_days)
        expected = ""
        if life.status != "active" or life.today > last_day:
            expected = "withdrawal_time_over"
        elif life.purses[self.borrower.pk].available + refund < life.payoff(life.today):
            expected = "insufficient_balance"
        done = self.attempt(
            expected,
            lambda: give_loan_back(
                loan_id=self.loan.pk, actor=self.borrower, idempotency_key=next(self.keys), today=life.today
            ),
        )
        if done:
            life.purses[self.borrower.pk].move(refund)
            life.fees -= refund
            life.refunds[done.pk] = refund
            payment = self.follow_payment("")
            assert (payment.surplus, life.status) == (0, "repaid")
        self.compare()

    @step(3, which=range(4), share=[1, 2, 3])
    def takes_money_out(self, which: int, share: int) -> None:
        """A lender, or the borrower."""
        person = [self.borrower, *self.world.lenders][which]
        purse = self.life.purses[person.pk]
        amount = purse.available // share
        done = self.attempt(
            "" if amount >= 1_00 else "below_minimum_withdrawal",
            lambda: request_withdrawal(
                user=person,
                amount=amount,
                account_holder=person.full_name,
                iban=IBAN,
                actor=person,
                idempotency_key=next(self.keys),
                today=self.life.today,
            ),
        )
        if done:
            purse.available -= amount
            purse.withdrawing += amount
        self.compare()

    @step(2, which=[0, 0, 1, 2, 3], amount=[50_00, 1_000_00, 12_000_00])
    def puts_money_in(self, which: int, amount: int) -> None:
        person = [self.borrower, *self.world.lenders][which]
        fund_wallet(person, amount, today=self.life.today)
        self.life.purses[person.pk].move(amount)
        self.life.bank += amount
        self.compare()

    @step(3, *OWING, which=[1, 2, 3], amount=[50_00, 1_000_00])
    def a_lender_has_spent_what_bounces(self, which: int, amount: int) -> None:
        """And owes it, until money comes in."""
        self.puts_money_in(0, 1_000_00)
        self.pays_from_the_wallet("next", "")
        self.takes_money_out(which, 1)
        self.a_payment_bounces(Repayment.objects.filter(loan=self.loan).count() - 1)
        self.puts_money_in(which, amount)

    # ------------------------------------------------------------ what the model expects

    def amount(self, how_much: str) -> int:
        life = self.life
        due, payoff = life.due(life.today), life.payoff(life.today)
        return {
            "due": due,
            "part": due * 2 // 3,
            "next": due + life.following(life.today),
            "ahead": due + 2 * life.following(life.today) + 777,
            "most": payoff * 2 // 3,
            "all": payoff,
            "nearly all": max(payoff - 1, 0),
            "more": payoff + 12_34,
            "a cent": 1,
            "nothing": 0,
        }[how_much]

    def pick(self, which: int) -> Repayment | None:
        """One of the loan's payments, in any state; none when there is none."""
        found = list(Repayment.objects.filter(loan=self.loan).order_by("pk"))
        return found[which % len(found)] if found else None

    def refusal_of_payment(self, amount: int) -> str:
        if not self.life.is_owing:
            return "nothing_to_pay"
        return "" if amount > 0 else "amount_too_small"

    def refusal_of_confirmation(self, told: Repayment, day: dt.date) -> str:
        life = self.life
        if told.status != "declared":
            return "already_decided"
        if day < life.paid_out_on:
            return "before_payout"
        if day == life.today:
            return ""
        fixed = [payment.value_date for payment in life.payments if not payment.is_from_credit]
        fixed += [row.fee_on for row in [*life.now.rows, *life.given_up] if row.fee_on]
        return "before_last_payment" if day < max(fixed, default=day) else ""

    def refusal_of_asking_to_undo(self, bounced: Repayment) -> str:
        if bounced.status != "confirmed" or bounced.method == "credit":
            return "not_reversible"
        return ""

    def follow_replay(self, undone: list[Payment], posted: list[Payment], asked: list[str]) -> None:
        """The product brought the loan to today, took payments back and posted others in their place."""
        self.life.reprocess(undone, posted, asked)
        self.follow_cure()

    def take_fee_again(self, pk: int) -> None:
        refund = self.life.refunds.pop(pk, 0)
        self.life.purses[self.borrower.pk].move(-refund)
        self.life.fees += refund


def modes_of(payments: list[Payment]) -> list[str]:
    """How each of them, as far as people made it, used its extra money: it does so again."""
    return [payment.mode for payment in payments if not payment.is_from_credit]
