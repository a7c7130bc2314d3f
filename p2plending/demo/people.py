"""Who lives in the demo world: registered, confirmed and checked as everybody else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from enum import IntEnum
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from faker import Faker
from PIL import Image, ImageDraw

from accounts.enums.people import DocumentKind, DocumentReason, IdDocumentType, Role, StaffGroup, VerificationStatus
from accounts.models import TermsAcceptance, User
from accounts.selectors.people import current_documents, verification_of
from accounts.services.identity.submission import (
    add_document,
    approve_identity,
    ask_again,
    claim_identity,
    save_identity_details,
    submit_identity,
)
from accounts.services.people.registration import register_user
from accounts.values.passwords import hashed_password
from p2plending.demo.logins import ALICE, BOB, DEMO_DOMAIN, DORA, FAY, FINN, NEWCOMER, PASSWORD
from p2plending.demo.stories import FIRST_FLEXIBLE
from p2plending.lib.errors import required

COUNTRY = "IE"
REGIONS = ("Dublin", "Cork", "Galway", "Limerick", "Waterford", "Kilkenny", "Donegal", "Kerry")
OCCUPATIONS = ("Nurse", "Teacher", "Electrician", "Cook", "Engineer", "Driver", "Carpenter", "Librarian", "Gardener")
STAFF_GROUPS = {
    DORA: (StaffGroup.SUPPORT, StaffGroup.IDENTITY, StaffGroup.UNDERWRITER, StaffGroup.FINANCE),
    FINN: (StaffGroup.FINANCE, StaffGroup.COLLECTIONS, StaffGroup.COMPLIANCE),
}
# Of a range for documentation, so that no visitor ever comes from there.
EXAMPLE_ADDRESS = "192.0.2.10"
CARD_SIZE = (480, 300)


@dataclasses.dataclass(frozen=True, slots=True)
class Finances:
    """What a borrower earns and spends a month (minor units), and what else the scorecard looks at."""

    income: int
    expenses: int
    debt_service: int
    employment: str
    employment_months: int
    is_homeowner: bool
    proofs: tuple[DocumentKind, ...] = ()


BOTH_PROOFS = (DocumentKind.PROOF_OF_INCOME, DocumentKind.PROOF_OF_ADDRESS)
# From the safest to the weakest.
FINANCES = (
    Finances(5_200_00, 2_100_00, 0, "employed", 130, True, BOTH_PROOFS),
    Finances(3_600_00, 2_200_00, 460_00, "employed", 40, True, (DocumentKind.PROOF_OF_INCOME,)),
    Finances(3_100_00, 1_900_00, 520_00, "employed", 20, False),
    Finances(2_600_00, 1_450_00, 700_00, "self_employed", 26, False),
    Finances(2_300_00, 1_350_00, 680_00, "self_employed", 9, False),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Borrower:
    user: User
    finances: Finances
    region: str


class Kind(IntEnum):
    """What somebody comes for; it is part of the number in the e-mail address."""

    BORROWER = 0
    LENDER = 1
    AT_THE_DOOR = 2


# Who can be signed in as; the others have drawn names.
NAMED = {
    (Kind.BORROWER, 0): (ALICE, "Alice Adams"),
    (Kind.BORROWER, FIRST_FLEXIBLE): (FAY, "Fay Flynn"),
    (Kind.LENDER, 0): (BOB, "Bob Baker"),
}


class People:
    """Everybody whose demo is played. Each person is made once, on the day on which they first do something.

    Somebody who is there already is found by the e-mail address, which follows from the seed. Nobody who registered
    by themselves is among them.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.password_hash = hashed_password(PASSWORD)
        # Two officers, because large sums need two.
        self.officer, self.second_officer = self._staff(DORA, "Dora Dean"), self._staff(FINN, "Finn Ford")
        self.lenders: tuple[User, ...] = ()
        self._borrowers: dict[int, Borrower] = {}

    def borrower(self, number: int, day: dt.date) -> Borrower:
        """The borrower of this number, registered and checked on `day` unless that happened before."""
        if number not in self._borrowers:
            finances = FINANCES[number % len(FINANCES)] if number else FINANCES[1]
            user = self._checked(Kind.BORROWER, number, Role.BORROWER, day, finances.proofs)
            self._borrowers[number] = Borrower(user, finances, REGIONS[number % len(REGIONS)])
        return self._borrowers[number]

    def find_borrower(self, number: int) -> User | None:
        """The borrower of this number, None before they register."""
        return User.objects.filter(email=self.identity(Kind.BORROWER, number)[0]).first()

    def welcome_lenders(self, number: int, day: dt.date) -> list[User]:
        """Let there be `number` lenders, the first is Bob; returns those who are new, registered and checked."""
        known = len(self.lenders)
        added = [self._checked(Kind.LENDER, one, Role.LENDER, day) for one in range(known, number)]
        self.lenders += tuple(added)
        return added

    def somebody_at_the_door(self, number: int, role: Role, day: dt.date) -> User:
        """Somebody who hands in an identity check that nobody has looked at yet."""
        email, name = self.identity(Kind.AT_THE_DOOR, number)
        user = self._registered(email, name, role)
        self._hand_in(user, day, f"{Kind.AT_THE_DOOR}:{number}")
        return user

    def newcomer(self) -> None:
        """Nina, who has registered and done nothing yet: visitors go on for her."""
        self._registered(NEWCOMER, "Nina Newman", Role.LENDER)

    def check_identity(self, user: User) -> None:
        """Staff look at what was handed in and accept it."""
        verification = verification_of(user)
        if verification.status == VerificationStatus.SUBMITTED:
            claim_identity(verification_id=verification.pk, actor=self.officer)
        if verification_of(user).status == VerificationStatus.IN_REVIEW:
            approve_identity(verification_id=verification.pk, actor=self.officer)

    def ask_for_a_sharper_picture(self, user: User) -> None:
        """Staff look at what was handed in and can't read it."""
        verification = verification_of(user)
        if verification.status == VerificationStatus.SUBMITTED:
            claim_identity(verification_id=verification.pk, actor=self.officer)
            reasons = {document.reference: DocumentReason.BLURRED for document in current_documents(verification)}
            ask_again(verification_id=verification.pk, reasons=reasons, actor=self.officer)

    def identity(self, kind: Kind, number: int) -> tuple[str, str]:
        """Address and name of somebody: those of the demo's logins, else drawn, with a number that nobody shares."""
        named = NAMED.get((kind, number))
        if named is not None:
            return named
        faker = self._faker(f"{kind}:{number}")
        first, last = faker.first_name(), faker.last_name()
        label = f"{first}.{last}".lower().replace("'", "").replace(" ", "")
        return f"{label}{number * len(Kind) + kind}@{DEMO_DOMAIN}", f"{first} {last}"

    def everybody(self) -> QuerySet[User]:
        """All who were made for the demo, without staff. Addresses of the same domain that visitors registered are not
        theirs, and Nina is left to visitors."""
        agreed = TermsAcceptance.objects.filter(ip_address=EXAMPLE_ADDRESS).values("user")
        return User.objects.filter(pk__in=agreed, email__endswith=f"@{DEMO_DOMAIN}").exclude(email=NEWCOMER)

    def _faker(self, who: str) -> Faker:
        faker = Faker("en_IE")
        faker.seed_instance(f"{self.seed}:{who}")
        return faker

    def _staff(self, email: str, name: str) -> User:
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, PASSWORD, role=Role.STAFF, is_staff=True, full_name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            user.groups.set(Group.objects.filter(name__in=STAFF_GROUPS[email]))
        return user

    def _checked(
        self, kind: Kind, number: int, role: Role, day: dt.date, proofs: tuple[DocumentKind, ...] = ()
    ) -> User:
        email, name = self.identity(kind, number)
        user = self._registered(email, name, role)
        self._hand_in(user, day, f"{kind}:{number}", proofs)
        self.check_identity(user)
        return user

    def _registered(self, email: str, name: str, role: Role) -> User:
        user = User.objects.filter(email=email).first()
        if user is None:
            registration = register_user(
                email=email,
                password=PASSWORD,
                password_hash=self.password_hash,
                role=role,
                full_name=name,
                ip_address=EXAMPLE_ADDRESS,
            )
            user = required(registration.user, "user")
            if email != NEWCOMER:
                EmailAddress.objects.get(user=user, primary=True).set_verified()
        return user

    def _hand_in(self, user: User, day: dt.date, who: str, proofs: tuple[DocumentKind, ...] = ()) -> None:
        """Details and documents sent for the check, unless that happened before."""
        if verification_of(user).status not in (VerificationStatus.NOT_STARTED, VerificationStatus.DRAFT):
            return
        save_identity_details(user=user, details=self._details(user, day, who), actor=user)
        for kind in (DocumentKind.ID_FRONT, *proofs):
            add_document(user=user, kind=kind, upload=specimen(kind, user.full_name), actor=user)
        submit_identity(user=user, actor=user, today=day)

    def _details(self, user: User, day: dt.date, who: str) -> dict[str, Any]:
        faker = self._faker(f"details:{who}")
        return {
            "legal_name": user.full_name,
            "date_of_birth": day - dt.timedelta(days=faker.random_int(25 * 366, 60 * 366)),
            "address": faker.street_address(),
            "postcode": f"D{faker.random_int(1, 24):02d} {faker.bothify('??##').upper()}",
            "city": faker.random_element(REGIONS),
            "country": COUNTRY,
            "nationality": COUNTRY,
            "phone": f"+353 1 555 {faker.random_int(1000, 9999)}",
            "occupation": faker.random_element(OCCUPATIONS),
            "source_of_funds": "Salary",
            "tax_residence": COUNTRY,
            "is_politically_exposed": False,
            "id_type": IdDocumentType.PASSPORT.value,
            "id_number": f"P{faker.random_int(10**7, 10**8 - 1)}",
            "id_expires_on": day + dt.timedelta(days=faker.random_int(1500, 3000)),
        }


def specimen(kind: DocumentKind, name: str) -> SimpleUploadedFile:
    """A picture that says what it is: no real document looks like this."""
    card = Image.new("RGB", CARD_SIZE, "#dfe9e4")
    pen = ImageDraw.Draw(card)
    pen.rectangle((20, 20, CARD_SIZE[0] - 20, CARD_SIZE[1] - 20), outline="#35564a", width=3)
    for line, text in enumerate(("SPECIMEN", str(kind.label), name, "Made for a demonstration")):
        pen.text((48, 60 + 48 * line), text, fill="#1d2b26")
    output = io.BytesIO()
    card.save(output, "PNG")
    return SimpleUploadedFile(f"{kind.value}.png", output.getvalue())
