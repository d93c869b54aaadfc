"""Files that sellers keep with the service: photos, prints, drawings and what is drawn of them, within their plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table, UtcDateTime, now
from vmodel.service.accounts.plans import Plans
from vmodel.service.accounts.users import Account
from vmodel.service.garments.errors import StorageFull
from vmodel.service.garments.records import unneeded_files
from vmodel.service.storage.file_store import FileStore, key_of

_MB = 1_000_000


class StoredUpload(Table):
    """One file that counts against the storage of a seller's plan; pictures of jobs do not count.

    Attributes:
        key: of the file store.
        size: bytes.
        needed_at: when it was uploaded, or last found to be needed.
    """

    __tablename__ = "stored_upload"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    needed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def keep_upload(
    database: Database, store: FileStore, plans: Plans, account_id: str, content: bytes, suffix: str
) -> str:
    """Count a file against its seller's plan and store it; content that is stored already counts once.

    Args:
        database: of the installation.
        store: receives the file.
        plans: limits of the plans.
        account_id: the owner.
        content: of the file.
        suffix: as of ``FileStore.put``.
    Returns:
        The file's key.
    Raises:
        StorageFull: the plan has no room for it; nothing was stored.
        StoreUnavailable: it could not be written.
    """
    key = key_of(account_id, content, suffix)
    with database.transaction() as session:
        # The lock makes uploads of one account count one after the other, also on Postgres.
        account = session.get_one(Account, account_id, with_for_update=True)
        known = session.get(StoredUpload, key)
        if known is not None:
            known.needed_at = now()
        else:
            plan = plans.plan(account.plan)
            mine = select(func.count(), func.sum(StoredUpload.size)).where(StoredUpload.account_id == account_id)
            files, used = session.execute(mine).one()
            if files >= plan.stored_files or (used or 0) + len(content) > plan.storage_mb * _MB:
                raise StorageFull(plan.storage_mb, plan.stored_files)
            session.add(StoredUpload(key=key, account_id=account_id, size=len(content), needed_at=now()))
    return store.put(account_id, content, suffix)


def are_kept(session: Session, account_id: str, keys: Iterable[str | None]) -> bool:
    """Return whether files of ``keep_upload`` are still stored, and keep them so until the transaction ends.

    The same content may have been deleted with another garment meanwhile; the caller then stores it again.

    Args:
        session: of the transaction that writes the row which needs the files.
        account_id: the owner.
        keys: of the files; None is ignored.
    """
    asked = {key for key in keys if key is not None}
    session.get_one(Account, account_id, with_for_update=True)
    found = select(func.count()).select_from(StoredUpload).where(StoredUpload.key.in_(asked))
    return session.scalar(found) == len(asked)


def drop_uploads(
    database: Database,
    store: FileStore,
    account_id: str,
    keys: Iterable[str],
    needed_before: datetime | None = None,
) -> int:
    """Delete files of an account that nothing needs, which then no longer count.

    A file that a new garment has come to need since the caller looked stays.

    Args:
        database: of the installation.
        store: of the files.
        account_id: the owner.
        keys: of the files.
        needed_before: leaves files that were uploaded again at this moment or later.
    Returns:
        Number of files deleted.
    Raises:
        StoreUnavailable: the store does not answer; what is left still counts.
    """
    dropped = 0
    for key in keys:
        with database.transaction() as session:
            # Under the lock nobody can count the same content as stored while it is deleted.
            session.get_one(Account, account_id, with_for_update=True)
            if not unneeded_files(session, account_id, [key]):
                continue
            known = session.get(StoredUpload, key)
            if needed_before is not None and (known is None or known.needed_at >= needed_before):
                continue
            store.delete(account_id, key)
            dropped += 1
            if known is not None:
                session.delete(known)
    return dropped
