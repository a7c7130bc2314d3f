"""Steps of loans that are not paid as planned: waivers, help, new plans, default, settlement, losses, recovery."""

from __future__ import annotations

import datetime as dt
from functools import partial

from accounts.models import ApprovalRequest
from accounts.services.approvals.requests import approve_request, refuse_request
from loans.account.restructure import PlanTerms
from loans.enums.collections import DefaultCause, HardshipCause, PlanOption, UnpaidChoice
from loans.enums.loan import RepaymentMethod
from loans.models import DefaultNotice, HardshipRequest, Instalment, PlanProposal, Repayment, SettlementOffer
from loans.services.collections.daily_run import run_collections
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.hardship import approve_help, decline_help, request_help, withdraw_help
from loans.services.collections.recovery import record_recovery
from loans.services.collections.restructuring import accept_plan, decline_plan, propose_plan
from loans.services.collections.settlement import offer_settlement, pay_settlement
from loans.services.collections.waivers import waive_charges
from loans.services.collections.write_off import request_write_off
from loans.tests.servicing.lives import seen
from loans.tests.servicing.lives.paying import LOST, OWING, PLACES, Paying
from loans.tests.servicing.lives.plain import DAY, Row
from loans.tests.servicing.lives.script import step

NOTICE_DAYS = 14
PLAN_REFUSALS = ("nothing_to_plan", "plan_not_possible", "payment_below_interest", "fees_stay_ours")
PLANS = [
    {"option": "holiday", "payments": 2},
    {"option": "lower", "payments": 3, "amount": 60_00},
    {"option": "longer", "payments": 14},
    {"option": "new_due_day", "due_day": 5},
]


