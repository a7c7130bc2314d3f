"""What waits for staff, and what staff look at before they decide."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_q.models import Failure, OrmQ, Schedule, Task

from accounts.enums.people import VerificationStatus
from accounts.models import AuditEvent, IdentityDocument, IdentityVerification, User
from accounts.selectors.people import approval_queue, current_documents, holders_of_number, identity_queue
from adminpanel import permissions as allow
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Deposit, Withdrawal
from loans.enums.collections import HardshipStatus
from loans.enums.loan import LoanStatus, QuestionStatus, RepaymentStatus
from loans.models import HardshipRequest, Loan, LoanProduct, LoanQuestion, Repayment
from loans.selectors.collections import default_proposals
from loans.selectors.servicing import end_of_day_failure_count
from p2plending.lib import clock
from p2plending.lib.database.mysql.nodes import NodeState
from p2plending.lib.formatting import format_day
from p2plending.operations.health import Fact, end_of_day_fact, mail_fact, worker_fact
from p2plending.operations.nodes import database_node

TIME_LIMIT = dt.timedelta(days=1)
FAILED_SINCE = dt.timedelta(days=7)
BOOKS_CHECKED = "adminpanel.books.checked"
ADULT_AGE = 18
ENDS_SOON = dt.timedelta(days=30)


@dataclasses.dataclass(frozen=True, slots=True)
class QueueCard:
    """One queue on the first page: how many wait, since when the oldest, how many over the time limit."""

    label: str | Promise
    icon: str
    url_name: str
    count: int
    oldest: dt.datetime | None
    late: int


@dataclasses.dataclass(frozen=True, slots=True)
class HealthIndicator:
    """One traffic light. `kind` is the colour of its badge: success, warning, danger or neutral."""

    label: str | Promise
    kind: str
    words: str
    detail: str = ""
    url_name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line of a checks list: fine, or something to look at."""

    is_fine: bool
    words: str
    detail: str = ""


# --- queues ----------------------------------------------------------------------------------------------------------
def application_queue() -> QuerySet[Loan]:
    """Applications that wait for an underwriter, the oldest first, with what the list shows."""
    return (
        Loan.objects.filter(status__in=(LoanStatus.SUBMITTED, LoanStatus.UNDER_REVIEW))
        .select_related("borrower", "reviewer", "assessment")
        .order_by("submitted_at", "pk")
    )


def disbursement_queue() -> QuerySet[Loan]:
    """Funded and signed loans that are not paid out, the oldest signature first."""
    return (
        Loan.objects.filter(status=LoanStatus.FUNDED, signed_at__isnull=False)
        .select_related("borrower")
        .order_by("signed_at", "pk")
    )


def deposit_queue() -> QuerySet[Deposit]:
    """Deposits that nobody has found yet, the oldest first."""
    return Deposit.objects.filter(status=DepositStatus.DECLARED).select_related("user").order_by("created_at", "pk")


def withdrawal_queue() -> QuerySet[Withdrawal]:
    """Withdrawals that are neither paid nor ended, the oldest first."""
    waiting = Withdrawal.objects.filter(status__in=WithdrawalStatus.open())
    return waiting.select_related("user", "approved_by").order_by("created_at", "pk")


def repayment_queue() -> QuerySet[Repayment]:
    """Payments on loans that people told us about and nobody has found yet, the oldest first."""
    waiting = Repayment.objects.filter(status=RepaymentStatus.DECLARED)
    return waiting.select_related("loan", "payer").order_by("created_at", "pk")


def default_queue() -> QuerySet[Loan]:
    """Loans whose default the calendar proposes, the longest waiting first."""
    return default_proposals(clock.business_date())


def held_questions() -> QuerySet[LoanQuestion]:
    """Questions that wait for staff before anybody else reads them, the oldest first."""
    return LoanQuestion.objects.filter(status=QuestionStatus.HELD).select_related("loan", "author").order_by("pk")


def help_queue() -> QuerySet[HardshipRequest]:
    """Requests for help that nobody has answered, the oldest first."""
    return HardshipRequest.objects.filter(status=HardshipStatus.OPEN).order_by("pk")


def trouble_queue() -> QuerySet[Loan]:
    """Loans that are late or in default, by the day since when."""
    late = Q(days_past_due__gt=0) | Q(status=LoanStatus.DEFAULTED)
    return Loan.objects.filter(late, status__in=LoanStatus.owing()).order_by("next_due_on", "pk")


def loans_with_terms(product: LoanProduct) -> QuerySet[Loan]:
    """Loans that keep their terms whatever becomes of the product: they had their offer."""
    return Loan.objects.filter(product=product, offered_on__isnull=False)


