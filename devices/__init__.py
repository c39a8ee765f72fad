"""Bytes to readings: monitors on serial ports, with no Qt, no database and nothing of the clinic."""
