# SPDX-License-Identifier: Apache-2.0
"""A mistyped name of a model of any kind is told the nearest one and what there is."""
import pytest


@pytest.mark.parametrize("arguments, near, one_of_all", [
    (["ageing", "lfp-100ah", "--law", "lfp-250a"], "did you mean lfp-250ah?", "nmc-lgm50"),
    (["ageing", "lfp-100a"], "did you mean lfp-100ah?", "nmc-lgm50"),
    (["fit", "--from-bpx", "chen2021"], "did you mean chen2020?", "prada2013"),
    (["cell", "lfp-10ah", "--do", "Rest for 1 hour"], "did you mean lfp-100ah?", "lto-20ah"),
])
def test_nearest_name(command, arguments, near, one_of_all):
    done = command(*arguments, code=2)
    assert near in done.stderr and one_of_all in done.stderr, done.stderr


def test_help_lists_the_kinds(command):
    for verb in ("cell", "eis"):
        assert "ecm, abused, spm, spme or dfn" in " ".join(command(verb, "--help").stdout.split())
    assert "spm, spme or dfn" in " ".join(command("fit", "--help").stdout.split())


def test_spread_of_a_pack_by_name(command):
    path = command.scenario(pack={"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "spread": "lfp-new"})
    assert "lfp-new" in command("show", path).stdout
    wrong = command.scenario(pack={"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "spread": "lfp-nw"})
    assert 'did you mean "lfp-new"?' in command("validate", wrong, code=2).stderr
