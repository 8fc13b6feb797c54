"""Somebody signs in with an account that nobody has yet: whose it is, is judged as at any reading (docs/people.md).

Called only for directories whose settings say ``admit = true``, and only with an account that the directory has just vouched
for.  What comes out of it may be a new person, a link by a rule, or a proposal that a person must decide first; never a link by a
mail address or a name alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import DirectoryAccount
from watchword.model.people import Directory
from watchword.store.audit import journal
from watchword.store.state import directory_records, factor_store
from watchword.store.state.accounts import ACCOUNTS, account_row
from watchword.store.state.database import Database
from watchword.store.state.linking import Linker
from watchword.store.state.scim_values import new_id
from watchword.store.state.transition import Act, create


def admit(
    database: Database,
    directory: Directory,
    account: DirectoryAccount,
    act: Act,
    ids: Callable[[datetime], str] = new_id,
) -> bool:
    """Take in an account that has signed in and is of nobody; whether it is of somebody now.

    Raises:
        DirectoryError: the directory is disabled.
        RowExists: another sign-in with the same account was quicker; the next one finds it.
    """
    with database.reading() as connection:
        if factor_store.by_identity(connection, directory.id, account.subject) is not None:
            return True
    with database.writing() as connection:
        directory_records.ensure(connection, directory, act)
        linker = Linker.of(connection, directory.id, ids)
        told = linker.link(connection, [account.subject], act, journal.append)
        if not told.counts:
            # The directory is not read, or not yet: its word at the sign-in is all that is known of the account.
            key = AccountKey(ids(act.at))
            create(connection, ACCOUNTS, account_row(Account(key, account, act.at, act.at)), act)
            told = linker.link(connection, [account.subject], act, journal.append)
    return bool(told.people)
