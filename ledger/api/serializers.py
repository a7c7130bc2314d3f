"""Money in and out as JSON: decimal strings, public references."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from ledger.bank_details.accounts import MAX_BANK_NAME, BankAccount, checked_account, uses_iban
from ledger.enums.books import DepositStatus, EntryKind, LineCode, PaymentMethod, WithdrawalStatus
from ledger.models import Deposit, JournalEntry, Withdrawal
from p2plending.lib.api.fields import (
    CodeSerializerField,
    CurrencyField,
    DaySerializerField,
    MoneySerializerField,
    OneLineSerializerField,
)
from p2plending.lib.errors import Refused

REQUIRED = [ErrorDetail("This field is required.", "required")]
NOT_HERE = [ErrorDetail("Accounts in this currency don't have this.", "not_here")]


@extend_schema_field({"type": "string", "pattern": r"^-?\d{1,13}(\.\d{1,4})?$", "example": "-12.50"})
class ChangeSerializerField(MoneySerializerField):
    """An amount that may be negative; for answers only."""


class WalletSerializer(serializers.Serializer[Any]):
    """Free to use, reserved for loans, on the way out, and all three together.

    `owed` is what you owe us because a payment came back after its money had left the wallet: money that comes in pays
    it first.
    """

    available = MoneySerializerField(read_only=True)
    reserved = MoneySerializerField(read_only=True)
    withdrawing = MoneySerializerField(read_only=True)
    total = MoneySerializerField(read_only=True)
    owed = MoneySerializerField(read_only=True)
    currency = CurrencyField()


class LineSerializer(serializers.Serializer[Any]):
    """One change of the available money."""

    entry = serializers.CharField(source="entry_reference", read_only=True)
    seq = serializers.IntegerField(read_only=True)
    code = serializers.ChoiceField(choices=LineCode.choices, read_only=True)
    words = serializers.CharField(read_only=True)
    value_date = serializers.DateField(read_only=True)
    posted_at = serializers.DateTimeField(read_only=True)
    subject_type = serializers.CharField(read_only=True)
    subject_reference = serializers.CharField(read_only=True)
    amount_in = MoneySerializerField(read_only=True)
    amount_out = MoneySerializerField(read_only=True)
    balance_after = MoneySerializerField(read_only=True)
    currency = CurrencyField()


class EntrySideSerializer(serializers.Serializer[Any]):
    """One account that the entry touched; no change where it would tell about other people."""

    account = serializers.CharField(source="account_code", read_only=True)
    is_own = serializers.BooleanField(read_only=True)
    change = ChangeSerializerField(read_only=True, allow_null=True)


class LineExplanationSerializer(serializers.Serializer[Any]):
    """`row` is the line together with the others of its kind that the entry made on your wallet, as pages show it."""

    line = LineSerializer(read_only=True)
    row = LineSerializer(read_only=True)
    parts = LineSerializer(source="row.parts", many=True, read_only=True)
    kind = serializers.ChoiceField(choices=EntryKind.choices, read_only=True)
    sides = EntrySideSerializer(many=True, read_only=True)
    reverses = serializers.CharField(read_only=True)
    reversed_by = serializers.CharField(read_only=True)


class StatementSerializer(serializers.Serializer[Any]):
    """Opening + in − out = closing."""

    start = serializers.DateField(read_only=True)
    end = serializers.DateField(read_only=True)
    opening = MoneySerializerField(read_only=True)
    amount_in = MoneySerializerField(read_only=True)
    amount_out = MoneySerializerField(read_only=True)
    closing = MoneySerializerField(read_only=True)
    reserved = MoneySerializerField(read_only=True)
    withdrawing = MoneySerializerField(read_only=True)
    currency = CurrencyField()
    lines = LineSerializer(many=True, read_only=True)


class PeriodSerializer(serializers.Serializer[Any]):
    start = DaySerializerField()
    end = DaySerializerField()

    def validate(self, attrs: dict[str, dt.date]) -> dict[str, dt.date]:
        if attrs["end"] < attrs["start"]:
            raise serializers.ValidationError({"to": "The last day must not be before the first day."})
        return attrs


class LineFilterSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=LineCode.choices, required=False)
    start = DaySerializerField(required=False)
    end = DaySerializerField(required=False)

    def choice(self) -> dict[str, Any]:
        """What may go to the selectors."""
        asked = self.validated_data
        codes = (asked["code"],) if "code" in asked else ()
        return {"codes": codes, "start": asked.get("start"), "end": asked.get("end")}


class DepositSerializer(serializers.ModelSerializer[Deposit]):
    amount = MoneySerializerField(read_only=True)
    currency = CurrencyField()
    status = serializers.ChoiceField(choices=DepositStatus.choices, read_only=True)
    entry: serializers.SlugRelatedField[JournalEntry] = serializers.SlugRelatedField(
        slug_field="reference", read_only=True
    )

    class Meta:
        model = Deposit
        fields = (
            "reference", "status", "amount", "currency", "sent_on", "method", "bank_reference",
            "is_possible_duplicate", "value_date", "decision_note", "entry", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class DeclareDepositSerializer(serializers.Serializer[Any]):
    amount = MoneySerializerField()
    sent_on = DaySerializerField()
    method = serializers.ChoiceField(choices=PaymentMethod.choices, default=PaymentMethod.BANK_TRANSFER)
    bank_reference = OneLineSerializerField(max_length=60, allow_blank=True, default="")


class WithdrawalSerializer(serializers.ModelSerializer[Withdrawal]):
    """The account number never comes back, only its end."""

    amount = MoneySerializerField(read_only=True)
    kept_for_dues = MoneySerializerField(
        read_only=True, help_text="Part of the amount that cleared what you owed us; it is not sent."
    )
    currency = CurrencyField()
    status = serializers.ChoiceField(choices=WithdrawalStatus.choices, read_only=True)

    class Meta:
        model = Withdrawal
        fields = (
            "reference", "status", "amount", "kept_for_dues", "currency", "account_holder", "iban_last4", "bank_name",
            "requested_on", "paid_on", "bank_reference", "decision_note", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class RequestWithdrawalSerializer(serializers.Serializer[Any]):
    amount = MoneySerializerField()
    account_holder = OneLineSerializerField(max_length=150)
    iban = CodeSerializerField(
        max_length=60, required=False, help_text="Where the currency has IBANs; then nothing else is needed."
    )
    bank_name = OneLineSerializerField(
        max_length=MAX_BANK_NAME, required=False, help_text="With account_number, where the currency has no IBANs."
    )
    account_number = CodeSerializerField(max_length=60, required=False)
    routing_code = CodeSerializerField(max_length=30, required=False, allow_blank=True)
    password = serializers.CharField(
        max_length=200,
        required=False,
        trim_whitespace=False,
        write_only=True,
        help_text="Needed when the sign-in is older than five minutes and the account has no second step.",
    )
    code = OneLineSerializerField(
        max_length=20,
        required=False,
        write_only=True,
        help_text="Needed when the sign-in is older than five minutes and the account has a second step.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = {"iban"} if uses_iban() else {"bank_name", "account_number"}
        names = {field.name for field in dataclasses.fields(BankAccount)}
        unknown = names & set(attrs) - needed - (set() if uses_iban() else {"routing_code"})
        missing = needed - set(attrs)
        if missing or unknown:
            words = dict.fromkeys(sorted(missing), REQUIRED) | dict.fromkeys(sorted(unknown), NOT_HERE)
            raise serializers.ValidationError(words)
        try:
            account = checked_account(BankAccount(**{name: attrs[name] for name in names & set(attrs)}))
        except Refused as refusal:
            raise serializers.ValidationError(
                {refusal.field: [ErrorDetail(refusal.message, refusal.code)]}
            ) from refusal
        return attrs | dataclasses.asdict(account)
