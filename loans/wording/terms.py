"""Every term of a loan that costs money, in plain words: what the borrower signs says what the product does."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.values.countries import COUNTRIES
from loans.account.accrual import DAYS_OF_YEAR
from loans.account.terms import LoanTerms
from loans.enums.collections import NOTICE_DAYS
from loans.finance import DayCount, PrepaymentMode, ScheduleMethod, late_fee
from loans.finance.progressive import InterestRecalculation, PayoffInterest
from loans.wording.schedule import AHEAD_WORDS, order_words
from p2plending.lib.formatting import format_money, format_percent
from p2plending.lib.money import Rounding, round_ratio

EXAMPLE_LATE = 1_000_00
EXAMPLE_DAYS = 30
_YEARS: dict[str, Promise] = {
    DayCount.ACT_365: gettext_lazy("The real days count, as parts of 365."),
    DayCount.ACT_360: gettext_lazy("The real days count, as parts of 360."),
    DayCount.ACT_ACT: gettext_lazy("The real days count, as parts of the days of their year."),
    DayCount.ACT_ACT_YEAR_END: gettext_lazy("The real days count, as parts of the days of their year."),
}
_EXTRA: dict[PrepaymentMode, Promise] = {
    PrepaymentMode.SHORTER: gettext_lazy("If more is paid without a choice, the loan ends sooner."),
    PrepaymentMode.LOWER: gettext_lazy("If more is paid without a choice, the payments get smaller."),
    PrepaymentMode.CREDIT: gettext_lazy("If more is paid without a choice, it counts for the next payments."),
}
_ENDS_ON_ITS_DAY = (ScheduleMethod.INTEREST_ONLY, ScheduleMethod.BULLET)


@dataclasses.dataclass(frozen=True, slots=True)
class Clause:
    """One part of the agreement: its title and its sentences, in order."""

    title: str
    sentences: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CostWord:
    """A cost of the borrower beside the plan: its name, how much, when, and an example where figures make one."""

    name: str
    how_much: str
    when: str
    example: str = "–"


def interest_sentences(terms: LoanTerms) -> tuple[str, ...]:
    """How the interest of the plan is counted, and what the first payments leave out."""
    if terms.schedule_method is ScheduleMethod.FLAT:
        said = [_("Interest is counted on the whole loan for its whole time, not on the principal that is left.")]
    else:
        said = [_("Interest is counted on the principal that is left.")]
    years: str | Promise | None = _YEARS.get(terms.day_count)
    if years is None:
        years = _("Every whole time between two payments counts the same. Odd days before the first are parts of 365.")
    said.append(str(years))
    if terms.interest_free_periods:
        words = ngettext(
            "The first payment has no interest.",
            "The first %(count)s payments have no interest.",
            terms.interest_free_periods,
        )
        said.append(words % {"count": terms.interest_free_periods})
    if terms.principal_free_periods:
        words = ngettext(
            "The first payment pays back no principal.",
            "The first %(count)s payments pay back no principal.",
            terms.principal_free_periods,
        )
        said.append(words % {"count": terms.principal_free_periods})
    return tuple(said)


def borrower_clauses(terms: LoanTerms) -> list[Clause]:
    """What payments do, what being late costs and what it leads to: the parts of the agreement after the plan."""
    return [
        Clause(_("How a payment is used"), _use_of_money(terms)),
        Clause(_("Paying off and giving back"), _payoff(terms)),
        Clause(_("Late payments"), _lateness(terms)),
        Clause(_("If the loan stays late"), _default(terms)),
        Clause(_("Another plan"), _another_plan(terms)),
        Clause(_("Other fees"), _other_fees(terms)),
    ]


def lender_clause(terms: LoanTerms) -> Clause:
    """What the platform keeps of the lenders' money, and who receives late fees."""
    said = [
        _("The platform keeps %(share)s of the interest that the lenders receive. It costs the borrower nothing.")
        % {"share": _rate(terms.servicing_fee_rate)},
        _("Of money that comes in after the loan was given up as lost, it keeps %(share)s.")
        % {"share": _rate(terms.collection_fee_rate)},
    ]
    if terms.late_fees_to_lenders:
        said.append(_("Late fees go to the lenders."))
    else:
        said.append(_("Late fees go to the platform."))
    return Clause(_("Fees of the lenders"), tuple(said))


