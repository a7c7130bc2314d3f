"""A lender's standing rule: written, turned on with consent, paused."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.audit import record_about
from accounts.services.idempotency import once
from loans.enums.loan import Grade
from matching.enums.mandates import MandateStatus
from matching.models import LendingMandate
from matching.selectors.mandates import mandate_of
from matching.services.profiles import LendersOnly
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules

LONGEST_TERM_MONTHS = 120
SHORTEST_TERM_MONTHS = 1


class NoGradeChosen(Refused):
    """A rule needs at least one grade that exists."""

    code = "no_grade_chosen"
    default_message = gettext_lazy("Choose at least one grade.")


class RuleAmountOutOfRange(Refused):
    """The amount per loan is below the smallest commitment or not a whole step."""

    code = "rule_amount_out_of_range"


class RuleNumberOutOfRange(Refused):
    """A rate, a term or the money to keep that no rule can have."""

    code = "rule_number_out_of_range"
    default_message = gettext_lazy("A number of the rule is out of range.")


class ConsentMissing(Refused):
    """Automatic lending starts only with the lender's consent to a text."""

    code = "consent_missing"
    default_message = gettext_lazy("Tick the box to let us lend for you.")


class NotYourRule(NotPermitted):
    """Somebody else's rule."""

    code = "not_your_rule"
    default_message = gettext_lazy("Only the lender whose rule this is can do this.")


@once(model=LendingMandate, operation="matching.save_mandate")
def save_mandate(
    *,
    lender: User,
    grades: Collection[str],
    min_rate: Decimal,
    max_term_months: int,
    amount_per_loan: int,
    keep_available: int,
    actor: User,
    idempotency_key: str,
) -> LendingMandate:
    """Write the lender's rule: the first one, or new figures for it. It does not lend before it is turned on.

    Amounts in minor units, `min_rate` a fraction a year. A change to a rule that is on pauses it, because the consent
    was given to other figures. Raises LendersOnly, NotYourRule, NoGradeChosen, RuleAmountOutOfRange,
    RuleNumberOutOfRange.
    """
    terms = {
        "grades": ",".join(sorted(set(grades))),
        "min_rate": min_rate,
        "max_term_months": max_term_months,
        "amount_per_loan": amount_per_loan,
        "keep_available": keep_available,
    }
    if not lender.is_lender:
        raise LendersOnly
    if actor.pk != lender.pk:
        raise NotYourRule
    _check_terms(terms)
    # The lender's row stands guard: two first forms at once must not make two rules.
    User.objects.select_for_update().get(pk=lender.pk)
    mandate = mandate_of(lender)
    if mandate is None:
        mandate = LendingMandate(reference=new_reference("LM"), lender=lender, **terms)
        mandate.save()
        _record(mandate, "saved", actor, {"terms": terms})
        return mandate
    mandate = lock_guard(LendingMandate.objects.filter(pk=mandate.pk))
    before = {name: getattr(mandate, name) for name in terms}
    if before == terms:
        return mandate
    for name, value in terms.items():
        setattr(mandate, name, value)
    if mandate.status == MandateStatus.ACTIVE:
        mandate.status, mandate.active_for = MandateStatus.PAUSED, None
    mandate.save()
    _record(mandate, "saved", actor, {"from": before, "terms": terms})
    return mandate


def _check_terms(terms: dict[str, Any]) -> None:
    letters = terms["grades"].split(",")
    if not terms["grades"] or not set(letters) <= set(Grade.values):
        raise NoGradeChosen
    rules = platform_rules()
    amount = terms["amount_per_loan"]
    if amount < rules.min_commitment or amount % rules.commitment_step:
        raise RuleAmountOutOfRange(
            _("Enter an amount of %(low)s or more, in steps of %(step)s.")
            % {"low": format_money(rules.min_commitment), "step": format_money(rules.commitment_step)},
            minimum=rules.min_commitment,
            step=rules.commitment_step,
        )
    if not (
        0 <= terms["min_rate"] <= 1
        and SHORTEST_TERM_MONTHS <= terms["max_term_months"] <= LONGEST_TERM_MONTHS
        and terms["keep_available"] >= 0
    ):
        raise RuleNumberOutOfRange


@once(model=LendingMandate, operation="matching.activate_mandate")
def activate_mandate(*, mandate_id: int, consent_text: str, actor: User, idempotency_key: str) -> LendingMandate:
    """Turn the rule on. `consent_text` is what the lender agreed to on the page; its digest is kept.

    Raises what the gate for lending refuses, NotYourRule, ConsentMissing, InvalidTransition when it is on already.
    """
    mandate = _locked(mandate_id, actor)
    require_may(mandate.lender, Action.LEND)
    if not consent_text:
        raise ConsentMissing
    if mandate.status not in (MandateStatus.DRAFT, MandateStatus.PAUSED):
        raise InvalidTransition(status=mandate.status)
    mandate.status = MandateStatus.ACTIVE
    mandate.active_for = mandate.lender_id
    mandate.activated_at = clock.now()
    mandate.consent_text_sha256 = hashlib.sha256(consent_text.encode()).hexdigest()
    mandate.save(update_fields=["status", "active_for", "activated_at", "consent_text_sha256", "updated_at"])
    _record(mandate, "activated", actor, {"consent_sha256": mandate.consent_text_sha256})
    return mandate


@once(model=LendingMandate, operation="matching.pause_mandate")
def pause_mandate(*, mandate_id: int, actor: User, idempotency_key: str) -> LendingMandate:
    """Turn the rule off until it is turned on again. What it has lent and reserved stays as it is.

    Raises NotYourRule, InvalidTransition when it is not on.
    """
    mandate = _locked(mandate_id, actor)
    if mandate.status != MandateStatus.ACTIVE:
        raise InvalidTransition(status=mandate.status)
    mandate.status, mandate.active_for = MandateStatus.PAUSED, None
    mandate.save(update_fields=["status", "active_for", "updated_at"])
    _record(mandate, "paused", actor, {})
    return mandate


def mark_served(mandate_id: int, served_at: dt.datetime) -> None:
    """Note when a rule last lent, which puts it at the end of the queue. Call inside `run_money`."""
    later = LendingMandate.objects.filter(pk=mandate_id).exclude(last_allocated_at__gte=served_at)
    later.update(last_allocated_at=served_at, version=F("version") + 1)


def _locked(mandate_id: int, actor: User) -> LendingMandate:
    mandate = lock_guard(LendingMandate.objects.filter(pk=mandate_id))
    if mandate.lender_id != actor.pk:
        raise NotYourRule
    return mandate


def _record(mandate: LendingMandate, step: str, actor: User, data: dict[str, Any]) -> None:
    plain = {name: _plain(value) for name, value in data.items()}
    record_about(mandate, step, actor, subject="mandate", data=plain)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, Decimal) else value
