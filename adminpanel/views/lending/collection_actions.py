"""What staff can do about a loan in trouble, one step each: who may, its form, its figures, its one service call."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from adminpanel.forms.charges import ChargeForm, WaiveChargeForm
from adminpanel.forms.collections import (
    DeclineHardshipForm,
    DefaultForm,
    NoticeForm,
    ProposePlanForm,
    RecoveryBackForm,
    RecoveryForm,
    SettlementForm,
    SettlementPaidForm,
    WaiveForm,
    WriteOffForm,
)
from adminpanel.views.money.reprocessing import shown_replay
from loans.enums.collections import DefaultCause, SettlementStatus
from loans.enums.loan import LoanStatus, RepaymentMethod
from loans.enums.permissions import RECORD_RECOVERIES, WAIVE_CHARGES, WORK_COLLECTIONS
from loans.models import Loan
from loans.selectors.charges import charges_of, has_progressive_schedule
from loans.selectors.collections import agreed_offer, counted_recoveries, latest_help, open_help, recoveries_of
from loans.selectors.servicing import instalments_on
from loans.services.approvals.approved_figures import require_no_waiting_payment
from loans.services.approvals.large_payments import TwoPeopleNeeded
from loans.services.collections.charge_preview import preview_charge
from loans.services.collections.charges import add_charge, waive_charge
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.hardship import HelpDecided, approve_help, decline_help
from loans.services.collections.recovery import preview_recovery, record_recovery
from loans.services.collections.recovery_request import request_recovery
from loans.services.collections.restructuring import preview_plan, propose_plan
from loans.services.collections.settlement import (
    SettlementEnded,
    offer_settlement,
    pay_settlement,
    preview_settlement,
    require_payable,
)
from loans.services.collections.waivers import waive_charges
from loans.services.collections.write_off import preview_write_off, request_write_off
from loans.services.corrections.recovery_reversal import request_recovery_reversal

Figures = list[tuple[str | Promise, int]]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """What a step is done with: the loan, who does it, what was filled in, and the day."""

    loan: Loan
    form: Any  # the form of the step, whose functions know it
    actor: User
    today: dt.date

    @property
    def told(self) -> dict[str, Any]:
        return self.form.cleaned_data

    @property
    def common(self) -> dict[str, Any]:
        return {"actor": self.actor, "idempotency_key": self.told["form_key"], "today": self.today}


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be done: for which loans, by whom, with which form, and what its check page shows."""

    label: str | Promise
    submit: str | Promise
    done: str | Promise
    permission: str
    applies: Callable[[Loan, dt.date], bool]
    form: Callable[..., forms.Form]
    figures: Callable[[Call], Figures]
    run: Callable[[Call], object]
    danger: bool = False
    # What else the check page shows, as context of its template.
    effect: Callable[[Call], dict[str, Any]] | None = None


def _owing(loan: Loan, _today: dt.date) -> bool:
    return loan.status in LoanStatus.owing()


def _owing_by_plan(loan: Loan, today: dt.date) -> bool:
    return _owing(loan, today) and not has_progressive_schedule(loan)


def _following(loan: Loan, today: dt.date) -> bool:
    return _owing(loan, today) and has_progressive_schedule(loan)


def _charged(loan: Loan, today: dt.date) -> bool:
    return _following(loan, today) and any(line.unpaid for line in charges_of(loan, today))


def _active(loan: Loan, _today: dt.date) -> bool:
    return loan.status == LoanStatus.ACTIVE


def _late(loan: Loan, _today: dt.date) -> bool:
    return loan.status == LoanStatus.ACTIVE and loan.days_past_due > 0


def _asked_help(loan: Loan, _today: dt.date) -> bool:
    return loan.status == LoanStatus.ACTIVE and open_help(loan) is not None


def _offered(loan: Loan, today: dt.date) -> bool:
    # An offer that ran out takes money that had arrived in time.
    offer = agreed_offer(loan) if _owing(loan, today) else None
    return offer is not None and offer.status in (SettlementStatus.OPEN, SettlementStatus.EXPIRED)


def _lost(loan: Loan, _today: dt.date) -> bool:
    return loan.status in (LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED)


def _recovered(loan: Loan, today: dt.date) -> bool:
    return _lost(loan, today) and counted_recoveries(loan).exists()


def _plain(form: type[forms.Form]) -> Callable[..., forms.Form]:
    return lambda loan, today, data=None, **kwargs: form(data, **kwargs)


def _dated(form: Callable[..., forms.Form]) -> Callable[..., forms.Form]:
    return lambda loan, today, data=None, **kwargs: form(data, today=today, **kwargs)


def _waive_form(loan: Loan, today: dt.date, data: Any = None, **kwargs: Any) -> forms.Form:
    return WaiveForm(data, rows=instalments_on(loan, today), today=today, **kwargs)


def _plan_form(loan: Loan, today: dt.date, data: Any = None, **kwargs: Any) -> forms.Form:
    return ProposePlanForm(data, request=open_help(loan), **kwargs)


