"""The guard: a small process that starts the window, hears its heartbeat and brings it back."""
