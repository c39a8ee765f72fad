"""Bytes to readings: monitors on serial ports, with no Qt, no database, nothing of the clinic."""
