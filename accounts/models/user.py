"""The person who signs in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.values.addresses import normalise_email
from accounts.values.passwords import normal_password
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.models import KeyEmailField


def new_member_number() -> str:
    """The pseudonym that others see."""
    return new_reference("M")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=normalise_email(email), **{"date_joined": clock.now()} | fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields = {"role": Role.STAFF, "is_staff": True, "is_superuser": True} | fields
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """One person, one role. Staff can never register themselves; `adminpanel` gives them groups."""

    email = KeyEmailField(_("e-mail address"), max_length=254, unique=True)
    role = models.CharField(_("role"), max_length=10, choices=Role)
    full_name = models.CharField(_("name"), max_length=150, blank=True)
    member_number = models.CharField(
        _("member number"), max_length=16, unique=True, default=new_member_number, editable=False
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may open the staff pages"), default=False)
    is_suspended = models.BooleanField(
        _("suspended"), default=False, help_text=_("May sign in and pay back, but not lend, borrow or take money out.")
    )
    suspended_reason = models.CharField(_("reason for the suspension"), max_length=200, blank=True)
    first_page = models.CharField(
        _("where they were going when they registered"), max_length=300, blank=True, default="", db_default=""
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("-date_joined",)
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(
                condition=models.Q(is_staff=False) | models.Q(role=Role.STAFF), name="user_staff_has_staff_role"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Suspended staff keep their groups and lose every right, superusers too."""
        return not self.is_suspended and super().has_perm(perm, obj)

    def clean(self) -> None:
        super().clean()
        self.email = normalise_email(self.email)

    def set_password(self, raw_password: str | None) -> None:
        """Every door that sets a password ends here, so that each keeps the same spelling of it."""
        super().set_password(normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Compares the one spelling that is stored; passwords of before that rule were stored as they were typed."""
        normal = normal_password(raw_password)
        return super().check_password(normal) or (normal != raw_password and super().check_password(raw_password))

    @property
    def is_of_the_desk(self) -> bool:
        """Whether the account can open staff pages, or could if somebody gave it a group."""
        return self.role == Role.STAFF or self.is_staff or self.is_superuser

    @property
    def is_borrower(self) -> bool:
        return self.role == Role.BORROWER

    @property
    def is_lender(self) -> bool:
        return self.role == Role.LENDER

    @property
    def short_name(self) -> str:
        """How we greet: the first word of the name, else the part of the e-mail address before the @."""
        return self.full_name.split(" ")[0] if self.full_name else self.email.split("@")[0]

    @property
    def initials(self) -> str:
        words = self.full_name.split() or [self.email]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class TermsAcceptance(models.Model):
    """Which text, in which version, a person agreed to, and when."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="terms_acceptances")
    document = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    accepted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("accepted terms")
        verbose_name_plural = _("accepted terms")
        constraints = [models.UniqueConstraint(fields=["user", "document", "version"], name="terms_once_per_version")]

    def __str__(self) -> str:
        return f"{self.document} {self.version}"
