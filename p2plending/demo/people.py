"""Who lives in the demo world: registered, confirmed and checked as everybody else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import random
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from faker import Faker
from PIL import Image, ImageDraw

from accounts.enums import DocumentKind, DocumentReason, IdDocumentType, Role, StaffGroup, VerificationStatus
from accounts.models import User
from accounts.selectors import current_documents, verification_of
from accounts.services.identity import (
    add_document,
    approve_identity,
    ask_again,
    claim_identity,
    save_identity_details,
    submit_identity,
)
from accounts.services.registration import register_user
from p2plending.demo.logins import ALICE, BOB, DEMO_DOMAIN, DORA, FAY, FINN, NEWCOMER, PASSWORD
from p2plending.demo.stories import FIRST_FLEXIBLE

COUNTRY = "IE"
REGIONS = ("Dublin", "Cork", "Galway", "Limerick", "Waterford", "Kilkenny", "Donegal", "Kerry")
OCCUPATIONS = ("Nurse", "Teacher", "Electrician", "Cook", "Engineer", "Driver", "Carpenter", "Librarian", "Gardener")
STAFF_GROUPS = {
    DORA: (StaffGroup.SUPPORT, StaffGroup.IDENTITY, StaffGroup.UNDERWRITER, StaffGroup.FINANCE),
    FINN: (StaffGroup.FINANCE, StaffGroup.COLLECTIONS, StaffGroup.COMPLIANCE),
}
# Borrowers who can be signed in as; the others have drawn names.
NAMED = {0: (ALICE, "Alice Adams"), FIRST_FLEXIBLE: (FAY, "Fay Flynn")}
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


@dataclasses.dataclass(frozen=True, slots=True)
class People:
    """Everybody whose demo is played; `officer` and `second_officer` are two because large sums need two."""

    officer: User
    second_officer: User
    borrowers: tuple[Borrower, ...]
    lenders: tuple[User, ...]


class Registrar:
    """Makes each person once: somebody who is there already is found by the e-mail address."""

    def __init__(self, *, seed: int, since: dt.date, tick: Callable[[], None]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seeded draw, not a secret
        self.faker = Faker("en_IE")
        self.faker.seed_instance(seed)
        self.since = since
        self.tick = tick
        self.emails: set[str] = set()
        self.password_hash = make_password(PASSWORD)

    def people(self, borrowers: int, lenders: int) -> People:
        """Staff first, because they check everybody else."""
        officer, second_officer = self.staff(DORA, "Dora Dean"), self.staff(FINN, "Finn Ford")
        return People(
            officer=officer,
            second_officer=second_officer,
            borrowers=tuple(self.borrower(number, officer) for number in range(borrowers)),
            lenders=tuple(self.lender(number, officer) for number in range(lenders)),
        )

    def staff(self, email: str, name: str) -> User:
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, PASSWORD, role=Role.STAFF, is_staff=True, full_name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        user.groups.set(Group.objects.filter(name__in=STAFF_GROUPS[email]))
        return user

    def borrower(self, number: int, officer: User) -> Borrower:
        finances = FINANCES[number % len(FINANCES)] if number else FINANCES[1]
        email, name = NAMED.get(number) or self.identity()
        user = self.registered(email, name, Role.BORROWER)
        self.checked(user, officer, finances.proofs)
        self.tick()
        return Borrower(user, finances, REGIONS[number % len(REGIONS)])

    def lender(self, number: int, officer: User) -> User:
        email, name = (BOB, "Bob Baker") if number == 0 else self.identity()
        user = self.registered(email, name, Role.LENDER)
        self.checked(user, officer)
        self.tick()
        return user

    def waiting(self, officer: User) -> None:
        """People at the door: one who did nothing yet, two for the identity queue, one with a blurred picture."""
        self.registered(NEWCOMER, "Nina Newman", Role.LENDER)
        for _number in range(2):
            email, name = self.identity()
            self.handed_in(self.registered(email, name, Role.BORROWER))
        email, name = self.identity()
        blurred = self.registered(email, name, Role.LENDER)
        self.handed_in(blurred)
        verification = verification_of(blurred)
        if verification.status == VerificationStatus.SUBMITTED:
            claim_identity(verification_id=verification.pk, actor=officer)
            reasons = {document.reference: DocumentReason.BLURRED for document in current_documents(verification)}
            ask_again(verification_id=verification.pk, reasons=reasons, actor=officer)

    def identity(self) -> tuple[str, str]:
        """A name and an address that nobody else has."""
        first, last = self.faker.first_name(), self.faker.last_name()
        label = f"{first}.{last}".lower().replace("'", "").replace(" ", "")
        number = 1
        email = f"{label}@{DEMO_DOMAIN}"
        while email in self.emails:
            number += 1
            email = f"{label}{number}@{DEMO_DOMAIN}"
        self.emails.add(email)
        return email, f"{first} {last}"

    def registered(self, email: str, name: str, role: Role) -> User:
        user = User.objects.filter(email=email).first()
        if user is None:
            registration = register_user(
                email=email,
                password=PASSWORD,
                password_hash=self.password_hash,
                role=role,
                full_name=name,
                ip_address="192.0.2.10",
            )
            user = registration.user
        if email != NEWCOMER:
            EmailAddress.objects.get(user=user, primary=True).set_verified()
        return user

    def handed_in(self, user: User, proofs: tuple[DocumentKind, ...] = ()) -> None:
        """Details and documents sent for the check, unless that happened before."""
        details = self.details(user)
        if verification_of(user).status not in (VerificationStatus.NOT_STARTED, VerificationStatus.DRAFT):
            return
        save_identity_details(user=user, details=details, actor=user)
        for kind in (DocumentKind.ID_FRONT, *proofs):
            add_document(user=user, kind=kind, upload=specimen(kind, user.full_name), actor=user)
        submit_identity(user=user, actor=user, today=self.since)

    def checked(self, user: User, officer: User, proofs: tuple[DocumentKind, ...] = ()) -> None:
        self.handed_in(user, proofs)
        verification = verification_of(user)
        if verification.status == VerificationStatus.SUBMITTED:
            claim_identity(verification_id=verification.pk, actor=officer)
        if verification_of(user).status == VerificationStatus.IN_REVIEW:
            approve_identity(verification_id=verification.pk, actor=officer)

    def details(self, user: User) -> dict[str, Any]:
        return {
            "legal_name": user.full_name,
            "date_of_birth": self.since - dt.timedelta(days=self.random.randint(25 * 366, 60 * 366)),
            "address": self.faker.street_address(),
            "postcode": f"D{self.random.randint(1, 24):02d} {self.faker.bothify('??##').upper()}",
            "city": self.random.choice(REGIONS),
            "country": COUNTRY,
            "nationality": COUNTRY,
            "phone": f"+353 1 555 {self.random.randint(1000, 9999)}",
            "occupation": self.random.choice(OCCUPATIONS),
            "source_of_funds": "Salary",
            "tax_residence": COUNTRY,
            "is_politically_exposed": False,
            "id_type": IdDocumentType.PASSPORT.value,
            "id_number": f"P{self.random.randint(10**7, 10**8 - 1)}",
            "id_expires_on": self.since + dt.timedelta(days=self.random.randint(1500, 3000)),
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
