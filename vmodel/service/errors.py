"""Errors for users of the service; ``vmodel.errors`` defines the base classes and the meaning of codes.

InputError
├── account: UnknownAccount AccountClosed EmailTaken EmailInvalid RoleUnknown PasswordWeak OperatorExists
├── access: WrongPassword OldPasswordWrong OwnPasswordWrong KeyInvalid KeyExpired SessionInvalid FormForged
│           ScopeMissing ScopeUnknown RateLimited TooManyKeys
├── second factor: CodeNeeded CodeWrong SignInTooLong SecondFactorOn SecondFactorOff
├── plans: UnknownPlan PlansInvalid PipelineNotPriced StepsNotOffered
└── ledger: CreditsExhausted UnitsInvalid IdempotencyKeyInvalid IdempotencyConflict ReservationUnknown
            ReservationClosed EntryUnknown RefundTooLarge PeriodInvalid PeriodNotOver
SetupError
└── LedgerKeyUnreadable SecondFactorUnreadable BackupFailed BackupDamaged RestoreRefused RolesNotApart
             OwnerTooWeak

``status`` is the HTTP status of the REST API's answer; a class without one gives 422.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vmodel.errors import InputError, SetupError


class UnknownAccount(InputError):
    """Unknown account id or e-mail address."""

    code = "account_unknown"
    status = 404

    def __init__(self, account: str) -> None:
        super().__init__(f"There is no account {account!r}; `vmodel admin list` shows all.")
        self.account = account


class AccountClosed(InputError):
    """Account that was closed."""

    code = "account_closed"
    status = 403

    def __init__(self, account_id: str) -> None:
        super().__init__(f"The account {account_id} is closed; ask the operator for a new one.")
        self.account_id = account_id


class EmailTaken(InputError):
    """E-mail address that another account has."""

    code = "email_taken"
    status = 409

    def __init__(self, email: str) -> None:
        super().__init__(f"An account with the address {email} exists; sign in to it or use another address.")
        self.email = email


class EmailInvalid(InputError):
    """Text that is not an e-mail address."""

    code = "email_invalid"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email!r} is not an e-mail address; write it as name@shop.example.")
        self.email = email


class RoleUnknown(InputError):
    """Unknown role name."""

    code = "role_unknown"

    def __init__(self, role: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown role {role!r}; use one of: {', '.join(known)}.")
        self.role = role


class PasswordWeak(InputError):
    """Password that is too short, or too long to be hashed in reasonable time."""

    code = "password_weak"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"The password must have {least} to {most} characters; choose another one.")
        self.least, self.most = least, most


class OperatorExists(InputError):
    """Installation that already has its first operator."""

    code = "operator_exists"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This installation has an operator; `vmodel admin create-account --role operator` makes another."
        )


class WrongPassword(InputError):
    """Address and password that no open account has; the message does not say which of the two is wrong."""

    code = "wrong_password"
    status = 401

    def __init__(self) -> None:
        super().__init__("The address or the password is wrong; try again or ask the operator for a new password.")


class OldPasswordWrong(InputError):
    """Old password that is wrong, where an account changes its own."""

    code = "old_password_wrong"
    status = 403

    def __init__(self) -> None:
        super().__init__("The old password is wrong; try again or ask the operator for a new password.")


class OwnPasswordWrong(InputError):
    """Password that is wrong, where a change of the caller's own account asks for it."""

    code = "own_password_wrong"
    status = 403

    def __init__(self) -> None:
        super().__init__("Your password is wrong; try again or ask the operator for a new one.")


class CodeNeeded(InputError):
    """Right password of an account whose second factor asks for a code too.

    Attributes:
        account_id: of the account.
        password_mark: see ``vmodel.service.accounts.auth.mark_password``.
    """

    code = "code_needed"
    status = 403

    def __init__(self, account_id: str, password_mark: str) -> None:
        super().__init__("This account has a second factor; enter a code from your app too, or a recovery code.")
        self.account_id, self.password_mark = account_id, password_mark


class CodeWrong(InputError):
    """Code of a second factor that is wrong, too old or was used."""

    code = "code_wrong"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "The code is wrong, too old or was used before; enter the next code from your app, or a recovery code. "
            "If codes keep failing, check the clock of your phone."
        )


class SignInTooLong(InputError):
    """Password that was checked too long ago for the code to follow it, or that was changed meanwhile."""

    code = "sign_in_too_long"
    status = 401

    def __init__(self) -> None:
        super().__init__("Signing in took too long; enter your address and password again.")


