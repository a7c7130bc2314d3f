"""What happens to each loan of the demo: written before anything is played, so that a seed gives the same world."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator
from enum import Enum, auto

from loans.enums import LoanStatus
from loans.finance.daycount import add_months

# From the application to the payout, when nothing stops it.
DAYS_TO_PAYOUT = 7
DAYS_BETWEEN_APPLICATIONS = 20
MOST_RUNNING = 2
TERMS = (6, 6, 9, 12, 12, 18, 24, 36)
DRAWS = 60
# Alice, everybody whose loan stands in a state of its own, those who do not pay, and those of flexible loans.
FEWEST_BORROWERS = 23
FIRST_IN_TROUBLE = 16
FIRST_FLEXIBLE = 20
FEWEST_LENDERS = 12
FEWEST_MONTHS = 7


class Pays(Enum):
    """How a borrower keeps to the plan."""

    ON_TIME = auto()
    LATE_ONCE = auto()
    IN_TWO_PARTS = auto()
    ALL_EARLY = auto()
    SOMETHING_EXTRA = auto()
    BOUNCES_ONCE = auto()
    STOPS = auto()
    ASKS_FOR_HELP = auto()
    GETS_NEW_PLAN = auto()
    SOME_EARLY = auto()


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
    """One loan. `stops_at` is the state in which it stays; ACTIVE goes on, by `pays`, to REPAID where the time is
    enough. `funded_share` (percent) is what lenders bring together. Payments due from `unpaid_from` on stay unpaid,
    unless there is a new plan. `is_flexible` loans are of the product whose plan follows the money."""

    borrower: int
    begins: dt.date
    amount: int
    term: int
    subject: Subject
    stops_at: LoanStatus = LoanStatus.ACTIVE
    funded_share: int = 100
    pays: Pays = Pays.ON_TIME
    unpaid_from: dt.date | None = None
    is_flexible: bool = False

    @property
    def fails(self) -> bool:
        """Whether it goes into default, and perhaps further."""
        return self.stops_at in (LoanStatus.DEFAULTED, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)

    @property
    def ends(self) -> dt.date:
        """The last day on which it may still count as an open application or a running loan."""
        if self.stops_at == LoanStatus.ACTIVE or self.fails:
            return add_months(self.begins + dt.timedelta(days=DAYS_TO_PAYOUT), self.term)
        return self.begins + dt.timedelta(days=DAYS_BETWEEN_APPLICATIONS)


def write_stories(*, borrowers: int, loans: int, months: int, today: dt.date, seed: int) -> list[LoanStory]:
    """The fixed stories, one for each state, then drawn ones until there are `loans`."""
    lot = random.Random(seed)  # noqa: S311 - a seeded draw, not a secret
    stories = list(_fixed_stories(today, months))
    first_day = add_months(today, -months)
    while len(stories) < loans:
        drawn = _draw(lot, stories, borrowers, first_day, today)
        if drawn is None:
            break
        stories.append(drawn)
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


def _late(today: dt.date) -> Iterator[LoanStory]:
    """One loan in each bucket of lateness before default; one of them waits for our answer."""
    for borrower, (days_late, paid) in enumerate(((8, 3), (22, 2), (45, 2), (75, 1)), start=1):
        stopped = _ago(today, days_late)
        yield LoanStory(
            borrower=borrower,
            begins=_begins_for_payment_on(stopped, paid),
            amount=1_500_00 + 200_00 * borrower,
            term=18,
            subject=SUBJECTS[borrower],
            pays=Pays.ASKS_FOR_HELP if borrower == 2 else Pays.STOPS,
            unpaid_from=stopped,
        )


def _failing(today: dt.date) -> Iterator[LoanStory]:
    """Loans that somebody had to do something about: three in default, and one with a new plan."""
    ends = (LoanStatus.DEFAULTED, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)
    for borrower, (end, days_ago) in enumerate(zip(ends, (110, 125, 130), strict=True), start=FIRST_IN_TROUBLE):
        stopped = _ago(today, days_ago)
        begins = _begins_for_payment_on(stopped, 1)
        yield LoanStory(
            borrower, begins, 1_200_00, 12, SUBJECTS[borrower - 10], end, pays=Pays.STOPS, unpaid_from=stopped
        )
    stopped = _ago(today, 95)
    begins = _begins_for_payment_on(stopped, 2)
    yield LoanStory(19, begins, 1_400_00, 12, SUBJECTS[11], pays=Pays.GETS_NEW_PLAN, unpaid_from=stopped)


def _running(today: dt.date) -> Iterator[LoanStory]:
    yield LoanStory(5, _ago(today, 160), 1_800_00, 12, SUBJECTS[5], pays=Pays.IN_TWO_PARTS)
    yield LoanStory(5, _ago(today, 100), 1_000_00, 9, SUBJECTS[11], pays=Pays.LATE_ONCE)
    yield LoanStory(15, _ago(today, 190), 2_400_00, 24, SUBJECTS[6], pays=Pays.SOMETHING_EXTRA)
    # Lenders brought four fifths together, and the borrower took that.
    yield LoanStory(13, _ago(today, 90), 2_000_00, 12, SUBJECTS[8], funded_share=80, pays=Pays.BOUNCES_ONCE)


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
        begins=_begins_for_two_weeks(stopped, 2),
        amount=1_000_00,
        term=6,
        subject=SUBJECTS[3],
        pays=Pays.STOPS,
        unpaid_from=stopped,
        is_flexible=True,
    )


def _open_applications(today: dt.date) -> Iterator[LoanStory]:
    yield LoanStory(6, _ago(today, 2), 1_200_00, 12, SUBJECTS[1], LoanStatus.DRAFT)
    yield LoanStory(7, _ago(today, 1), 2_000_00, 24, SUBJECTS[3], LoanStatus.SUBMITTED)
    yield LoanStory(8, _ago(today, 3), 1_500_00, 18, SUBJECTS[9], LoanStatus.UNDER_REVIEW)
    yield LoanStory(9, _ago(today, 4), 900_00, 9, SUBJECTS[11], LoanStatus.INFO_REQUESTED)
    yield LoanStory(10, _ago(today, 4), 2_500_00, 24, SUBJECTS[6], LoanStatus.OFFERED)
    yield LoanStory(11, _ago(today, 6), 3_000_00, 36, SUBJECTS[10], LoanStatus.LISTED, 40)
    yield LoanStory(12, _ago(today, 9), 1_400_00, 12, SUBJECTS[7], LoanStatus.LISTED, 85)
    yield LoanStory(14, _ago(today, 5), 2_200_00, 24, SUBJECTS[2], LoanStatus.LISTED, 15)
    # Open for 14 days from the third day on; then three days to decide.
    yield LoanStory(13, _ago(today, 19), 1_600_00, 18, SUBJECTS[0], LoanStatus.PARTIAL_OFFER, 75)
    yield LoanStory(15, _ago(today, 8), 1_000_00, 12, SUBJECTS[2], LoanStatus.FUNDED)


def _ended_without_a_loan(today: dt.date) -> Iterator[LoanStory]:
    yield LoanStory(6, _ago(today, 150), 1_500_00, 12, SUBJECTS[9], LoanStatus.REJECTED)
    # Most of a year's income to be paid back within a year: the machine says no.
    yield LoanStory(9, _ago(today, 60), 18_000_00, 12, SUBJECTS[5], LoanStatus.REJECTED)
    yield LoanStory(7, _ago(today, 120), 1_000_00, 12, SUBJECTS[4], LoanStatus.WITHDRAWN, 40)
    yield LoanStory(8, _ago(today, 90), 1_300_00, 12, SUBJECTS[7], LoanStatus.OFFER_EXPIRED)
    yield LoanStory(10, _ago(today, 75), 2_600_00, 36, SUBJECTS[8], LoanStatus.EXPIRED, 30)
    yield LoanStory(12, _ago(today, 50), 1_100_00, 12, SUBJECTS[3], LoanStatus.CANCELLED, 25)


def _draw(
    lot: random.Random, stories: list[LoanStory], borrowers: int, first_day: dt.date, today: dt.date
) -> LoanStory | None:
    """One more loan that was paid out, of a borrower with room for it; None when the lot finds none."""
    last_day = today - dt.timedelta(days=DAYS_BETWEEN_APPLICATIONS + DAYS_TO_PAYOUT)
    for _attempt in range(DRAWS):
        # Those who do not pay (1 to 4, 16 to 19) get nothing new; Alice and those of flexible loans keep to theirs.
        borrower = lot.choice([*range(5, FIRST_IN_TROUBLE), *range(FEWEST_BORROWERS, borrowers)])
        begins = first_day + dt.timedelta(days=lot.randrange((last_day - first_day).days))
        story = LoanStory(
            borrower=borrower,
            begins=begins,
            amount=lot.randrange(6, 26) * 100_00,
            term=lot.choice(TERMS),
            subject=lot.choice(SUBJECTS),
            pays=lot.choice((Pays.ON_TIME, Pays.ON_TIME, Pays.ON_TIME, Pays.ALL_EARLY, Pays.SOMETHING_EXTRA)),
        )
        if _has_room(story, [other for other in stories if other.borrower == borrower]):
            return story
    return None


def _has_room(story: LoanStory, others: list[LoanStory]) -> bool:
    if any(story.subject == other.subject for other in others):
        return False
    apart = dt.timedelta(days=DAYS_BETWEEN_APPLICATIONS)
    if any(abs(story.begins - other.begins) < apart for other in others):
        return False
    at_the_same_time = [other for other in others if other.begins <= story.ends and story.begins <= other.ends]
    return len(at_the_same_time) < MOST_RUNNING
