"""The store: append-only entries and people in a database. SQLAlchemy is used nowhere else."""

from ketamonitor.store.check import Finding, check_store
from ketamonitor.store.errors import StoreError
from ketamonitor.store.open import data_folder, default_store_url, open_store
from ketamonitor.store.rows import PersonRow
from ketamonitor.store.store import Store
from ketamonitor.store.summary import SessionSummary

__all__ = [
    "Finding",
    "PersonRow",
    "SessionSummary",
    "Store",
    "StoreError",
    "check_store",
    "data_folder",
    "default_store_url",
    "open_store",
]
