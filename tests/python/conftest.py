# SPDX-License-Identifier: Apache-2.0
import copy

import pytest

CALM = {
    "bmstwin": 1, "id": "calm", "title": "Three seconds at 20 A", "duration_s": 3,
    "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6},
    "load": {"id": "load", "cc_A": 20, "dropout_V": 20},
    "expect": [{"id": "cells", "always": "truth.cell.v_max_V <= 3.65"}],
    "record": {"rate_hz": 100},
}


@pytest.fixture
def calm():
    """A short scenario as a dict of its own."""
    return copy.deepcopy(CALM)
