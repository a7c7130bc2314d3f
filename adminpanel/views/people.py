"""One person on one page, and what staff may change about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.enums.people import Role, VerificationStatus
from accounts.enums.permissions import SUSPEND_USERS
from accounts.models import AuditEvent, User
from accounts.selectors.access import AUDIT_EVENTS, NOTIFICATIONS, USERS
from accounts.selectors.people import email_is_verified, verification_of, waiting_about_person
from accounts.services.identity.suspicion import raise_suspicion, request_clearing, request_confirming
from accounts.services.people.suspension import request_release, suspend_user
from adminpanel.forms.people import GroupsForm, ReasonForm, SuspensionForm, SuspicionForm
from adminpanel.permissions import GIVE_GROUPS, VIEW_USERS
from adminpanel.selectors import audit_about_person
from adminpanel.services.staff_groups import request_groups
from adminpanel.views.pages import Decision, asked_words
from adminpanel.views.rows import RowPages, Step
from ledger.selectors import wallet_summary
from ledger.selectors.access import WALLETS
from loans.selectors.access import LOANS, NOTES
from p2plending.lib import clock
from p2plending.lib.web.requests import AuthenticatedRequest

LIST_LENGTH = 10


class PersonPages(RowPages[User]):
    """A person, with all that is known about them."""

    page_name = "user"
    key = "member_number"
    rule = USERS

    def rows(self, request: AuthenticatedRequest) -> QuerySet[User]:
        return USERS.visible_to(request.user).prefetch_related("groups")

    def is_own(self, request: AuthenticatedRequest, row: User) -> bool:
        return row.pk == request.user.pk

    def title(self, row: User) -> str:
        return row.full_name or row.email

    def shown(self, request: AuthenticatedRequest, row: User) -> dict[str, Any]:
        return {
            "person": row,
            "verification": verification_of(row),
            "email_verified": email_is_verified(row),
            "wallet": wallet_summary(row) if _may_see_wallet(request.user, row) else None,
            "loans": LOANS.visible_to(request.user).filter(borrower=row)[:LIST_LENGTH],
            "notes": NOTES.visible_to(request.user).filter(owner=row).select_related("loan")[:LIST_LENGTH],
            "told": NOTIFICATIONS.visible_to(request.user).filter(user=row).order_by("-id")[:LIST_LENGTH],
            "waiting": waiting_about_person(row),
        }

    def history(self, request: AuthenticatedRequest, row: User) -> QuerySet[AuditEvent] | None:
        return audit_about_person(row) if AUDIT_EVENTS.is_permitted_to(request.user) else None

    def offered(self, request: AuthenticatedRequest, row: User, shown: dict[str, Any]) -> list[Decision]:
        def path(name: str) -> str:
            return self.address(row, f"user_{name}")

        if shown["is_own"]:
            return []
        found = []
        if request.user.has_perm(SUSPEND_USERS):
            if row.is_suspended:
                words, release = _("Ask a second person"), ReasonForm(auto_id="release_%s")
                found.append(Decision("release", _("End the suspension"), words, path("release"), release))
            else:
                stop = SuspensionForm(auto_id="suspend_%s")
                found.append(
                    Decision("suspend", _("Suspend this person"), _("Suspend"), path("suspend"), stop, danger=True)
                )
            found += _suspicion(row, path)
        if row.role == Role.STAFF and request.user.has_perm(GIVE_GROUPS):
            groups = GroupsForm(person=row, auto_id="groups_%s")
            found.append(Decision("groups", _("Groups"), _("Ask a second person"), path("groups"), groups))
        return found


PAGES = PersonPages()

person = PAGES.row_view(VIEW_USERS)


@PAGES.decision("suspend", SUSPEND_USERS)
def suspend(request: AuthenticatedRequest, user: User) -> Step:
    return Step(
        SuspensionForm(request.POST, auto_id="suspend_%s"),
        lambda told: suspend_user(user_id=user.pk, reason=told["reason"], actor=request.user),
        _("%(who)s is suspended and was told.") % {"who": user.member_number},
    )


@PAGES.decision("release", SUSPEND_USERS)
def release(request: AuthenticatedRequest, user: User) -> Step:
    return Step(
        ReasonForm(request.POST, auto_id="release_%s"),
        lambda told: request_release(
            user_id=user.pk, reason=told["reason"], actor=request.user, today=clock.business_date()
        ),
        asked_words(),
    )


@PAGES.decision("suspect", SUSPEND_USERS)
def suspect(request: AuthenticatedRequest, user: User) -> Step:
    return Step(
        SuspicionForm(request.POST, auto_id="suspect_%s"),
        lambda told: raise_suspicion(user_id=user.pk, reason=told["reason"], actor=request.user),
        _("The identity of %(who)s is suspended until two of you have looked at it.") % {"who": user.member_number},
    )


@PAGES.decision("clear", SUSPEND_USERS)
def clear(request: AuthenticatedRequest, user: User) -> Step:
    return _settle_suspicion(request, user, "clear", request_clearing)


@PAGES.decision("confirm_suspicion", SUSPEND_USERS)
def confirm_suspicion(request: AuthenticatedRequest, user: User) -> Step:
    return _settle_suspicion(request, user, "confirm_suspicion", request_confirming)


def _settle_suspicion(request: AuthenticatedRequest, user: User, name: str, service: Callable[..., object]) -> Step:
    return Step(
        ReasonForm(request.POST, auto_id=f"{name}_%s"),
        lambda told: service(user_id=user.pk, reason=told["reason"], actor=request.user, today=clock.business_date()),
        asked_words(),
    )


@PAGES.decision("groups", GIVE_GROUPS)
def groups(request: AuthenticatedRequest, user: User) -> Step:
    form = GroupsForm(request.POST, person=user, auto_id="groups_%s")
    return Step(
        form,
        lambda told: request_groups(
            user_id=user.pk,
            groups=form.chosen(),
            reason=told["reason"],
            actor=request.user,
            today=clock.business_date(),
        ),
        asked_words(),
    )


def _may_see_wallet(viewer: User, user: User) -> bool:
    return user.role != Role.STAFF and WALLETS.is_permitted_to(viewer)


def _suspicion(user: User, path: Callable[[str], str]) -> list[Decision]:
    """What can be done about doubts in the person's identity."""
    status = verification_of(user).status
    if status == VerificationStatus.APPROVED:
        form = SuspicionForm(auto_id="suspect_%s")
        label = _("Raise a suspicion about the identity")
        return [Decision("suspect", label, _("Suspend the identity check"), path("suspect"), form, danger=True)]
    if status != VerificationStatus.SUSPENDED:
        return []
    clear_form, confirm_form = ReasonForm(auto_id="clear_%s"), ReasonForm(auto_id="confirm_suspicion_%s")
    ask = _("Ask a second person")
    return [
        Decision("clear", _("The suspicion was wrong"), ask, path("clear"), clear_form),
        Decision(
            "confirm_suspicion", _("The suspicion was right"), ask, path("confirm_suspicion"), confirm_form, danger=True
        ),
    ]
