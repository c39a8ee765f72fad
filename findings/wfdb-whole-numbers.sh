#!/usr/bin/env bash
# wfdb 4.3.1: whole numbers written with the library's own gain are whole numbers no more.
#
# Pressures of 120, 121 and 160 mmHg, written with fmt 16 and no gain of one's own, come back as
# 120, 120.9998 and 160: the gain spreads the seen range over the 16 bits, whatever the values'
# resolution is. A comparison such as "at or above 121" then fails for a reading of 121.
# What follows: give adc_gain and baseline so that one step is one unit (or a tenth of one).
#
# Output seen:
#     with its own gain: [120.0, 120.99978637043367, 160.0]
#     with gain 1:       [120.0, 121.0, 160.0]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import wfdb

values = np.array([[120.0], [121.0], [160.0]])
wfdb.wrsamp("own", fs=1, units=["mmHg"], sig_name=["sys"], p_signal=values, fmt=["16"])
wfdb.wrsamp("given", fs=1, units=["mmHg"], sig_name=["sys"], d_signal=values.astype(np.int64),
            fmt=["16"], adc_gain=[1.0], baseline=[0])
own = wfdb.rdrecord("own").p_signal.ravel().tolist()
given = wfdb.rdrecord("given").p_signal.ravel().tolist()
print("with its own gain:", own)
print("with gain 1:      ", given)
assert own[1] < 121 and round(own[1], 3) == 121.0, own
assert given == [120.0, 121.0, 160.0], given
PYTHON