# Label, icon, URL name, who may see it, the rows, since when each waits.
QUEUES = (
    (_("Identity checks"), "person-check", "identity_queue", allow.VIEW_IDENTITY, identity_queue, "submitted_at"),
    (_("Loan applications"), "file-earmark-text", "loan_queue", allow.VIEW_LOANS, application_queue, "submitted_at"),
    (_("Loans to pay out"), "bank", "payouts", allow.VIEW_LOANS, disbursement_queue, "signed_at"),
    (_("Deposits"), "arrow-down-left", "deposit_queue", allow.VIEW_DEPOSITS, deposit_queue, "created_at"),
    (_("Withdrawals"), "arrow-up-right", "withdrawal_queue", allow.VIEW_WITHDRAWALS, withdrawal_queue, "created_at"),
    (_("Loan payments"), "receipt", "repayment_queue", allow.VIEW_REPAYMENTS, repayment_queue, "created_at"),
    (_("Second person"), "people", "approval_queue", allow.VIEW_APPROVALS, approval_queue, "created_at"),
    (_("Questions held"), "chat-left-text", "question_queue", allow.MODERATE_QUESTIONS, held_questions, "asked_at"),
    (_("Requests for help"), "life-preserver", "late", allow.WORK_COLLECTIONS, help_queue, "created_at"),
    (_("Loans in trouble"), "exclamation-triangle-fill", "late", allow.WORK_COLLECTIONS, trouble_queue, "next_due_on"),
    (_("Defaults to declare"), "clock", "proposed_defaults", allow.VIEW_LOANS, default_queue, "default_proposed_on"),
)


def queue_cards(user: User, now: dt.datetime) -> list[QueueCard]:
    """The queues that this member of staff may see. One query a queue."""
    rows = [one for one in QUEUES if user.has_perm(one[3])]
    cards = []
    for label, icon, url_name, _permission, queue, since in rows:
        found = (
            queue()
            .order_by()
            .aggregate(
                count=Count("pk"),
                oldest=Min(since),
                late=Count("pk", filter=Q(**{f"{since}__lt": now - TIME_LIMIT})),
            )
        )
        found["oldest"] = _moment(found["oldest"])
        cards.append(QueueCard(label, icon, url_name, **found))
    return cards


def _moment(since: dt.date | None) -> dt.datetime | None:
    """A moment as it is; a day as its beginning."""
    if since is None or isinstance(since, dt.datetime):
        return since
    return timezone.make_aware(dt.datetime.combine(since, dt.time.min))


# --- traffic lights --------------------------------------------------------------------------------------------------
def last_books_check() -> AuditEvent | None:
    """The latest proof of the books; its data holds the number of checks and every break."""
    return AuditEvent.objects.filter(action=BOOKS_CHECKED).select_related("actor").first()


def lights(now: dt.datetime) -> list[HealthIndicator]:
    """Books, end of day, worker, job queue, e-mails, database server, missing second step: a dozen queries."""
    found = [
        _books_indicator(last_books_check()),
        _day_indicator(end_of_day_failure_count(), end_of_day_fact(now)),
        _fact_indicator(_("Worker"), worker_fact(now), "jobs"),
        _queue_indicator(now),
        _fact_indicator(_("E-mails"), mail_fact(now), "mails"),
    ]
    if (node := database_node()) is not None:
        found.append(database_indicator(node))
    if not settings.STAFF_SECOND_STEP:
        found.append(_second_step_indicator())
    return found if settings.SECOND_PERSON else [*found, _node_indicator()]


def _fact_indicator(label: Promise, fact: Fact, url_name: str) -> HealthIndicator:
    return HealthIndicator(label, "success" if fact.is_fine else "danger", fact.words, url_name=url_name)


def database_indicator(node: NodeState) -> HealthIndicator:
    """Which server answers, and how its cluster is: red when it takes no writes, yellow when it is not in step."""
    kind = "success" if node.state in ("", "Synced") else "warning"
    return HealthIndicator(_("Database"), kind if node.is_fit else "danger", f"{node.name}: {node.words}")


def _node_indicator() -> HealthIndicator:
    """That nobody looks over anybody's shoulder: shown as long as it is so."""
    words, detail = _t("Switched off"), _t("One person decides alone about money, settings, products and staff.")
    return HealthIndicator(_("Second person"), "danger", words, detail, "approval_queue")


def _books_indicator(event: AuditEvent | None) -> HealthIndicator:
    label = _("Books")
    if event is None:
        return HealthIndicator(label, "neutral", _t("Not checked yet"), url_name="books")
    checked, broken = event.data["checks"], len(event.data["breaks"])
    when = _t("Checked on %(day)s") % {"day": format_day(event.created_at)}
    if broken:
        words = ngettext("%(count)s break", "%(count)s breaks", broken) % {"count": broken}
        return HealthIndicator(label, "danger", words, when, "books")
    return HealthIndicator(
        label, "success", _t("%(count)s of %(count)s checks hold") % {"count": checked}, when, "books"
    )


def _second_step_indicator() -> HealthIndicator:
    label = _("Second step of staff")
    if settings.DEMO_MODE:
        return HealthIndicator(label, "warning", _t("Off"), _t("In this demo staff sign in with a password alone."))
    return HealthIndicator(
        label, "danger", _t("Off"), _t("Staff sign in with a password alone. Set STAFF_SECOND_STEP to on.")
    )


