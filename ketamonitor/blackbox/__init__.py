"""The black box: the raw bytes of every session, kept in parts and tied to its record by hash."""
