"""What people are told on the way from application to pay-out: one event, one message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services.mail.notifications import Notice, notify, notify_many
from loans.account.terms import LoanTerms
from loans.enums.loan import DeclineReason
from loans.models import Commitment, Loan, LoanQuestion
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money, format_percent, format_period


def _link(loan: Loan) -> str:
    """The page that sends each reader to what they may see of the loan."""
    return reverse("loans:by_reference", args=[loan.reference])


def _notify_borrower(
    loan: Loan, event: str, title: str, body: str, *, occasion: str = "", required: bool = True, link: str = ""
) -> None:
    notify(
        user=loan.borrower,
        key=f"loan:{loan.reference}:{event}{occasion and ':' + occasion}",
        event=f"loan_{event}",
        title=title,
        body=body,
        link=link or _link(loan),
        is_required=required,
    )


def notify_application_sent(loan: Loan) -> None:
    body = _("%(amount)s over %(months)s months. We look at it within one working day.") % {
        "amount": format_money(loan.principal),
        "months": loan.term_months,
    }
    _notify_borrower(loan, "sent", _("We have your application"), body, required=False)


def notify_question_of_staff(loan: Loan, today: dt.date) -> None:
    body = _("We need: %(question)s Please answer by %(day)s.") % {
        "question": loan.info_request,
        "day": format_day(required(loan.info_due_on, "info_due_on"), "long"),
    }
    _notify_borrower(loan, "info_asked", _("One question about your application"), body, occasion=today.isoformat())


def notify_offer(loan: Loan) -> None:
    terms = LoanTerms.from_json(loan.frozen_terms)
    body = _(
        "You receive %(net)s. You pay %(payment)s %(often)s for %(months)s months, %(total)s in all. "
        "APR %(apr)s. Grade %(grade)s. Valid until %(day)s."
    ) % {
        "net": format_money(required(loan.net_received, "net_received")),
        "payment": format_money(required(loan.instalment_amount, "instalment_amount")),
        "often": format_period(terms.payment_every, terms.payment_unit),
        "months": loan.term_months,
        "total": format_money(required(loan.total_payment, "total_payment")),
        "apr": format_percent(required(loan.apr_effective, "apr_effective"), 2),
        "grade": loan.grade,
        "day": format_day(required(loan.offer_expires_on, "offer_expires_on"), "long"),
    }
    _notify_borrower(loan, "offer", _("Your offer is ready"), body)


def declined_letter(codes: Sequence[str], note: str) -> tuple[str, str]:
    """Title and text of what a declined applicant reads: staff see it before they decide."""
    reasons = " ".join(str(DeclineReason(code).label) for code in codes)
    body = _("We can't offer a loan this time. Main reasons: %(reasons)s") % {"reasons": reasons}
    return _("About your application"), f"{body} {note}" if note else body


def notify_declined(loan: Loan) -> None:
    title, body = declined_letter(loan.decline_reasons, loan.decline_note)
    _notify_borrower(loan, "declined", title, body)


def notify_offer_ended(loan: Loan) -> None:
    body = _("You did not accept it in time. Nothing is owed and nothing was charged. You can apply again.")
    _notify_borrower(loan, "offer_ended", _("Your offer has ended"), body)


def notify_listed(loan: Loan) -> None:
    body = _("It stays open until %(day)s. A clear answer to questions helps.") % {
        "day": format_day(required(loan.listing_ends_on, "listing_ends_on"), "long")
    }
    _notify_borrower(loan, "listed", _("Your request is open to lenders"), body, required=False)


def notify_funded(loan: Loan) -> None:
    body = ngettext(
        "%(count)s person lends you %(amount)s. Read and sign your agreement by %(day)s.",
        "%(count)s people lend you %(amount)s. Read and sign your agreement by %(day)s.",
        loan.lender_count,
    ) % {
        "count": loan.lender_count,
        "amount": format_money(loan.principal),
        "day": format_day(required(loan.signing_ends_on, "signing_ends_on"), "long"),
    }
    link = reverse("loans:sign", args=[loan.reference])
    _notify_borrower(loan, "funded", _("Your loan is fully funded"), body, link=link)


def notify_partly_funded(loan: Loan, payment: int, total: int) -> None:
    terms = LoanTerms.from_json(loan.frozen_terms)
    title = _("Lenders offered %(funded)s of %(asked)s") % {
        "funded": format_money(loan.funded_amount),
        "asked": format_money(loan.principal),
    }
    body = _(
        "You can take the smaller loan: %(payment)s %(often)s, %(total)s in all. Or close it at no cost. "
        "Decide by %(day)s."
    ) % {
        "payment": format_money(payment),
        "often": format_period(terms.payment_every, terms.payment_unit),
        "total": format_money(total),
        "day": format_day(required(loan.partial_offer_ends_on, "partial_offer_ends_on"), "long"),
    }
    _notify_borrower(loan, "partly_funded", title, body)


def notify_not_funded(loan: Loan, funded_percent: int) -> None:
    body = _("It reached %(percent)s%%. Nothing is owed and nothing was charged.") % {"percent": funded_percent}
    _notify_borrower(loan, "not_funded", _("Your request has ended"), body)


def notify_cancelled(loan: Loan, reason: str) -> None:
    body = _("Your request was closed: %(reason)s Nothing is owed and nothing was charged.") % {"reason": reason}
    _notify_borrower(loan, "cancelled", _("Your request was closed"), body)


def notify_paid_out(loan: Loan) -> None:
    body = _("%(net)s arrived (%(amount)s less %(fee)s set-up fee). First payment: %(monthly)s on %(day)s.") % {
        "net": format_money(required(loan.net_received, "net_received")),
        "amount": format_money(loan.principal),
        "fee": format_money(required(loan.origination_fee, "origination_fee")),
        "monthly": format_money(required(loan.next_due_amount, "next_due_amount")),
        "day": format_day(required(loan.next_due_on, "next_due_on"), "long"),
    }
    # Where it can be taken out.
    _notify_borrower(loan, "paid_out", _("Your money is in your wallet"), body, link=reverse("ledger:wallet"))


def notify_reserved(commitment: Commitment) -> None:
    loan = commitment.loan
    body = _(
        "For “%(title)s”, grade %(grade)s, %(rate)s a year. "
        "You may take it back while the loan is open for funding. Your money is at risk."
    ) % {"title": loan.title, "grade": loan.grade, "rate": format_percent(required(loan.annual_rate, "annual_rate"), 2)}
    notify(
        user=commitment.lender,
        key=f"commitment:{commitment.reference}:reserved",
        event="commitment_reserved",
        title=_("You reserved %(amount)s") % {"amount": format_money(commitment.amount)},
        body=body,
        link=_link(loan),
    )


def notify_released(loan: Loan, commitments: Sequence[Commitment]) -> None:
    """One message a lender, with the sum of what comes back."""
    notify_many(
        [
            Notice(
                user=lender,
                key=f"loan:{loan.reference}:released:{loan.version}:{lender.pk}",
                event="commitment_released",
                title=_("%(amount)s is back in your wallet") % {"amount": format_money(amount)},
                body=_("“%(title)s” was not funded or was withdrawn. No fee.") % {"title": loan.title},
                link=reverse("ledger:wallet"),
            )
            for lender, amount in _by_lender(commitments)
        ]
    )


def notify_started(loan: Loan, commitments: Sequence[Commitment], today: dt.date) -> None:
    """One message a lender: from when the money earns, and when the first payment is due."""
    text = _("%(amount)s in “%(title)s” earns from %(start)s. The first payment is due on %(day)s.")
    words = {
        "title": loan.title,
        "start": format_day(today, "long"),
        "day": format_day(required(loan.next_due_on, "next_due_on"), "long"),
    }
    notify_many(
        [
            Notice(
                user=lender,
                key=f"loan:{loan.reference}:started:{lender.pk}",
                event="loan_started",
                title=_("Your loan has started"),
                body=text % {"amount": format_money(amount), **words},
                link=_link(loan),
            )
            for lender, amount in _by_lender(commitments)
        ]
    )


def notify_question(question: LoanQuestion) -> None:
    body = _("“%(text)s” Your answer is shown to all lenders.") % {"text": question.text}
    _notify_borrower(
        question.loan,
        "question",
        _("A lender asked a question"),
        body,
        occasion=question.reference,
        required=False,
    )


def notify_answer(question: LoanQuestion) -> None:
    notify(
        user=question.author,
        key=f"question:{question.reference}:answered",
        event="question_answered",
        title=_("Your question was answered"),
        body=_("The borrower of “%(title)s” answered your question.") % {"title": question.loan.title},
        link=_link(question.loan),
    )


def notify_question_refused(question: LoanQuestion) -> None:
    """Tell the lender that their question is not published, and why."""
    notify(
        user=question.author,
        key=f"question:{question.reference}:refused",
        event="question_refused",
        title=_("Your question was not published"),
        body=_("Your question on “%(title)s” was not published: %(note)s")
        % {"title": question.loan.title, "note": question.refusal_note},
        link=_link(question.loan),
    )


def _by_lender(commitments: Sequence[Commitment]) -> list[tuple[User, int]]:
    lenders = {commitment.lender_id: commitment.lender for commitment in commitments}
    sums = dict.fromkeys(lenders, 0)
    for commitment in commitments:
        sums[commitment.lender_id] += commitment.amount
    return [(lenders[pk], sums[pk]) for pk in sorted(sums)]
