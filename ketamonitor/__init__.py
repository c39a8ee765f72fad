"""The domain of a treatment session: entries, alarms, protocols, storage. No Qt, no serial port."""

__version__ = "0.1.0"
