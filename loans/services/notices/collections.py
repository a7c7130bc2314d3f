"""What borrowers and lenders are told about a loan that is not paid as planned. One event, one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.mail.notifications import Notice, notify, notify_many
from loans.models import (
    DefaultNotice,
    HardshipRequest,
    Loan,
    LoanDefault,
    LoanLoss,
    Note,
    PlanProposal,
    Recovery,
    SettlementOffer,
    Waiver,
)
from loans.wording.schedule import next_payment_words
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money


def notify_waived(loan: Loan, waiver: Waiver) -> None:
    body = _("We waived %(amount)s on loan %(loan)s. You don't have to pay it.") % {
        "amount": format_money(waiver.interest + waiver.late_fee),
        "loan": loan.reference,
    }
    link = reverse("loans:explain_change", args=[waiver.entry.reference])
    _notify_borrower(loan, f"waived:{waiver.reference}", "charges_waived", _("You owe less"), body, link)


def notify_help_received(loan: Loan, request: HardshipRequest) -> None:
    body = _(
        "We send no reminder until we answer. Late fees wait, too, at most until %(day)s. "
        "A person reads your answer, usually within two working days."
    ) % {"day": format_day(request.paused_until, "long")}
    _notify_borrower(loan, f"help:{request.reference}", "help_received", _("Your request for help"), body)


def notify_help_declined(loan: Loan, request: HardshipRequest) -> None:
    body = _("We can't agree to this plan. %(note)s You can ask again or pay what you can.") % {
        "note": request.decision_note
    }
    _notify_borrower(loan, f"help_declined:{request.reference}", "help_answered", _("Your request for help"), body)


def notify_plan_proposed(loan: Loan, proposal: PlanProposal) -> None:
    body = _("We propose a new payment plan. See what it costs, and answer by %(day)s.") % {
        "day": format_day(proposal.expires_on, "long")
    }
    link = reverse("loans:new_plan", args=[loan.reference])
    key = f"plan_proposed:{proposal.reference}"
    _notify_borrower(loan, key, "plan_proposed", _("A new payment plan for you"), body, link)


def notify_plan_changed(loan: Loan, proposal: PlanProposal) -> None:
    """The borrower, and each lender: the reason as a category only."""
    body = f"{next_payment_words(loan)} {_('Old and new are side by side on the page of the plan.')}"
    link = reverse("loans:plan", args=[loan.reference])
    _notify_borrower(loan, f"plan_changed:{proposal.reference}", "plan_changed", _("Your new payment plan"), body, link)
    asked = proposal.hardship
    cause = proposal.get_option_display() if asked is None else asked.get_cause_display()
    words = _("The payment plan has changed: %(cause)s. Next payment on %(day)s.") % {
        "cause": cause,
        "day": format_day(required(loan.next_due_on, "next_due_on"), "long"),
    }
    _notify_lenders(loan, f"plan_changed:{proposal.reference}", "loan_plan_changed", lambda _notes: words)


def notify_default_notice(loan: Loan, notice: DefaultNotice) -> None:
    body = _(
        "If %(arrears)s is not paid or agreed by %(day)s, the whole %(total)s becomes due and we may pass it to "
        "collection. You can stop this: pay what is late, or ask for help and we look for a plan together."
    ) % {
        "arrears": format_money(notice.arrears),
        "day": format_day(notice.pay_by, "long"),
        "total": format_money(notice.total),
    }
    title = _("Important: notice about loan %(loan)s") % {"loan": loan.reference}
    _notify_borrower(loan, f"default_notice:{notice.reference}", "default_notice", title, body)


def notify_default(loan: Loan, default: LoanDefault) -> None:
    total = default.principal + default.interest + default.late_fee
    body = _("The whole amount %(total)s is due. Interest stops. Talk to us or have somebody do it for you.") % {
        "total": format_money(total)
    }
    title = _("Loan %(loan)s is in default") % {"loan": loan.reference}
    key = f"default:{default.pk}"
    _notify_borrower(loan, key, "loan_default", title, body)
    _notify_lenders(
        loan,
        key,
        "loan_default",
        lambda notes: (
            _("In default. %(amount)s is owed to you. We go on collecting it and tell you what we get.")
            % {"amount": format_money(sum(note.principal_outstanding for note in notes))}
        ),
    )


def notify_cured(loan: Loan, default: LoanDefault) -> None:
    body = _("What was late is paid. Your loan goes on by a new plan: %(amount)s on %(day)s is the next payment.") % {
        "amount": format_money(required(loan.next_due_amount, "next_due_amount")),
        "day": format_day(required(loan.next_due_on, "next_due_on"), "long"),
    }
    key = f"cured:{default.pk}"
    _notify_borrower(loan, key, "loan_cured", _("Your loan is back on plan"), body)
    words = _("What was late is paid. The loan goes on; next payment on %(day)s.") % {
        "day": format_day(required(loan.next_due_on, "next_due_on"), "long")
    }
    _notify_lenders(loan, key, "loan_cured", lambda _notes: words)


def notify_settlement_offered(loan: Loan, offer: SettlementOffer) -> None:
    body = _("Pay %(amount)s by %(day)s and the loan is closed. You then owe nothing more on it.") % {
        "amount": format_money(offer.amount),
        "day": format_day(offer.pay_by, "long"),
    }
    link = reverse("loans:settlement", args=[loan.reference])
    title = _("An offer to close loan %(loan)s") % {"loan": loan.reference}
    _notify_borrower(loan, f"settlement:{offer.reference}", "settlement_offered", title, body, link)


def notify_settled(loan: Loan, loss: LoanLoss) -> None:
    body = _("We received the agreed amount. The rest, %(amount)s, is waived. You owe nothing more on this loan.") % {
        "amount": format_money(loss.total)
    }
    key = f"settled:{loan.reference}"
    _notify_borrower(loan, key, "loan_settled", _("Your loan is closed"), body)
    _notify_lenders(loan, key, "loan_settled", lambda notes: _lost(notes, _("Settled for less: you lost %(amount)s.")))


def notify_written_off(loan: Loan, loss: LoanLoss) -> None:
    body = _(
        "We have written off %(amount)s in our books. You still owe it, and what you pay goes to your lenders. "
        "Talk to us about what is possible for you."
    ) % {"amount": format_money(loss.total)}
    key = f"written_off:{loan.reference}"
    title = _("Loan %(loan)s is written off") % {"loan": loan.reference}
    _notify_borrower(loan, key, "loan_written_off", title, body)
    words = _("Written off: you lost %(amount)s. What we still recover is paid to you.")
    _notify_lenders(loan, key, "loan_written_off", lambda notes: _lost(notes, words))


def notify_recovered(loan: Loan, recovery: Recovery, shares: Sequence[tuple[User, int]]) -> None:
    """Each lender who got something; `shares` has one line a note."""
    sums: dict[User, int] = {}
    for lender, amount in shares:
        sums[lender] = sums.get(lender, 0) + amount
    words = _("We recovered %(amount)s for you.")
    notify_many(
        [
            _news(
                loan, lender, f"recovery:{recovery.reference}", "loan_recovery", words % {"amount": format_money(sum_)}
            )
            for lender, sum_ in sums.items()
            if sum_
        ]
    )


def notify_recovery_back(loan: Loan, recovery: Recovery) -> None:
    """Each lender whose part was taken back, and the borrower, who owes it again."""
    sums: dict[User, int] = {}
    for share in recovery.shares.select_related("note__owner").order_by("note_id"):
        sums[share.note.owner] = sums.get(share.note.owner, 0) + share.amount
    key = f"recovery:{recovery.reference}:back"
    words = _("Money that we had recovered came back. Your part of %(amount)s was taken back with it.")
    notify_many(
        [
            _news(loan, lender, key, "recovery_back", words % {"amount": format_money(sum_)})
            for lender, sum_ in sums.items()
            if sum_
        ]
    )
    body = _("%(amount)s of %(day)s came back. You owe it again.") % {
        "amount": format_money(recovery.amount),
        "day": format_day(recovery.value_date, "long"),
    }
    _notify_borrower(loan, key, "recovery_back", _("Your payment came back"), body)


def _lost(notes: Iterable[Note], words: str) -> str:
    return words % {"amount": format_money(sum(note.principal_lost for note in notes))}


def _notify_borrower(loan: Loan, key: str, event: str, title: str, body: str, link: str = "") -> None:
    notify(
        user=loan.borrower,
        key=f"loan:{loan.reference}:{key}",
        event=event,
        title=title,
        body=body,
        link=link or reverse("loans:loan", args=[loan.reference]),
        is_required=True,
    )


def _notify_lenders(loan: Loan, key: str, event: str, words: Callable[[list[Note]], str]) -> None:
    """One message a lender, with what concerns their notes: three statements, whatever their number."""
    by_lender: dict[User, list[Note]] = {}
    for note in Note.objects.filter(loan=loan).select_related("owner").order_by("pk"):
        by_lender.setdefault(note.owner, []).append(note)
    notify_many([_news(loan, lender, key, event, words(notes)) for lender, notes in by_lender.items()])


def _news(loan: Loan, lender: User, key: str, event: str, body: str) -> Notice:
    return Notice(
        user=lender,
        key=f"loan:{loan.reference}:{key}:{lender.pk}",
        event=event,
        title=_("News about “%(title)s”") % {"title": loan.title},
        body=body,
        link=reverse("loans:by_reference", args=[loan.reference]),
    )
