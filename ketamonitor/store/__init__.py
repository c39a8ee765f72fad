"""The store: append-only entries, people and approvals. SQLAlchemy is used nowhere else."""

from ketamonitor.store.check import Finding, check_store
from ketamonitor.store.errors import StoreError
from ketamonitor.store.open import (
    beside_store,
    data_folder,
    default_store_url,
    open_store,
    store_exists,
)
from ketamonitor.store.rows import ApprovalRow, PersonRow
from ketamonitor.store.salvage import Kept, Salvaged, salvage
from ketamonitor.store.store import Store
from ketamonitor.store.summary import SessionSummary

__all__ = [
    "ApprovalRow",
    "Finding",
    "Kept",
    "PersonRow",
    "Salvaged",
    "SessionSummary",
    "Store",
    "StoreError",
    "beside_store",
    "check_store",
    "data_folder",
    "default_store_url",
    "open_store",
    "salvage",
    "store_exists",
]