def _charge_form(loan: Loan, today: dt.date, data: Any = None, **kwargs: Any) -> forms.Form:
    return ChargeForm(data, loan=loan, today=today, **kwargs)


def _waive_charge_form(loan: Loan, today: dt.date, data: Any = None, **kwargs: Any) -> forms.Form:
    lines = charges_of(loan, today) if has_progressive_schedule(loan) else []
    return WaiveChargeForm(data, lines=lines, **kwargs)


def _recovery_back_form(loan: Loan, today: dt.date, data: Any = None, **kwargs: Any) -> forms.Form:
    # A recovery that was just undone is still known when the form comes again; the service says that it was.
    rows = recoveries_of(loan) if data is not None else counted_recoveries(loan)
    return RecoveryBackForm(data, rows=list(rows), **kwargs)


def _owed_figures(call: Call) -> Figures:
    owed = preview_write_off(call.loan, call.today)
    return [
        (_("Principal"), owed.principal),
        (_("Interest up to today"), owed.interest),
        (_("Late fees"), owed.late_fee),
        (_("Owed in all"), owed.total),
        (_("Interest to come that is no longer charged"), owed.interest_to_come),
    ]


def _write_off_figures(call: Call) -> Figures:
    require_no_waiting_payment(call.loan)
    return _owed_figures(call)


def _notice_figures(call: Call) -> Figures:
    owed = preview_write_off(call.loan, call.today)
    return [(_("Late now"), call.loan.arrears_amount), (_("Becomes due in 14 days"), owed.total)]


def _waive_figures(call: Call) -> Figures:
    interest, late_fee = call.told["interest"], call.told["late_fee"]
    return [(_("Interest"), interest), (_("Late fee"), late_fee), (_("Lenders receive less"), interest + late_fee)]


def _charge_effect(call: Call) -> dict[str, Any]:
    shown = preview_charge(loan_id=call.loan.pk, **call.form.asked(), actor=call.actor, today=call.today)
    figures = [(_("The charge in all"), shown.total)]
    if call.told["due_on"] is None and call.told["amount"]:
        figures.insert(0, (_("On every payment"), call.told["amount"]))
    return {"figures": figures, **shown_replay(lambda: shown.change)}


def _waive_charge_figures(call: Call) -> Figures:
    unpaid = call.form.unpaid[call.told["charge"]]
    return [(_("Waived"), unpaid), (_("Lenders receive less"), unpaid)]


def _settlement_figures(call: Call) -> Figures:
    owed = preview_settlement(call.loan, call.today)
    amount = call.told["amount"]
    return [(_("Owed in all"), owed.total), (_("To pay"), amount), (_("Waived"), max(owed.total - amount, 0))]


def _settlement_paid_figures(call: Call) -> Figures:
    offer = agreed_offer(call.loan)
    if offer is None:
        raise SettlementEnded
    require_payable(offer, call.told["arrived_on"], call.today)
    require_no_waiting_payment(call.loan)
    owed = preview_settlement(call.loan, call.today)
    return [
        (_("Owed in all"), owed.total),
        (_("Arrived"), offer.amount),
        (_("Waived"), max(owed.total - offer.amount, 0)),
    ]


def _plan_figures(call: Call) -> Figures:
    plan = preview_plan(call.loan, call.form.plan_terms(), call.today)
    return [
        (_("First payment"), plan.first.total_unpaid),
        (_("Usual payment after that"), plan.usual_payment),
        (_("Added to the loan"), plan.capitalised),
        (_("Stays due now"), plan.carried.total_unpaid if plan.carried else 0),
        (_("Waived"), plan.waived),
        (_("To pay in all by the plan today"), plan.before),
        (_("To pay in all by the new plan"), plan.total),
    ]


def _recovery_figures(call: Call) -> Figures:
    plan = preview_recovery(loan_id=call.loan.pk, amount=call.told["amount"])
    shares = [(note.reference, share) for note, share in plan.shares[:20]]
    return [(_("Received"), plan.amount), (_("Collection fee"), plan.fee), (_("To lenders"), plan.to_lenders), *shares]


def _recovery_back_figures(call: Call) -> Figures:
    recovery = call.loan.recoveries.get(pk=call.told["recovery"])
    return [
        (_("Came back"), recovery.amount),
        (_("Lenders give back"), recovery.to_lenders),
        (_("We give back our fee"), recovery.fee),
    ]


def _none(_call: Call) -> Figures:
    return []


def _propose(call: Call) -> object:
    # The request that the form was made for: by the second click it is not open any more.
    asked = call.form.plan_terms()
    request = call.loan.hardship_requests.filter(reference=call.told["answers"]).first() or open_help(call.loan)
    if request is not None:
        return approve_help(request_id=request.pk, asked=asked, note=call.told["reason"], **call.common)
    return propose_plan(loan_id=call.loan.pk, asked=asked, reason=call.told["reason"], **call.common)


def _decline(call: Call) -> object:
    request = latest_help(call.loan)
    if request is None:
        raise HelpDecided
    return decline_help(request_id=request.pk, note=call.told["note"], **call.common)