def cost_words(terms: LoanTerms, *, payment: int) -> list[CostWord]:
    """The costs of a borrower who pays late, early, or by a plan that takes charges; for key facts and price lists.

    The example of a late fee is one on a whole `payment` (minor units).
    """
    grace = ngettext("after %(count)s day", "after %(count)s days", terms.grace_days) % {"count": terms.grace_days}
    costs = [_late_fee_cost(terms, payment, grace)]
    if terms.default_interest_rate and not terms.is_progressive:
        how_much = _("%(rate)s a year of late principal") % {"rate": _rate(terms.default_interest_rate)}
        when = _("By the day, %(grace)s, until it is paid") % {"grace": grace}
        example = _("%(cost)s on %(late)s in %(days)s days") % _default_interest_example(terms)
        costs.append(CostWord(_("Default interest"), how_much, when, example))
    if _bears_late_interest(terms):
        words = _("The rate of the loan, on late principal")
        costs.append(CostWord(_("Interest on what is late"), words, _("By the day, until it is paid")))
    costs.append(CostWord(_("Early payment"), _("Free"), early_words(terms)))
    if terms.is_progressive:
        words, when = _("As we tell you, with the reason"), _("When we add it; you see it with your payments")
        costs.append(CostWord(_("Fees and penalties"), words, when))
    return costs


def _late_fee_cost(terms: LoanTerms, payment: int, grace: str) -> CostWord:
    if not _has_late_fee(terms):
        return CostWord(_("Late fee"), late_fee_words(terms), "–")
    fee = late_fee(payment, terms.late_fee_fixed, terms.late_fee_rate, terms.late_fee_cap)
    example = _("%(fee)s on a payment of %(payment)s") % {"fee": format_money(fee), "payment": format_money(payment)}
    return CostWord(
        _("Late fee"), late_fee_words(terms), _("Once for each missed payment, %(grace)s") % {"grace": grace}, example
    )


def _default_interest_example(terms: LoanTerms) -> dict[str, Any]:
    numerator, denominator = terms.default_interest_rate.as_integer_ratio()
    cost = round_ratio(EXAMPLE_LATE * EXAMPLE_DAYS * numerator, DAYS_OF_YEAR * denominator, Rounding.HALF_UP)
    return {"late": format_money(EXAMPLE_LATE), "cost": format_money(cost), "days": EXAMPLE_DAYS}


def late_fee_words(terms: LoanTerms) -> str:
    """The amount of a late fee: "5% of what is unpaid, at least €5.00, at most €50.00"."""
    told = {
        "rate": _rate(terms.late_fee_rate),
        "least": format_money(terms.late_fee_fixed),
        "most": format_money(terms.late_fee_cap or 0),
    }
    if not _has_late_fee(terms):
        return _("None")
    is_capped = terms.late_fee_cap is not None
    if not terms.late_fee_rate:
        return format_money(
            terms.late_fee_fixed if terms.late_fee_cap is None else min(terms.late_fee_fixed, terms.late_fee_cap)
        )
    if terms.late_fee_fixed and is_capped:
        return _("%(rate)s of what is unpaid, at least %(least)s, at most %(most)s") % told
    if terms.late_fee_fixed:
        return _("%(rate)s of what is unpaid, at least %(least)s") % told
    if is_capped:
        return _("%(rate)s of what is unpaid, at most %(most)s") % told
    return _("%(rate)s of what is unpaid") % told


def _rate(fraction: Decimal) -> str:
    """Per cent with up to two places, no zeros at the end."""
    places = next((places for places in (0, 1) if fraction * 100 == round(fraction * 100, places)), 2)
    return format_percent(fraction, places)


def _has_late_fee(terms: LoanTerms) -> bool:
    return bool(terms.late_fee_fixed or terms.late_fee_rate) and terms.late_fee_cap != 0


def _recalculates(terms: LoanTerms) -> bool:
    return terms.is_progressive and terms.interest_recalculation is not InterestRecalculation.NONE


def _bears_late_interest(terms: LoanTerms) -> bool:
    return _recalculates(terms) and terms.overdue_bears_interest


def _counts_to_period_end(terms: LoanTerms) -> bool:
    return _recalculates(terms) and terms.payoff_interest is PayoffInterest.TO_REST_DATE