def _day_indicator(left_behind: int, fact: Fact) -> HealthIndicator:
    label = _("End of day")
    if not fact.is_fine:
        return HealthIndicator(label, "danger", fact.words, url_name="jobs")
    if not left_behind:
        return HealthIndicator(label, "success", _t("No loan left behind"), url_name="left_behind")
    words = ngettext("%(count)s loan left behind", "%(count)s loans left behind", left_behind) % {"count": left_behind}
    return HealthIndicator(label, "danger", words, url_name="left_behind")


def _queue_indicator(now: dt.datetime) -> HealthIndicator:
    waiting = OrmQ.objects.count()
    failed = Failure.objects.filter(started__gte=now - FAILED_SINCE).count()
    words = _t("%(waiting)s waiting, %(failed)s failed in 7 days") % {"waiting": waiting, "failed": failed}
    return HealthIndicator(_("Job queue"), "warning" if failed else "success", words, url_name="jobs")


# --- identity checks -------------------------------------------------------------------------------------------------
def findings_about(verification: IdentityVerification, today: dt.date) -> list[Finding]:
    """What the machine sees before a person decides: age, expiry, same number, files, phone and address, tries."""
    return [
        _age(verification, today),
        _expiry(verification, today),
        _shared(_t("Document number"), holders_of_number(verification) if verification.id_number_digest else None),
        _shared(_t("Picture or file"), _same_files(verification)),
        _shared(_t("Phone number"), _others(verification, phone=verification.phone) if verification.phone else None),
        _shared(_t("Address"), _same_address(verification)),
        Finding(
            not verification.is_politically_exposed,
            _t("Politically exposed person") if verification.is_politically_exposed else _t("Not politically exposed"),
            _t("A second officer must approve.") if verification.is_politically_exposed else "",
        ),
        Finding(
            verification.submission_count <= 1,
            ngettext("Sent %(count)s time", "Sent %(count)s times", verification.submission_count)
            % {"count": verification.submission_count},
        ),
    ]


def _age(verification: IdentityVerification, today: dt.date) -> Finding:
    born = verification.date_of_birth
    if born is None:
        return Finding(False, _t("No date of birth"))
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return Finding(age >= ADULT_AGE, _t("%(age)s years old") % {"age": age})


def _expiry(verification: IdentityVerification, today: dt.date) -> Finding:
    ends = verification.id_expires_on
    if ends is None:
        return Finding(False, _t("No expiry date of the document"))
    words = _t("Document valid until %(day)s") % {"day": format_day(ends)}
    if ends < today:
        return Finding(False, words, _t("It has expired."))
    return Finding(ends > today + ENDS_SOON, words, "" if ends > today + ENDS_SOON else _t("It ends soon."))


def _others(verification: IdentityVerification, **same: str) -> QuerySet[IdentityVerification]:
    sent = IdentityVerification.objects.exclude(status=VerificationStatus.NOT_STARTED)
    return sent.filter(**same).exclude(pk=verification.pk)


def _same_address(verification: IdentityVerification) -> QuerySet[IdentityVerification] | None:
    if not verification.address:
        return None
    return _others(
        verification, address=verification.address, postcode=verification.postcode, country=verification.country
    )


def _same_files(verification: IdentityVerification) -> QuerySet[IdentityVerification] | None:
    digests = [document.sha256 for document in current_documents(verification)]
    if not digests:
        return None
    others = IdentityDocument.objects.filter(sha256__in=digests).exclude(verification=verification)
    return IdentityVerification.objects.filter(pk__in=others.values("verification"))


def _shared(what: str, holders: QuerySet[IdentityVerification] | None) -> Finding:
    names = [] if holders is None else list(holders.values_list("user__member_number", flat=True)[:5])
    if not names:
        return Finding(True, _t("%(what)s: nobody else has it") % {"what": what})
    return Finding(False, _t("%(what)s: others have the same") % {"what": what}, ", ".join(names))


# --- people, jobs, settings ------------------------------------------------------------------------------------------
def audit_about_person(user: User) -> QuerySet[AuditEvent]:
    """What happened to the person's account and identity check, newest first."""
    return AuditEvent.objects.filter(subject_reference=user.member_number).select_related("actor")


def setting_changes() -> QuerySet[AuditEvent]:
    """Changes of settings and loan products, newest first."""
    return AuditEvent.objects.filter(subject_type__in=("setting", "product")).select_related("actor")


def scheduled_jobs() -> QuerySet[Schedule]:
    """Every schedule with how its last run ended, in one query."""
    last = Task.objects.filter(pk=OuterRef("task"))
    return Schedule.objects.annotate(
        ran_at=Subquery(last.values("stopped")[:1]), was_fine=Subquery(last.values("success")[:1])
    ).order_by("name")
