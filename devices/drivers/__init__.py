"""One module per monitor protocol; :mod:`devices.registry` lists them."""