def _keeps_interest(terms: LoanTerms) -> bool:
    """Whether money that comes early saves no interest."""
    return terms.is_progressive and not _recalculates(terms)


def early_words(terms: LoanTerms) -> str:
    """When a loan may be paid early, and what that does to its interest."""
    if _keeps_interest(terms):
        return _("Any day; the interest of the plan stays")
    if _counts_to_period_end(terms):
        return _("Any day; paying off costs interest to the next due date")
    return _("Any day; interest stops on that day")


def _use_of_money(terms: LoanTerms) -> tuple[str, ...]:
    said = [order_words(terms, follows=terms.is_progressive)]
    if terms.is_progressive:
        said += [str(AHEAD_WORDS[terms.future_instalments]), *_recalculation(terms)]
    else:
        said += _choice_of_extra(terms)
    return (*said, _("What is above all that is owed goes to the borrower's wallet."))


def _choice_of_extra(terms: LoanTerms) -> list[str]:
    said = [_("Before paying more than is due, the borrower chooses what the extra money does.")]
    mode = terms.extra_payment_mode
    if terms.schedule_method in _ENDS_ON_ITS_DAY:
        # Its principal comes back on the last day, so there is no sooner end that extra money could buy.
        said.append(_("It makes what is still to come smaller, or counts for the next payments."))
        mode = PrepaymentMode.LOWER if mode is PrepaymentMode.SHORTER else mode
    else:
        said.append(_("It ends the loan sooner, makes the payments smaller, or counts for the next payments."))
    said.append(_("Where it changes the plan, it pays the interest up to that day, then principal."))
    if terms.schedule_method is ScheduleMethod.FLAT:
        said.append(_("The interest still to come then falls in proportion to the principal."))
    said.append(_("Without a choice, money up to the next payment counts for that payment."))
    said.append(str(_EXTRA[mode]))
    if terms.default_interest_rate:
        said.insert(0, _("Default interest counts as a late fee in this order."))
    return said


def _recalculation(terms: LoanTerms) -> list[str]:
    if not _recalculates(terms):
        return [_("The interest of the plan stays as it is, whether money comes early or late.")]
    if terms.interest_recalculation is InterestRecalculation.PER_PERIOD and _counts_to_period_end(terms):
        return [
            _("Interest follows the money: early money lowers it, but only from the next due date on."),
            _("The payments still to come are worked out anew each time."),
        ]
    return [
        _("Interest is counted by the day on the principal that is left: early money lowers it from its day on."),
        _("The payments still to come are worked out anew each time."),
    ]


def _payoff(terms: LoanTerms) -> tuple[str, ...]:
    said = [_("The borrower may pay off the whole loan on any day. There is no fee for paying early.")]
    if _keeps_interest(terms):
        said.append(_("That takes the principal that is left, all unpaid interest of the plan, and unpaid fees."))
        said.append(_("Paying off early saves no interest."))
    elif _counts_to_period_end(terms):
        said.append(_("That takes the principal that is left, the interest up to the next due date, and unpaid fees."))
        said.append(_("Interest of later days is not charged."))
    else:
        said.append(_("That takes the principal that is left, the interest up to that day, and unpaid fees."))
        said.append(_("Interest of later days is not charged."))
    if terms.withdrawal_days:
        words = ngettext(
            "For %(count)s day after the pay-out the borrower may give the loan back, without a reason.",
            "For %(count)s days after the pay-out the borrower may give the loan back, without a reason.",
            terms.withdrawal_days,
        )
        said.append(words % {"count": terms.withdrawal_days})
        said.append(_("That takes what paying off takes on that day."))
        if terms.refunds_fee_on_withdrawal:
            said.append(_("The set-up fee then comes back."))
        else:
            said.append(_("The set-up fee then stays with the platform."))
    return tuple(said)


