"""What happens to each loan of the demo: written before anything is played, so that a seed gives the same world.

Stories are told by the day on which the world opens to visitors: fixed ones that leave a loan in every state on that
day, loans of the months before it, and applications that go on coming as long as days pass.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Iterator
from enum import Enum, auto

from loans.enums.loan import LoanStatus
from loans.finance.daycount import add_months

# Days from the application until it is listed, and from the last commitment to the pay-out.
DAYS_TO_LISTING, DAYS_TO_SIGN = 3, 2
# Lenders take two days for the fixed stories: from application to pay-out, when nothing stops it.
QUICKLY = 2
DAYS_TO_PAYOUT = DAYS_TO_LISTING + QUICKLY + DAYS_TO_SIGN
LISTING_DAYS = 28
TERMS = (12, 24, 18, 36, 9, 24, 12, 18, 6, 36, 24)
# Alice, everybody whose loan stands in a state of its own, those who do not pay, and those of flexible loans.
FIXED_BORROWERS = 23
FIRST_IN_TROUBLE = 16
FIRST_FLEXIBLE = 20
FEWEST_LENDERS = 12
FEWEST_MONTHS = 9
# Since about a month before the opening somebody applies every other day, and lenders take about three weeks.
APPLIES_EVERY = 2
FIRST_RECENT, LAST_RECENT = -36, -4
RECENT_FILLS_IN, EARLY_FILLS_IN = (19, 27), (5, 12)
# In hundreds: what most ask for, and those with the smallest income, and those who will stop paying.
MOST_ASK, CAREFUL, FAILING = (10, 31), (8, 15), (6, 10)
WITH_SMALL_INCOME = 4  # the remainder of their number by five (people.FINANCES)
# Every fourth borrower has had a loan before, 21 applications earlier (its own was from somebody new).
RETURNS_EVERY, RETURNS_AFTER = 4, 21
# One in so many stops paying, as the grades expect; the first of them long after the opening.
FAILS_EVERY, FIRST_TO_FAIL = 25, 36


class Pays(Enum):
    """How a borrower keeps to the plan."""

    ON_TIME = auto()
    BY_AUTOPAY = auto()
    LATE_ONCE = auto()
    IN_TWO_PARTS = auto()
    ALL_EARLY = auto()
    SOMETHING_EXTRA = auto()
    BOUNCES_ONCE = auto()
    STOPS = auto()
    ASKS_FOR_HELP = auto()
    GETS_NEW_PLAN = auto()
    SOME_EARLY = auto()


# How the borrowers of drawn loans keep to the plan, out of a hundred.
HABITS = {Pays.ON_TIME: 52, Pays.BY_AUTOPAY: 30, Pays.ALL_EARLY: 5, Pays.SOMETHING_EXTRA: 7, Pays.LATE_ONCE: 6}


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    purpose: str
    title: str
    story: str


SUBJECTS = (
    Subject("home", "New windows for the north side", "Double glazing before the winter. The joiner has quoted."),
    Subject("vehicle", "A used estate car", "Our old car failed its test and I drive to work every day."),
    Subject("education", "Evening course in bookkeeping", "Two terms and the exam. My employer pays the books."),
    Subject("debt_consolidation", "One payment in place of three", "Two cards and an overdraft cost me much more."),
    Subject("medical", "Dental work", "Two crowns. The insurance pays a part."),
    Subject("business", "A better oven for the bakery", "It bakes twice as much in the morning."),
    Subject("home", "A heat pump", "The grant pays half; this pays the rest."),
    Subject("other", "Our wedding in June", "A small party with both families."),
    Subject("vehicle", "A cargo bike", "For the children and the shopping. We give up the second car."),
    Subject("education", "Driving licence and theory course", "I need it for my new job."),
    Subject("home", "A new kitchen floor", "The old one is from 1981."),
    Subject("business", "Tools for my workshop", "I have three orders that I can't do by hand."),
)


@dataclasses.dataclass(frozen=True, slots=True)
class LoanStory:
    """One loan. `stops_at` is the state in which it stays, for good or until `stays_until`, so that visitors find it
    there; then it goes on to `then`. ACTIVE goes on, by `pays`, to REPAID where the time is enough. `funded_share`
    (percent) is what lenders bring together, in `fills_in` days. Payments due from `unpaid_from` on stay unpaid until
    `resumes_on`, unless there is a new plan. `is_flexible` loans are of the product whose plan follows the money."""

    borrower: int
    begins: dt.date
    amount: int
    term: int
    subject: Subject
    stops_at: LoanStatus = LoanStatus.ACTIVE
    funded_share: int = 100
    pays: Pays = Pays.ON_TIME
    unpaid_from: dt.date | None = None
    resumes_on: dt.date | None = None
    is_flexible: bool = False
    fills_in: int = QUICKLY
    stays_until: dt.date | None = None
    then: LoanStatus = LoanStatus.ACTIVE

    def goes_to(self, day: dt.date) -> LoanStatus:
        """The state that it is on its way to, or stays in, on `day`."""
        return self.then if self._is_released(day) else self.stops_at

    def share_on(self, day: dt.date) -> int:
        """Percent of the amount that lenders bring together, as far as can be said on `day`."""
        return 100 if self._is_released(day) and self.stops_at == LoanStatus.LISTED else self.funded_share

    def fails_on(self, day: dt.date) -> bool:
        """Whether it goes into default, and perhaps further."""
        return self.goes_to(day) in (LoanStatus.DEFAULTED, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)

    def leaves_unpaid(self, due_date: dt.date, day: dt.date) -> bool:
        """Whether what fell due on `due_date` is left unpaid on `day`."""
        if self.unpaid_from is None or due_date < self.unpaid_from:
            return False
        return self.resumes_on is None or day < self.resumes_on

    def _is_released(self, day: dt.date) -> bool:
        return self.stays_until is not None and day > self.stays_until


def write_stories(*, loans: int, months: int, opens_on: dt.date, until: dt.date, seed: int) -> list[LoanStory]:
    """The fixed stories, `loans` of the months before the opening, and what began since, up to `until`.

    A later `until` adds stories and changes none.
    """
    first_day = add_months(opens_on, -months)
    drawn = itertools.takewhile(lambda story: story.begins <= until, _drawn_stories(loans, first_day, opens_on, seed))
    stories = [*_fixed_stories(opens_on, months), *drawn]
    return sorted(stories, key=lambda story: (story.begins, story.borrower))


def _fixed_stories(today: dt.date, months: int) -> Iterator[LoanStory]:
    yield from _alice(today, months)
    yield from _late(today)
    yield from _failing(today)
    yield from _running(today)
    yield from _flexible(today)
    yield from _open_applications(today)
    yield from _ended_without_a_loan(today)


def _ago(today: dt.date, days: int) -> dt.date:
    return today - dt.timedelta(days=days)


def _begins_for_payment_on(day: dt.date, payments_before: int) -> dt.date:
    """The day to apply so that a payment falls due on `day` after `payments_before` others."""
    return add_months(day, -payments_before - 1) - dt.timedelta(days=DAYS_TO_PAYOUT)


def _begins_for_two_weeks(day: dt.date, payments_before: int) -> dt.date:
    """As `_begins_for_payment_on`, for payments every two weeks."""
    return day - dt.timedelta(weeks=2 * (payments_before + 1), days=DAYS_TO_PAYOUT)


def _alice(today: dt.date, months: int) -> Iterator[LoanStory]:
    yield LoanStory(0, add_months(today, -months), 900_00, 6, SUBJECTS[4], pays=Pays.ALL_EARLY)
    yield LoanStory(0, _begins_for_payment_on(_ago(today, -9), 4), 3_000_00, 24, SUBJECTS[0])


# Days late at the opening, payments before, and in how many days they pay again; the last never does.
LATE = ((8, 6, 4), (22, 5, 12), (45, 5, 9), (75, 4, 0))


def _late(today: dt.date) -> Iterator[LoanStory]:
    """One loan in each bucket of lateness before default; one of them waits for our answer."""
    for borrower, (days_late, paid, resumes_in) in enumerate(LATE, start=1):
        stopped = _ago(today, days_late)
        yield LoanStory(
            borrower=borrower,
            begins=_begins_for_payment_on(stopped, paid),
            amount=1_500_00 + 200_00 * borrower if resumes_in else 700_00,
            term=18,
            subject=SUBJECTS[borrower],
            pays=Pays.ASKS_FOR_HELP if borrower == 2 else Pays.STOPS,
            unpaid_from=stopped,
            resumes_on=_ago(today, -resumes_in) if resumes_in else None,
            stops_at=LoanStatus.ACTIVE if resumes_in else LoanStatus.WRITTEN_OFF,
        )


def _failing(today: dt.date) -> Iterator[LoanStory]:
    """Loans that somebody had to do something about: three in default, and one with a new plan."""
    ends = (LoanStatus.DEFAULTED, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)
    for borrower, (end, days_ago) in enumerate(zip(ends, (110, 125, 130), strict=True), start=FIRST_IN_TROUBLE):
        stopped = _ago(today, days_ago)
        is_open = end == LoanStatus.DEFAULTED
        yield LoanStory(
            borrower=borrower,
            begins=_begins_for_payment_on(stopped, 3),
            amount=800_00,
            term=12,
            subject=SUBJECTS[borrower - 10],
            stops_at=end,
            pays=Pays.STOPS,
            unpaid_from=stopped,
            stays_until=_ago(today, -40) if is_open else None,
            then=LoanStatus.WRITTEN_OFF,
        )
    stopped = _ago(today, 95)
    begins = _begins_for_payment_on(stopped, 2)
    yield LoanStory(19, begins, 1_400_00, 12, SUBJECTS[11], pays=Pays.GETS_NEW_PLAN, unpaid_from=stopped)


def _running(today: dt.date) -> Iterator[LoanStory]:
    yield LoanStory(5, _ago(today, 160), 1_800_00, 12, SUBJECTS[5], pays=Pays.IN_TWO_PARTS)
    yield LoanStory(5, _ago(today, 100), 1_000_00, 9, SUBJECTS[11], pays=Pays.LATE_ONCE)
    yield LoanStory(15, _ago(today, 190), 2_400_00, 24, SUBJECTS[6], pays=Pays.SOMETHING_EXTRA)
    # Lenders brought four fifths together, and the borrower took that.
    yield LoanStory(13, _ago(today, 115), 2_000_00, 12, SUBJECTS[8], funded_share=80, pays=Pays.BOUNCES_ONCE)


def _flexible(today: dt.date) -> Iterator[LoanStory]:
    """Three plans that follow the money: one with money in advance and two charges, one on time, one late."""
    stopped = _ago(today, 19)
    yield LoanStory(
        borrower=FIRST_FLEXIBLE,
        begins=_begins_for_two_weeks(_ago(today, -4), 5),
        amount=1_200_00,
        term=6,
        subject=SUBJECTS[8],
        pays=Pays.SOME_EARLY,
        is_flexible=True,
    )
    begins = _begins_for_two_weeks(_ago(today, -8), 3)
    yield LoanStory(FIRST_FLEXIBLE + 1, begins, 900_00, 6, SUBJECTS[2], is_flexible=True)
    yield LoanStory(
        borrower=FIRST_FLEXIBLE + 2,
        begins=_begins_for_two_weeks(stopped, 4),
        amount=1_000_00,
        term=6,
        subject=SUBJECTS[3],
        pays=Pays.STOPS,
        unpaid_from=stopped,
        resumes_on=_ago(today, -6),
        is_flexible=True,
    )


def _open_applications(today: dt.date) -> Iterator[LoanStory]:
    """One in each state before the pay-out; some days after the opening, what visitors left where it was goes on."""

    def waits(
        borrower: int,
        days_ago: int,
        amount: int,
        term: int,
        subject: int,
        state: LoanStatus,
        *,
        days: int,
        share: int = 100,
    ) -> LoanStory:
        begins, until = _ago(today, days_ago), _ago(today, -days)
        return LoanStory(
            borrower, begins, amount, term, SUBJECTS[subject], state, funded_share=share, stays_until=until
        )

    yield waits(6, 2, 1_200_00, 12, 1, LoanStatus.DRAFT, days=3)
    yield waits(7, 1, 2_000_00, 24, 3, LoanStatus.SUBMITTED, days=2)
    yield waits(8, 3, 1_500_00, 18, 9, LoanStatus.UNDER_REVIEW, days=3)
    yield waits(9, 4, 900_00, 9, 11, LoanStatus.INFO_REQUESTED, days=4)
    yield waits(10, 4, 2_500_00, 24, 6, LoanStatus.OFFERED, days=5)
    yield waits(11, 6, 3_000_00, 36, 10, LoanStatus.LISTED, days=9, share=40)
    yield waits(12, 9, 1_400_00, 12, 7, LoanStatus.LISTED, days=7, share=85)
    yield waits(14, 5, 2_200_00, 24, 2, LoanStatus.LISTED, days=12, share=15)
    # The time for funding ended yesterday; then there are three days to decide.
    yield waits(13, LISTING_DAYS + DAYS_TO_LISTING + 1, 1_600_00, 18, 0, LoanStatus.PARTIAL_OFFER, days=1, share=75)
    yield waits(15, 8, 1_000_00, 12, 2, LoanStatus.FUNDED, days=3)


def _ended_without_a_loan(today: dt.date) -> Iterator[LoanStory]:
    yield LoanStory(6, _ago(today, 150), 1_500_00, 12, SUBJECTS[9], LoanStatus.REJECTED)
    # Most of a year's income to be paid back within a year: the machine says no.
    yield LoanStory(9, _ago(today, 60), 18_000_00, 12, SUBJECTS[5], LoanStatus.REJECTED)
    yield LoanStory(7, _ago(today, 120), 1_000_00, 12, SUBJECTS[4], LoanStatus.WITHDRAWN, 40)
    yield LoanStory(8, _ago(today, 90), 1_300_00, 12, SUBJECTS[7], LoanStatus.OFFER_EXPIRED)
    yield LoanStory(10, _ago(today, 75), 2_600_00, 36, SUBJECTS[8], LoanStatus.EXPIRED, 30)
    yield LoanStory(12, _ago(today, 50), 1_100_00, 12, SUBJECTS[3], LoanStatus.CANCELLED, 25)


def _drawn_stories(loans: int, first_day: dt.date, opens_on: dt.date, seed: int) -> Iterator[LoanStory]:
    """The others, in the order in which they begin, without end."""
    newcomers = itertools.count(FIXED_BORROWERS)
    drawn: list[LoanStory] = []
    for number, begins in enumerate(_days_of_applications(loans, first_day, opens_on)):
        lot = random.Random(f"{seed}:{number}")  # noqa: S311 - a seeded draw, not a secret
        earlier = drawn[number - RETURNS_AFTER] if number >= RETURNS_AFTER else None
        returns = number % RETURNS_EVERY == RETURNS_EVERY - 1 and earlier is not None and not earlier.fails_on(begins)
        is_recent = begins >= opens_on + dt.timedelta(days=FIRST_RECENT)
        fills_in = lot.randint(*(RECENT_FILLS_IN if is_recent else EARLY_FILLS_IN))
        fails = number >= FIRST_TO_FAIL and number % FAILS_EVERY == FIRST_TO_FAIL % FAILS_EVERY
        stopped = begins + dt.timedelta(days=DAYS_TO_LISTING + fills_in + DAYS_TO_SIGN + lot.randint(95, 160))
        borrower = earlier.borrower if returns and earlier is not None else next(newcomers)
        hundreds = FAILING if fails else CAREFUL if borrower % 5 == WITH_SMALL_INCOME else MOST_ASK
        story = LoanStory(
            borrower=borrower,
            begins=begins,
            amount=lot.randrange(*hundreds) * 100_00,
            term=TERMS[number % len(TERMS)],
            subject=SUBJECTS[number % len(SUBJECTS)],
            stops_at=LoanStatus.WRITTEN_OFF if fails else LoanStatus.ACTIVE,
            pays=Pays.STOPS if fails else lot.choices(tuple(HABITS), weights=tuple(HABITS.values()))[0],
            unpaid_from=stopped if fails else None,
            fills_in=fills_in,
        )
        drawn.append(story)
        yield story


def _days_of_applications(loans: int, first_day: dt.date, opens_on: dt.date) -> Iterator[dt.date]:
    """`loans` days that come closer to each other as the platform becomes known, then every other day."""
    first = (first_day - opens_on).days + 4
    for number in range(loans):
        way = (FIRST_RECENT - APPLIES_EVERY - first) * number * (3 * loans - number) // (2 * loans * loans)
        yield opens_on + dt.timedelta(days=first + way)
    # The states of the last days before the opening are those of the fixed stories.
    pause = range(LAST_RECENT + 1, 1)
    days = (day for day in itertools.count(FIRST_RECENT, APPLIES_EVERY) if day not in pause)
    yield from (opens_on + dt.timedelta(days=day) for day in days)