def _waive(call: Call) -> object:
    names = ("interest", "late_fee", "reason")
    amounts = {name: call.told[name] for name in names}
    return waive_charges(loan_id=call.loan.pk, instalment_id=call.told["instalment"], **amounts, **call.common)


def _charge(call: Call) -> object:
    return add_charge(loan_id=call.loan.pk, **call.form.asked(), **call.common)


def _waive_charge(call: Call) -> object:
    return waive_charge(charge_id=call.told["charge"], reason=call.told["reason"], **call.common)


def _notify(call: Call) -> object:
    return send_default_notice(loan_id=call.loan.pk, **call.common)


def _declare(call: Call) -> object:
    cause = DefaultCause(call.told["cause"])
    return declare_default(loan_id=call.loan.pk, cause=cause, note=call.told["note"], **call.common)


def _offer(call: Call) -> object:
    asked = {name: call.told[name] for name in ("amount", "pay_by", "reason")}
    return offer_settlement(loan_id=call.loan.pk, **asked, **call.common)


def _settle(call: Call) -> object:
    offer = agreed_offer(call.loan)
    if offer is None:
        raise SettlementEnded
    return pay_settlement(
        settlement_id=offer.pk,
        method=RepaymentMethod.DECLARED,
        bank_reference=call.told["bank_reference"],
        arrived_on=call.told["arrived_on"],
        **call.common,
    )


def _write_off(call: Call) -> object:
    cause = DefaultCause(call.told["cause"])
    return request_write_off(loan_id=call.loan.pk, cause=cause, reason=call.told["reason"], **call.common)


def _recover(call: Call) -> object:
    asked = {name: call.told[name] for name in ("amount", "value_date", "bank_reference")}
    try:
        return record_recovery(loan_id=call.loan.pk, method=RepaymentMethod.DECLARED, **asked, **call.common)
    except TwoPeopleNeeded:
        return request_recovery(loan_id=call.loan.pk, **asked, **call.common)


def _recovery_back(call: Call) -> object:
    return request_recovery_reversal(recovery_id=call.told["recovery"], reason=call.told["reason"], **call.common)


STEPS: dict[str, Step] = {
    "plan": Step(
        _("Propose a new plan"), _("See the plan"), _("Proposed. The borrower is told."),
        WORK_COLLECTIONS, _active, _plan_form, _plan_figures, _propose,
    ),
    "decline-help": Step(
        _("Answer that no plan is possible"), _("Check the answer"), _("Answered. The borrower is told."),
        WORK_COLLECTIONS, _asked_help, _plain(DeclineHardshipForm), _none, _decline, danger=True,
    ),
    "waive": Step(
        _("Waive interest or a late fee"), _("Check the waiver"), _("Waived. The borrower is told."),
        WAIVE_CHARGES, _owing_by_plan, _waive_form, _waive_figures, _waive,
    ),
    "charge": Step(
        _("Add a charge"), _("Check the charge"), _("Added. The borrower is told."),
        WORK_COLLECTIONS, _following, _charge_form, _none, _charge, effect=_charge_effect,
    ),
    "waive-charge": Step(
        _("Waive a charge"), _("Check the waiver"), _("Waived."),
        WAIVE_CHARGES, _charged, _waive_charge_form, _waive_charge_figures, _waive_charge,
    ),
    "notice": Step(
        _("Send the default notice"), _("Check the notice"), _("Notice sent."),
        WORK_COLLECTIONS, _late, _plain(NoticeForm), _notice_figures, _notify,
    ),
    "default": Step(
        _("Declare the default"), _("Check the default"), _("In default. Everybody is told."),
        WORK_COLLECTIONS, _late, _plain(DefaultForm), _owed_figures, _declare, danger=True,
    ),
    "settlement": Step(
        _("Settle for less"), _("Check the offer"), _("A second person is asked."),
        WORK_COLLECTIONS, _owing, _dated(SettlementForm), _settlement_figures, _offer,
    ),
    "settlement-paid": Step(
        _("The agreed amount arrived"), _("Check the settlement"), _("Settled. Everybody is told."),
        RECORD_RECOVERIES, _offered, _dated(SettlementPaidForm), _settlement_paid_figures, _settle,
    ),
    "write-off": Step(
        _("Write off"), _("Check the write-off"), _("A second person is asked."),
        WORK_COLLECTIONS, _owing, _plain(WriteOffForm), _write_off_figures, _write_off, danger=True,
    ),
    "recovery": Step(
        _("Record a recovery"), _("Check the recovery"), _("Recorded and passed on to the lenders."),
        RECORD_RECOVERIES, _lost, _dated(RecoveryForm), _recovery_figures, _recover,
    ),
    "recovery-back": Step(
        _("A recovery came back"), _("Check what goes back"), _("A second person is asked."),
        RECORD_RECOVERIES, _recovered, _recovery_back_form, _recovery_back_figures, _recovery_back, danger=True,
    ),
}  # fmt: skip