def _lateness(terms: LoanTerms) -> tuple[str, ...]:
    said = [_("A payment is late from the day after its due date.")]
    if terms.holiday_country:
        country = COUNTRIES.get(terms.holiday_country, terms.holiday_country)
        words = _("On a weekend or a holiday of %(country)s, the next working day stands for the due date.")
        said += [words % {"country": country}, _("The interest of the plan does not move with it.")]
    if _has_late_fee(terms):
        words = ngettext(
            "A payment that is more than %(count)s day late costs a late fee, once: %(fee)s.",
            "A payment that is more than %(count)s days late costs a late fee, once: %(fee)s.",
            terms.grace_days,
        )
        said.append(words % {"count": terms.grace_days, "fee": late_fee_words(terms)})
        said.append(_("What is unpaid is principal and interest of that payment. No fee is charged on a fee."))
    else:
        said.append(_("There is no late fee."))
    said += _default_interest(terms) if not terms.is_progressive else _late_interest(terms)
    if _has_late_fee(terms) or terms.default_interest_rate:
        said.append(_("We may pause this for some days after the borrower asks for help; we name the last of them."))
    return tuple(said)


def _default_interest(terms: LoanTerms) -> list[str]:
    rate = terms.default_interest_rate
    if not rate:
        return [_("There is no default interest.")]
    days = ngettext(
        "Principal that is more than %(count)s day late costs default interest of %(rate)s a year.",
        "Principal that is more than %(count)s days late costs default interest of %(rate)s a year.",
        terms.grace_days,
    )
    ends = (
        _("It ends when that principal is paid, or with a default.")
        if terms.stops_default_interest
        else _("It ends when that principal is paid. It goes on after a default.")
    )
    return [
        days % {"count": terms.grace_days, "rate": _rate(rate)},
        _("It is counted by the day from then on: principal × rate × days ÷ 365."),
        _("Example: %(late)s of late principal costs %(cost)s in %(days)s days.") % _default_interest_example(terms),
        _("It comes on top of the interest of the plan. There is no interest on it."),
        ends,
    ]


def _late_interest(terms: LoanTerms) -> list[str]:
    if not _recalculates(terms):
        return [_("Being late costs no more interest.")]
    if not terms.overdue_bears_interest:
        return [_("Principal that is late bears no interest after its due date.")]
    return [
        _("Principal that is late goes on bearing the interest of the loan until it is paid."),
        _("It does so up to the last due date of the plan. The payments still to come ask for this interest."),
    ]


def _default(terms: LoanTerms) -> tuple[str, ...]:
    words = ngettext(
        "A loan that is more than %(count)s day late may be declared in default.",
        "A loan that is more than %(count)s days late may be declared in default.",
        terms.default_after_days,
    )
    sooner = ngettext(
        "After bankruptcy or fraud it may be sooner: once it is more than %(count)s day late.",
        "After bankruptcy or fraud it may be sooner: once it is more than %(count)s days late.",
        terms.grace_days,
    )
    said = [
        words % {"count": terms.default_after_days},
        sooner % {"count": terms.grace_days},
        _("The borrower gets a notice at least %(days)s days before. Paying what is late ends it.")
        % {"days": NOTICE_DAYS},
        _("With the default the whole loan is due at once: what paying off takes on that day."),
        _("No late fee is charged after it."),
    ]
    if terms.default_interest_rate and not terms.is_progressive:
        said.append(
            _("No default interest is charged after it.")
            if terms.stops_default_interest
            else _("Default interest goes on, on all principal that is then late.")
        )
    said.append(_("If all that is late is paid later, we may let the loan go on by a new plan."))
    said.append(_("A loan that we give up as lost is still owed. What comes in later goes to the lenders."))
    return tuple(said)


def _another_plan(terms: LoanTerms) -> tuple[str, ...]:
    said = [
        _("A borrower who can't pay can ask for help. We may then propose another plan, and show its cost before."),
        _("It counts only if the borrower accepts it. The plan before it is kept."),
        _("It says whether unpaid interest and late fees are added to the principal, stay due, or are waived."),
        _("What is added to the principal bears interest."),
    ]
    if terms.is_progressive:
        said.append(_("From then on the plan holds: money changes it only as the borrower chooses."))
    return tuple(said)


def _other_fees(terms: LoanTerms) -> tuple[str, ...]:
    if not terms.is_progressive:
        return (_("The borrower pays no fee that is not named here."),)
    return (
        _("The platform may add a fee or a penalty to this loan, due on a day or with every payment."),
        _("The borrower is told its amount and its reason, and sees it with the payments."),
        _("What is unpaid of it may be waived. There is no other fee."),
    )