class SecondFactorOn(InputError):
    """Account that has a second factor already."""

    code = "second_factor_on"
    status = 409

    def __init__(self) -> None:
        super().__init__("Your account has a second factor already; turn it off to set up another app.")


class SecondFactorOff(InputError):
    """Account that has no second factor, or has not begun to set one up."""

    code = "second_factor_off"
    status = 409

    def __init__(self) -> None:
        super().__init__("The account has no second factor; its owner sets one up on the account page.")


class SecondFactorUnreadable(SetupError):
    """Second factor that was encrypted under another secret of the installation."""

    code = "second_factor_unreadable"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            "The second factor cannot be read, since the installation's secret changed; enter a recovery code, or the "
            "operator sets VMODEL_SECRET back or runs `vmodel admin reset-second-factor`."
        )


class KeyInvalid(InputError):
    """API key that is unknown, was revoked, or belongs to a closed account."""

    code = "key_invalid"
    status = 401

    def __init__(self) -> None:
        super().__init__("The API key is missing, wrong or revoked; make a new one and send it as a bearer token.")


class KeyExpired(InputError):
    """API key whose days are over."""

    code = "key_expired"
    status = 401

    def __init__(self, prefix: str, ended_at: datetime) -> None:
        super().__init__(
            f"The API key {prefix}… ended on {ended_at:%Y-%m-%d at %H:%M} UTC; make a new one on the account page, or "
            "ask the operator for one."
        )
        self.prefix, self.ended_at = prefix, ended_at


class SessionInvalid(InputError):
    """Login session that has ended."""

    code = "session_invalid"
    status = 401

    def __init__(self) -> None:
        super().__init__("You are not signed in, or the login has ended; sign in again.")


class FormForged(InputError):
    """Form without the CSRF token of its page."""

    code = "form_forged"
    status = 403

    def __init__(self) -> None:
        super().__init__("This form is not from your page or is too old; reload the page and send it again.")


class ScopeMissing(InputError):
    """Missing scope of the key or the role."""

    code = "scope_missing"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope!r}; use a key that has it.")
        self.scope = scope


class ScopeUnknown(InputError):
    """Scope that does not exist or that the role cannot have."""

    code = "scope_unknown"

    def __init__(self, scope: str, known: Iterable[str]) -> None:
        super().__init__(f"A key of this account cannot have the scope {scope!r}; use some of: {', '.join(known)}.")
        self.scope = scope


class RateLimited(InputError):
    """Too many requests in the window.

    Attributes:
        retry_after_s: whole seconds after which one more request will be accepted.
    """

    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self, limit: int, per_s: int, retry_after_s: int) -> None:
        super().__init__(f"More than {limit} requests in {per_s} s; wait {retry_after_s} s and try again.")
        self.limit, self.per_s, self.retry_after_s = limit, per_s, retry_after_s


class TooManyKeys(InputError):
    """Account that has as many API keys as allowed."""

    code = "too_many_keys"
    status = 409

    def __init__(self, most: int) -> None:
        super().__init__(f"The account has {most} API keys already; revoke one that is no longer used.")
        self.most = most


class UnknownPlan(InputError):
    """Unknown plan name."""

    code = "plan_unknown"

    def __init__(self, plan: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown plan {plan!r}; use one of: {', '.join(known)}.")
        self.plan = plan


class PlansInvalid(InputError):
    """File of plans that cannot be used."""

    code = "plans_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The plans in {path} {reason}; start from vmodel/service/accounts/plans.yaml.")
        self.path, self.reason = path, reason


class PipelineNotPriced(InputError):
    """Pipeline without a price in the plans."""

    code = "pipeline_not_priced"

    def __init__(self, pipeline: str, priced: Iterable[str]) -> None:
        super().__init__(f"No price is set for the pipeline {pipeline!r}; use one of: {', '.join(priced)}.")
        self.pipeline = pipeline


class StepsNotOffered(InputError):
    """Number of denoising steps without a price in the plans."""

    code = "steps_not_offered"

    def __init__(self, pipeline: str, steps: int, offered: Iterable[int]) -> None:
        numbers = ", ".join(str(each) for each in sorted(offered))
        remedy = f"use one of: {numbers}, or leave the number out" if numbers else "leave the number out"
        super().__init__(f"The pipeline {pipeline!r} is not offered with {steps} steps; {remedy}.")
        self.pipeline, self.steps = pipeline, steps


