"""The revisions, oldest first; their names stand in ``ketamonitor.store.schema.REVISIONS``."""