class Troubled(Paying):
    """Everything that may happen to a loan after it was paid out."""

    def rolls(self) -> None:
        """The step begins with the calendar, on a loan without automatic payment still to come."""
        self.life.roll()

    # ------------------------------------------------------------ waivers

    @step(3, *OWING, which=PLACES, interest=["none", "half", "all", "too much"], late_fee=["none", "half", "all"])
    def a_charge_is_waived(self, which: int, interest: str, late_fee: str) -> None:
        self.come(0, is_looked_at=True)
        life = self.life
        late = [row for row in life.open_rows if row.due <= life.today] or life.now.rows
        if not late:
            self.days_pass(16, is_looked_at=True)
            return
        row = late[which % len(late)]
        most = row.interest_open if row.due <= life.today else 0
        asked = {"interest": _part(most, interest), "late_fee": _part(row.late_fee_open, late_fee)}
        if not life.is_owing:
            expected = "loan_not_owing"
        elif not sum(asked.values()):
            expected = "nothing_to_waive"
        else:
            expected = "more_than_owed" if asked["interest"] > most else ""
        stored = Instalment.objects.get(loan=self.loan, schedule_version=row.version, number=row.number)
        done = self.attempt(
            expected,
            lambda: waive_charges(
                loan_id=self.loan.pk,
                instalment_id=stored.pk,
                reason="We were late ourselves",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
                **asked,
            ),
        )
        if done:
            life.waive(row, asked["interest"], asked["late_fee"])
        self.compare()

    # ------------------------------------------------------------ help and new plans

    @step(3, "active", plan=PLANS)
    def asks_for_help(self, plan: dict[str, object]) -> None:
        life = self.life
        done = self.attempt(
            self.refusal_of_trouble() or ("help_asked" if self.open_help() else ""),
            lambda: request_help(
                loan_id=self.loan.pk,
                cause=HardshipCause.ILLNESS,
                story="I broke my arm.",
                expected_months=2,
                affordable_amount=100_00,
                asked=_asked(plan),
                actor=self.borrower,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
            may=(*PLAN_REFUSALS, "option_not_offered"),
        )
        if done:
            self.rolls()
            assert (done.paused_until - life.today).days in (0, 14)
            life.pause(done.paused_until)
        self.compare()

    @step(3, "active", answer=["yes", "yes", "no", "taken back"], plan=PLANS, unpaid=list(UnpaidChoice.values))
    def help_is_answered(self, answer: str, plan: dict[str, object], unpaid: str) -> None:
        life = self.life
        request = HardshipRequest.objects.filter(loan=self.loan).order_by("pk").last()
        if request is None:
            self.asks_for_help(plan)
            return
        common = {"request_id": request.pk, "idempotency_key": next(self.keys), "today": life.today}
        staff = {"actor": self.world.dora, "note": "We looked at it"}
        expected = "" if life.is_owing else "loan_not_owing"
        if not expected and request.status != "open":
            expected = "help_decided"
        if answer == "yes":
            if not expected and life.status == "defaulted":
                expected = "invalid_transition"
            if not expected and self.open_proposal():
                expected = "proposal_open"
            call = partial(approve_help, asked=_asked(plan, unpaid), **common, **staff)
        elif answer == "no":
            call = partial(decline_help, **common, **staff)
        else:
            call = partial(withdraw_help, **common, actor=self.borrower)
        done = self.attempt(expected, call, may=PLAN_REFUSALS if answer == "yes" else ())
        if done:
            self.rolls()
            life.pause(life.today + NOTICE_DAYS * DAY if answer == "yes" else life.today)
        self.compare()

    @step(3, "active", plan=PLANS, interest=list(UnpaidChoice.values), late_fee=list(UnpaidChoice.values))
    def a_new_plan_is_proposed(self, plan: dict[str, object], interest: str, late_fee: str) -> None:
        done = self.attempt(
            self.refusal_of_trouble() or ("proposal_open" if self.open_proposal() else ""),
            lambda: propose_plan(
                loan_id=self.loan.pk,
                asked=_asked(plan, interest, late_fee),
                reason="Less work",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=self.life.today,
            ),
            may=PLAN_REFUSALS,
        )
        if done:
            self.rolls()
        self.compare()

    @step(4, "active", is_accepted=[True, True, True, False])
    def the_new_plan_is_answered(self, is_accepted: bool) -> None:
        life = self.life
        proposal = PlanProposal.objects.filter(loan=self.loan).order_by("pk").last()
        if proposal is None:
            self.a_new_plan_is_proposed(PLANS[0], "capitalise", "carry")
            return
        answer = accept_plan if is_accepted else decline_plan
        expected = "" if life.is_owing else "loan_not_owing"
        if not expected and (proposal.status != "proposed" or life.today > proposal.expires_on):
            expected = "proposal_ended"
        if not expected and is_accepted and life.status == "defaulted":
            expected = "invalid_transition"
        done = self.attempt(
            expected,
            lambda: answer(
                proposal_id=proposal.pk,
                actor=self.borrower,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
            may=PLAN_REFUSALS if is_accepted else (),
        )
        if done:
            self.rolls()
            if is_accepted:
                self.follow_new_plan(done)
            elif proposal.hardship_id:
                life.pause(life.today)
        self.compare()

    def follow_new_plan(self, proposal: PlanProposal) -> None:
        """What was unpaid becomes principal, stays due in a row of its own, or is waived; the rest is a new plan."""
        life, today = self.life, self.life.today
        old = life.open_rows
        claims = {
            "interest": sum(row.interest_earned(today) for row in old),
            "late_fee": sum(row.late_fee_open for row in old),
        }
        ways = {"interest": proposal.interest_choice, "late_fee": proposal.late_fee_choice}
        capitalised = sum(claims[part] for part in ways if ways[part] == "capitalise")
        kept = {part: claims[part] if ways[part] == "carry" else 0 for part in ways}
        version = seen.loan_columns(self.loan.pk)["schedule_version"]
        plan = seen.rows_of_version(self.loan.pk, version)
        carried = None
        if sum(kept.values()):
            first = plan.pop(0)
            carried = Row(version, first.number, today - DAY, today, 0, fee_on=today, **kept)
            assert (first.due, first.principal, first.interest) == (today, 0, kept["interest"])
        paid_ahead = [row.due for row in life.now.rows if not row.open]
        life.replace_plan(plan, max([today, *paid_ahead]), capitalised, carried)
        life.pause(today)
        life.agree()

    # ------------------------------------------------------------ default

    @step(4, "active")
    def notice_of_default_is_given(self) -> None:
        life = self.life
        expected = self.refusal_of_collecting()
        if not expected and life.days_late(life.today) <= life.terms.grace_days:
            expected = "not_late_enough"
        if not expected and self.valid_notice():
            expected = "notice_sent"
        done = self.attempt(
            expected,
            lambda: send_default_notice(
                loan_id=self.loan.pk, actor=self.world.dora, idempotency_key=next(self.keys), today=life.today
            ),
        )
        if done:
            self.rolls()
            assert (done.arrears, done.total) == (
                sum(row.open for row in life.open_rows if row.due < life.today),
                life.payoff(life.today),
            )
        self.compare()

    @step(5, "active", cause=["days_late", "days_late", "bankruptcy"])
    def the_default_is_declared(self, cause: str) -> None:
        life, notice = self.life, self.valid_notice()
        expected = self.refusal_of_collecting()
        if not expected and cause == "days_late" and life.days_late(life.today) <= life.terms.default_after_days:
            expected = "not_late_enough"
        if not expected and (notice is None or life.today <= notice.pay_by):
            expected = "notice_missing"
        done = self.attempt(
            expected,
            lambda: declare_default(
                loan_id=self.loan.pk,
                cause=DefaultCause(cause),
                note="",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done:
            self.rolls()
            self.follow_acceleration()
            life.status = "defaulted"
        self.compare()

    @step(4, "active", cause=["", "days_late", "days_late"])
    def months_go_by_unpaid(self, cause: str) -> None:
        """Four months, a notice, two weeks; then the default, if a cause is given."""
        self.come(123, is_looked_at=True)
        self.compare()
        self.notice_of_default_is_given()
        self.come(16, is_looked_at=True)
        self.compare()
        if cause:
            self.the_default_is_declared(cause)

    @step(2, *OWING)
    def two_people_write_it_off(self) -> None:
        self.a_write_off_is_asked_for("bankruptcy")
        self.the_second_person_decides(is_approved=True)

    @step(2, *OWING, share=[3, 10], method=["wallet", "declared"])
    def it_is_settled(self, share: int, method: str) -> None:
        self.a_settlement_is_offered(share, 10)
        self.the_second_person_decides(is_approved=True)
        self.the_settlement_is_paid(method)

    @step(4, "defaulted", "active")
    def pays_what_cures(self) -> None:
        """From money that was just put in, the figure that brings a loan in default back on plan."""
        self.come(0, is_looked_at=True)
        amount = self.life.cure_amount(self.life.today) if self.life.status == "defaulted" else None
        if not amount:
            self.pays_from_the_wallet("due", "")
            return
        self.puts_money_in(0, amount)
        self.amount_to_cure = amount
        self.pays_from_the_wallet("cure", "")

    def amount(self, how_much: str) -> int:
        return self.amount_to_cure if how_much == "cure" else super().amount(how_much)

    def follow_acceleration(self) -> None:
        life = self.life
        has_plan = any(row.due > life.today for row in life.open_rows)
        life.accelerate(seen.loan_columns(self.loan.pk)["schedule_version"])
        if has_plan:
            life.agree()

    # ------------------------------------------------------------ closing for less, and losses

    @step(3, *OWING, share=[0, 3, 5, 10], days=[0, 10, 40])
    def a_settlement_is_offered(self, share: int, days: int) -> None:
        self.come(0, is_looked_at=True)
        life = self.life
        amount = life.payoff(life.today) * share // 10
        expected = "" if life.is_owing else "loan_not_owing"
        if not expected and self.open_offer():
            expected = "settlement_open"
        if not expected and not 0 < amount < life.payoff(life.today):
            expected = "not_less_than_owed"
        self.attempt(
            expected,
            lambda: offer_settlement(
                loan_id=self.loan.pk,
                amount=amount,
                pay_by=life.today + days * DAY,
                reason="All that there is",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        self.compare()

    @step(3, *OWING, cause=["days_late", "bankruptcy"])
    def a_write_off_is_asked_for(self, cause: str) -> None:
        life = self.life
        expected = "" if life.is_owing else "loan_not_owing"
        if not expected and cause == "days_late" and life.status != "defaulted":
            expected = "not_in_default"
        if not expected and self.is_payment_looked_for():
            expected = "payment_waiting"
        if not expected and ApprovalRequest.objects.filter(open_key=f"write_off:loan:{self.loan.reference}").exists():
            expected = "already_asked"
        done = self.attempt(
            expected,
            lambda: request_write_off(
                loan_id=self.loan.pk,
                cause=DefaultCause(cause),
                reason="No answer for months",
                actor=self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done:
            self.rolls()
        self.compare()

    @step(5, *OWING, is_approved=[True, True, True, False])
    def the_second_person_decides(self, is_approved: bool) -> None:
        self.come(0, is_looked_at=True)
        life = self.life
        # A request to undo a payment is decided where it is asked.
        asked = ApprovalRequest.objects.filter(subject_reference=self.loan.reference).exclude(kind="reversal")
        approval = asked.order_by("pk").last()
        if approval is None:
            self.a_write_off_is_asked_for("days_late")
            return
        expected = ""
        if approval.state != "pending" or life.today > approval.expires_on:
            expected = "request_decided"
        elif is_approved:
            # No is still an answer when the loan has ended in the meantime; yes has nothing to act on.
            expected = self.refusal_of_approval(approval) if life.is_owing else "loan_not_owing"
        decide = approve_request if is_approved else refuse_request
        done = self.attempt(
            expected,
            lambda: decide(
                approval_id=approval.pk,
                note="",
                actor=self.world.frank,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done and is_approved and approval.kind == "write_off":
            if life.now.credit:
                self.follow_acceleration()
            life.lose("written_off")
        self.compare()

    @step(4, *OWING, method=["wallet", "declared"])
    def the_settlement_is_paid(self, method: str) -> None:
        self.come(0, is_looked_at=True)
        life = self.life
        offer = SettlementOffer.objects.filter(loan=self.loan).order_by("pk").last()
        if offer is None:
            self.a_settlement_is_offered(5, 10)
            return
        expected = "" if life.is_owing else "loan_not_owing"
        if not expected and offer.status != "open":
            expected = "settlement_ended"
        expected = expected or self.refusal_of_offer(offer)
        if not expected and life.owed_beside_credit(life.today)["principal"] > offer.approval.payload["principal"]:
            expected = "figures_changed"
        if not expected and self.is_payment_looked_for():
            expected = "payment_waiting"
        if not expected and method == "wallet" and offer.amount > life.purses[self.borrower.pk].available:
            expected = "insufficient_balance"
        done = self.attempt(
            expected,
            lambda: pay_settlement(
                settlement_id=offer.pk,
                method=RepaymentMethod(method),
                actor=self.borrower if method == "wallet" else self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done:
            self.follow_acceleration()
            (payment,) = self.posted_since()
            life.pay(payment, "credit")
            life.lose("settled")
        self.compare()

    @step(4, *LOST, share=[0, 1, 3, 10, 11], method=["wallet", "declared"])
    def money_is_recovered(self, share: int, method: str) -> None:
        life = self.life
        amount = life.lost * share // 10
        expected = "" if life.status in LOST else "nothing_lost"
        if not expected and amount <= 0:
            expected = "amount_too_small"
        if not expected and amount > life.lost:
            expected = "more_than_lost"
        if not expected and method == "wallet" and amount > life.purses[self.borrower.pk].available:
            expected = "insufficient_balance"
        done = self.attempt(
            expected,
            lambda: record_recovery(
                loan_id=self.loan.pk,
                amount=amount,
                method=RepaymentMethod(method),
                value_date=life.today,
                bank_reference="court",
                actor=self.borrower if method == "wallet" else self.world.dora,
                idempotency_key=next(self.keys),
                today=life.today,
            ),
        )
        if done:
            life.recover(amount, from_wallet=method == "wallet")
        self.compare()

    @step(2, *OWING)
    def the_round_of_collections_is_made(self) -> None:
        """What ran out ends; a notice goes out two weeks before a default could be declared."""
        self.come(0, is_looked_at=True)
        life = self.life
        ended = self.open_proposal()
        is_over = ended is not None and (life.today > ended.expires_on or not life.is_owing)
        is_due = life.status == "active" and life.days_late(life.today) > life.terms.default_after_days - NOTICE_DAYS
        is_due = is_due and self.valid_notice() is None and self.open_help() is None
        run = run_collections(today=life.today)
        assert (run.failed, run.defaults) == ([], 0)
        if is_over and ended.hardship_id and life.is_owing:
            life.pause(life.today)
        if is_due:
            assert self.valid_notice().sent_on <= life.today
        self.compare()

    # ------------------------------------------------------------ what the model expects

    def refusal_of_trouble(self) -> str:
        if not self.life.is_owing:
            return "loan_not_owing"
        return "invalid_transition" if self.life.status == "defaulted" else ""

    def refusal_of_collecting(self) -> str:
        return self.refusal_of_trouble() or ("collections_paused" if self.open_help() else "")

    def refusal_of_offer(self, offer: SettlementOffer) -> str:
        if self.life.today > offer.pay_by:
            return "pay_by_passed"
        return "" if offer.amount < self.life.payoff(self.life.today) else "not_less_than_owed"

    def refusal_of_approval(self, approval: ApprovalRequest) -> str:
        refused = ""
        if approval.kind == "settlement":
            refused = self.refusal_of_offer(approval.settlement)
        elif approval.payload["cause"] == "days_late" and self.life.status != "defaulted":
            refused = "not_in_default"
        elif self.is_payment_looked_for():
            refused = "payment_waiting"
        owed = self.life.owed_beside_credit(self.life.today)
        is_as_asked = owed == {part: approval.payload[part] for part in owed}
        return refused or ("" if is_as_asked else "figures_changed")

    def is_payment_looked_for(self) -> bool:
        return Repayment.objects.filter(loan=self.loan, status="declared").exists()

    def open_help(self) -> HardshipRequest | None:
        return HardshipRequest.objects.filter(loan=self.loan, status="open").first()

    def open_proposal(self) -> PlanProposal | None:
        return PlanProposal.objects.filter(loan=self.loan, status="proposed").first()

    def open_offer(self) -> SettlementOffer | None:
        return SettlementOffer.objects.filter(loan=self.loan, status__in=["waiting", "open"]).first()

    def valid_notice(self) -> DefaultNotice | None:
        """The notice that is about what is late today: sent after the oldest of it fell due."""
        notice = DefaultNotice.objects.filter(loan=self.loan, ended_on__isnull=True).order_by("pk").last()
        since: dt.date | None = self.life.oldest_unpaid_due_date()
        return notice if notice and since and notice.sent_on > since else None


def _part(amount: int, how_much: str) -> int:
    return {"none": 0, "half": amount // 2, "all": amount, "too much": amount + 1}[how_much]


def _asked(plan: dict[str, object], interest: str = "capitalise", late_fee: str = "carry") -> PlanTerms:
    values = plan | {"option": PlanOption(plan["option"])}
    return PlanTerms(**values, interest_choice=UnpaidChoice(interest), late_fee_choice=UnpaidChoice(late_fee))