class CreditsExhausted(InputError):
    """Request that costs more credits than the seller has."""

    code = "credits_exhausted"
    status = 402

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(
            f"This costs {needed} credits and {available} are left; ask for fewer pictures or buy credits."
        )
        self.needed, self.available = needed, available


class UnitsInvalid(InputError):
    """Number of credits that is out of range."""

    code = "units_invalid"

    def __init__(self, units: int, least: int, most: int) -> None:
        super().__init__(f"{units} credits are out of range; give a whole number from {least} to {most}.")
        self.units, self.least, self.most = units, least, most


class IdempotencyKeyInvalid(InputError):
    """Idempotency key that is empty or too long."""

    code = "idempotency_key_invalid"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"An idempotency key has 1 to {most} characters; send a fresh random one with every new request."
        )
        self.most = most


class IdempotencyConflict(InputError):
    """Idempotency key that was used before for another request."""

    code = "idempotency_conflict"
    status = 409

    def __init__(self, key: str) -> None:
        super().__init__(f"The idempotency key {key!r} was used for another request; send a fresh one.")
        self.key = key


class ReservationUnknown(InputError):
    """Unknown reservation id."""

    code = "reservation_unknown"
    status = 404

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"There is no reservation {reservation_id!r}; the statement lists all.")
        self.reservation_id = reservation_id


class ReservationClosed(InputError):
    """Reservation that has already ended."""

    code = "reservation_closed"
    status = 409

    def __init__(self, reservation_id: str, state: str) -> None:
        super().__init__(f"The reservation {reservation_id} is {state} already; reserve again.")
        self.reservation_id, self.state = reservation_id, state


class EntryUnknown(InputError):
    """Entry that the seller's ledger does not have, or that consumed nothing."""

    code = "entry_unknown"
    status = 404

    def __init__(self, entry_id: str) -> None:
        super().__init__(f"No charge of this account has the id {entry_id!r}; the statement lists all.")
        self.entry_id = entry_id


class RefundTooLarge(InputError):
    """Refund of more credits than the charge has left."""

    code = "refund_too_large"

    def __init__(self, units: int, left: int) -> None:
        super().__init__(f"{units} credits cannot be refunded, {left} of the charge are left; refund at most those.")
        self.units, self.left = units, left


class PeriodInvalid(InputError):
    """Text that does not name a month."""

    code = "period_invalid"

    def __init__(self, period: str) -> None:
        super().__init__(f"{period!r} is not a month; write it as 2026-11.")
        self.period = period


class PeriodNotOver(InputError):
    """Month that has not ended, or that follows one that is still open."""

    code = "period_not_over"

    def __init__(self, period: str, reason: str) -> None:
        super().__init__(f"The month {period} cannot be closed: {reason}.")
        self.period = period


class LedgerKeyUnreadable(SetupError):
    """Unreadable key for signing the ledger's heads."""

    code = "ledger_key_unreadable"

    def __init__(self, path: str) -> None:
        super().__init__(f"The ledger's key {path} cannot be read; restore it from the backup.")
        self.path = path


class BackupFailed(SetupError):
    """Backup or restore that could not be finished."""

    code = "backup_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The backup is not complete: {reason}; nothing of it should be relied on.")
        self.reason = reason


class BackupDamaged(SetupError):
    """Folder that is not a backup, or in which a file has changed."""

    code = "backup_damaged"

    def __init__(self, path: str) -> None:
        super().__init__(f"The backup is damaged at {path}; nothing was restored, use another backup.")
        self.path = path


class RestoreRefused(SetupError):
    """Target of a backup or restore that is not empty."""

    code = "restore_refused"

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} is not empty; restore into a fresh state folder and an empty database.")
        self.where = where


class RolesNotApart(SetupError):
    """Roles of the database of which the service's could undo what bounds it."""

    code = "roles_not_apart"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"DATABASE_URL and VMODEL_OWNER_DATABASE_URL do not keep the roles apart: {why}; name the same "
            "database in both, and in DATABASE_URL a role that owns nothing, such as vmodel_app."
        )
        self.why = why


class OwnerTooWeak(SetupError):
    """An owner's role that may not make the service's role, or not give it its rights."""

    code = "owner_too_weak"

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The role of VMODEL_OWNER_DATABASE_URL may not make the role {role} or give it its rights; let it own the "
            f"tables and the database and have CREATEROLE, or be granted {role} WITH ADMIN OPTION, then migrate again."
        )
        self.role = role
