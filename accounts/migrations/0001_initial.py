"""People, identity checks, notifications, requests for a second person, and what keeps sign-in safe."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.fields
import accounts.models.user
import p2plending.lib.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitCount",
            fields=[
                ("key", p2plending.lib.models.KeyTextField(max_length=250, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "count of a limit",
                "verbose_name_plural": "counts of limits",
            },
        ),
        migrations.CreateModel(
            name="RefreshedToken",
            fields=[
                ("jti", p2plending.lib.models.KeyTextField(max_length=64, primary_key=True, serialize=False)),
                ("family", p2plending.lib.models.KeyTextField(db_index=True, max_length=64)),
                ("next_jti", p2plending.lib.models.KeyTextField(max_length=64)),
                ("answer", accounts.fields.EncryptedTextField(blank=True, null=True)),
                ("refreshed_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "refreshed token",
                "verbose_name_plural": "refreshed tokens",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "email",
                    p2plending.lib.models.KeyEmailField(max_length=254, unique=True, verbose_name="e-mail address"),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("borrower", "Borrower"), ("lender", "Lender"), ("staff", "Staff")],
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("full_name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                (
                    "member_number",
                    models.CharField(
                        default=accounts.models.user.new_member_number,
                        editable=False,
                        max_length=16,
                        unique=True,
                        verbose_name="member number",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                ("is_staff", models.BooleanField(default=False, verbose_name="may open the staff pages")),
                (
                    "is_suspended",
                    models.BooleanField(
                        default=False,
                        help_text="May sign in and pay back, but not lend, borrow or take money out.",
                        verbose_name="suspended",
                    ),
                ),
                (
                    "suspended_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="reason for the suspension"),
                ),
                (
                    "first_page",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=300,
                        verbose_name="where they were going when they registered",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="joined"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "ordering": ("-date_joined",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="user_email_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["borrower", "lender", "staff"])), name="user_role_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_staff", False), ("role", "staff"), _connector="OR"),
                        name="user_staff_has_staff_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("write_off", "Write a loan off"),
                            ("settlement", "Settle a loan for less"),
                            ("reversal", "Undo a payment that came back"),
                            ("recovery", "Undo a recovery that came back"),
                            ("payment", "Confirm a large payment"),
                            ("receipt", "Record a large recovery"),
                            ("deposit", "Confirm a large deposit"),
                            ("withdrawal", "Send a large withdrawal"),
                            ("groups", "Change the groups of a member of staff"),
                            ("staff", "Make a staff account"),
                            ("settings", "Change settings"),
                            ("product", "Add or change a loan product"),
                            ("clearing", "Clear a suspicion about an identity"),
                            ("confirming", "Confirm a suspicion about an identity"),
                            ("release", "End the suspension of a person"),
                        ],
                        max_length=16,
                        verbose_name="what",
                    ),
                ),
                ("subject_type", models.CharField(max_length=40, verbose_name="about what")),
                ("subject_reference", models.CharField(max_length=40, verbose_name="its reference")),
                ("before", models.JSONField(default=dict, verbose_name="what stands")),
                ("payload", models.JSONField(verbose_name="what was asked for")),
                ("effect", p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="money that moves")),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for a second person"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("expired", "Not decided in time"),
                            ("replaced", "Asked again with other figures"),
                            ("withdrawn", "No longer asked for"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "open_key",
                    p2plending.lib.models.KeyTextField(
                        blank=True, editable=False, max_length=100, null=True, unique=True
                    ),
                ),
                ("decided_alone", models.BooleanField(default=False, verbose_name="decided by the same person")),
                ("asked_on", models.DateField(verbose_name="asked on")),
                ("expires_on", models.DateField(verbose_name="valid until")),
                ("decided_on", models.DateField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "checker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "approval request",
                "verbose_name_plural": "approval requests",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["state", "expires_on"], name="approval_request_queue"),
                    models.Index(fields=["subject_type", "subject_reference"], name="approval_request_subject"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("checker__isnull", True),
                            models.Q(("checker", models.F("maker")), _negated=True),
                            _connector="OR",
                        ),
                        name="approval_request_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("about__isnull", True),
                            models.Q(
                                models.Q(("about", models.F("maker")), _negated=True),
                                models.Q(
                                    ("checker__isnull", True),
                                    models.Q(("checker", models.F("about")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="approval_request_not_by_whom_it_is_about",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_on__isnull", True), ("open_key__isnull", False), ("state", "pending")),
                            models.Q(
                                models.Q(("state", "pending"), _negated=True),
                                ("decided_on__isnull", False),
                                ("open_key__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="approval_request_open_is_marked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "refused"]), _negated=True),
                            models.Q(("checker__isnull", False), ("decided_alone", False)),
                            models.Q(("checker__isnull", True), ("decided_alone", True)),
                            _connector="OR",
                        ),
                        name="approval_request_decided_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(db_index=True, max_length=80, verbose_name="what")),
                ("actor_label", models.CharField(max_length=100, verbose_name="who")),
                ("subject_type", models.CharField(max_length=40, verbose_name="kind of thing")),
                ("subject_reference", models.CharField(db_index=True, max_length=40, verbose_name="on")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("data", models.JSONField(default=dict, verbose_name="details")),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address")),
                ("request_id", models.CharField(blank=True, max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="when")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="audit_events_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit event",
                "verbose_name_plural": "audit trail",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="IdentityVerification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("not_started", "Not started"),
                            ("draft", "Draft"),
                            ("submitted", "Being checked"),
                            ("in_review", "Being checked"),
                            ("more_info", "We need a better document"),
                            ("approved", "Approved"),
                            ("rejected", "Not accepted"),
                            ("expired", "Expired"),
                            ("suspended", "Suspended"),
                        ],
                        default="not_started",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(blank=True, max_length=150, verbose_name="full name as on the document"),
                ),
                ("date_of_birth", models.DateField(blank=True, null=True, verbose_name="date of birth")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="street and number")),
                ("postcode", models.CharField(blank=True, max_length=20, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="town or city")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("nationality", models.CharField(blank=True, max_length=2, verbose_name="nationality")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="phone")),
                ("occupation", models.CharField(blank=True, max_length=100, verbose_name="occupation")),
                (
                    "source_of_funds",
                    models.CharField(blank=True, max_length=200, verbose_name="where the money comes from"),
                ),
                ("tax_residence", models.CharField(blank=True, max_length=2, verbose_name="country of tax residence")),
                (
                    "is_politically_exposed",
                    models.BooleanField(default=False, verbose_name="politically exposed person"),
                ),
                (
                    "id_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("passport", "Passport"),
                            ("id_card", "Identity card"),
                            ("driving_licence", "Driving licence"),
                            ("residence_permit", "Residence permit"),
                        ],
                        max_length=20,
                        verbose_name="kind of document",
                    ),
                ),
                ("id_number", accounts.fields.EncryptedTextField(blank=True, verbose_name="document number")),
                ("id_number_digest", models.CharField(blank=True, db_index=True, editable=False, max_length=100)),
                ("id_number_last4", models.CharField(blank=True, editable=False, max_length=4)),
                ("id_expires_on", models.DateField(blank=True, null=True, verbose_name="document valid until")),
                ("submission_count", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("submitted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("decided_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "decision_note",
                    models.CharField(blank=True, editable=False, max_length=500, verbose_name="note to the person"),
                ),
                ("is_final", models.BooleanField(default=False, editable=False, verbose_name="may not try again")),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verification",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "identity check",
                "verbose_name_plural": "identity checks",
                "indexes": [models.Index(fields=["status", "submitted_at"], name="verification_queue")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "not_started",
                                    "draft",
                                    "submitted",
                                    "in_review",
                                    "more_info",
                                    "approved",
                                    "rejected",
                                    "expired",
                                    "suspended",
                                ],
                            )
                        ),
                        name="verification_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["approved", "rejected"]), _negated=True),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="verification_decision_has_author",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ("submitted", "in_review")), _negated=True),
                            ("submitted_at__isnull", False),
                            _connector="OR",
                        ),
                        name="verification_waiting_was_submitted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("user")), _negated=True),
                            _connector="OR",
                        ),
                        name="verification_not_decided_by_self",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("id_front", "Identity document, front"),
                            ("id_back", "Identity document, back"),
                            ("proof_of_address", "Proof of address"),
                            ("proof_of_income", "Proof of income"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("stored_name", models.CharField(editable=False, max_length=80, unique=True)),
                ("content_type", models.CharField(editable=False, max_length=40)),
                ("size", models.PositiveIntegerField(editable=False)),
                ("sha256", models.CharField(db_index=True, editable=False, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("accepted", "Accepted"), ("refused", "Please send again")],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("BLURRED", "The picture is blurred. Take it in good light and hold the camera still."),
                            ("CROPPED", "A part is cut off. All four corners must be visible."),
                            ("EXPIRED", "The document has expired. Send one that is still valid."),
                            (
                                "NAME_MISMATCH",
                                "The name is not the one you gave us. Correct the name or send another document.",
                            ),
                            ("WRONG_DOC", "This is not the document that we asked for."),
                            ("BLACK_WHITE", "The picture is black and white. Send one in colour."),
                            ("UNSUPPORTED_COUNTRY", "We can't accept documents of this country yet."),
                            ("OTHER", "We could not accept this document. Write to us and a person will help."),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("is_current", models.BooleanField(default=True, editable=False)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "verification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="accounts.identityverification",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity document",
                "verbose_name_plural": "identity documents",
                "ordering": ("kind", "-uploaded_at"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "refused"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="document_refusal_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", p2plending.lib.models.KeyTextField(editable=False, max_length=120, unique=True)),
                ("event", models.CharField(db_index=True, max_length=60, verbose_name="event")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("body", models.TextField(verbose_name="text")),
                ("link", models.CharField(blank=True, max_length=200, verbose_name="link")),
                ("is_required", models.BooleanField(default=False, verbose_name="can't be switched off")),
                (
                    "email_status",
                    models.CharField(
                        choices=[
                            ("not_wanted", "No e-mail"),
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Failed, is tried again"),
                            ("parked", "Given up"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("email_attempts", models.PositiveSmallIntegerField(default=0)),
                ("email_claimed_at", models.DateTimeField(blank=True, null=True)),
                ("email_next_at", models.DateTimeField(blank=True, null=True)),
                ("email_error", models.CharField(blank=True, db_default="", max_length=200)),
                ("emailed_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["user", "read_at"], name="notification_unread"),
                    models.Index(fields=["email_status", "id"], name="notification_outbox"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OperationKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", p2plending.lib.models.KeyTextField(max_length=40)),
                ("operation", p2plending.lib.models.KeyTextField(max_length=60)),
                ("key", p2plending.lib.models.KeyTextField(max_length=120)),
                ("fingerprint", models.CharField(max_length=64)),
                ("result_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "used one-time key",
                "verbose_name_plural": "used one-time keys",
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "operation", "key"), name="operation_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.EmailField(max_length=254, verbose_name="to")),
                ("kind", models.CharField(max_length=100, verbose_name="kind")),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                ("text", accounts.fields.EncryptedTextField(blank=True)),
                ("html", accounts.fields.EncryptedTextField(blank=True)),
                (
                    "email_status",
                    models.CharField(
                        choices=[
                            ("not_wanted", "No e-mail"),
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Failed, is tried again"),
                            ("parked", "Given up"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("email_attempts", models.PositiveSmallIntegerField(default=0)),
                ("email_claimed_at", models.DateTimeField(blank=True, null=True)),
                ("email_next_at", models.DateTimeField(blank=True, null=True)),
                ("email_error", models.CharField(blank=True, max_length=200)),
                ("emailed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "e-mail",
                "verbose_name_plural": "e-mails",
                "indexes": [models.Index(fields=["email_status", "id"], name="outgoing_mail_outbox")],
            },
        ),
        migrations.CreateModel(
            name="TermsAcceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=20)),
                ("sha256", models.CharField(max_length=64)),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms_acceptances",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "accepted terms",
                "verbose_name_plural": "accepted terms",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "document", "version"), name="terms_once_per_version")
                ],
            },
        ),
    ]
