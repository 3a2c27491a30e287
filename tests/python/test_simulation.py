# SPDX-License-Identifier: Apache-2.0
"""bmstwin.Simulation: stepping, commands, state, misuse."""
import threading

import numpy as np
import pytest

import bmstwin


def target_of_load(sim):
    """The settable target of the load's current, by its name in the list."""
    names = [c.name for c in sim.channels() if c.settable and c.name.startswith("load") and c.name.endswith("cc_A")]
    assert len(names) == 1, names
    return names[0]


def test_any_way_of_stepping_gives_the_same_bits(calm):
    whole = bmstwin.run(calm)
    random = np.random.default_rng(5)
    for times in (np.linspace(0, 3, 4)[1:], np.sort(random.uniform(0, 3, 200)), [1e-9, 0.25, 3]):
        sim = bmstwin.Simulation(calm)
        for t in times:
            sim.advance_to(t)
        sim.advance_to(3)
        assert sim.now_s == 3
        assert sim.finish().hash == whole.hash


def test_step_adds_up(calm):
    sim = bmstwin.Simulation(calm)
    for _ in range(50):
        sim.step(0.06)
    assert sim.now_ns == 3_000_000_000 and sim.end_s == 3 and not sim.failed


def test_a_controller_in_the_loop(calm):
    sim = bmstwin.Simulation(calm)
    target = target_of_load(sim)
    sim.advance_to(2)
    before = sim["truth.pack.i_A"]
    sim.set(target, 40)
    sim.advance_to(2.2)
    after = sim.value("truth.pack.i_A")
    assert after - before == pytest.approx(20, abs=0.5)
    other = bmstwin.Simulation(calm)
    other.advance_to(2.2)
    assert sim.finish().hash != other.finish().hash


def test_traces_so_far_are_copies(calm):
    sim = bmstwin.Simulation(calm)
    sim.advance_to(0.2)
    early = sim.traces["main"]
    n = len(early)
    current = early["truth.pack.i_A"]
    sim.advance_to(3)
    assert len(early) == n == len(current) and len(sim.traces["main"]) > n
    assert sim.finish().traces["main"].t_s[-1] == 3


def test_state_goes_to_another_simulation(calm):
    whole = bmstwin.run(calm)
    sim = bmstwin.Simulation(calm)
    sim.advance_to(0.2)
    state = sim.save()
    fork = sim.fork()
    sim.advance_to(3)
    fork.advance_to(3)
    other = bmstwin.Simulation(calm)
    other.load(state)
    assert other.now_s == 0.2
    other.advance_to(3)
    assert sim.finish().hash == fork.finish().hash == other.finish().hash == whole.hash
    broken = bytearray(state)
    broken[len(broken) // 2] ^= 1
    for bad in (b"", b"nonsense", state[:-1], bytes(broken)):
        with pytest.raises(bmstwin.RunError):
            bmstwin.Simulation(calm).load(bad)
    with pytest.raises(bmstwin.RunError):
        bmstwin.Simulation(dict(calm, pack=dict(calm["pack"], cells="8S1P"), id="other")).load(state)


def test_misuse_names_the_place(calm):
    sim = bmstwin.Simulation(calm)
    sim.advance_to(0.1)
    with pytest.raises(bmstwin.RunError) as caught:
        sim.set("laod/cc_A", 1)
    assert caught.value.place == "laod/cc_A"
    with pytest.raises(bmstwin.RunError):
        sim.value("truth.pack.i_mA")
    for call in (lambda: sim.advance_to(0.05), lambda: sim.step(0), lambda: sim.step(-1), lambda: sim.step(float("nan")),
                 lambda: sim.advance_to(float("inf")), lambda: sim.set(target_of_load(sim), float("nan")),
                 lambda: sim.set(target_of_load(sim), 1e30)):
        with pytest.raises(bmstwin.RunError):
            call()
    assert sim.now_s == 0.1
    sim.finish()
    with pytest.raises(bmstwin.RunError):
        sim.step(0.1)


def test_two_threads_do_not_share_one_simulation(calm):
    calm["duration_s"] = 1e6
    del calm["record"]
    sim = bmstwin.Simulation(calm)
    started = threading.Event()
    stop = threading.Event()

    def work():
        started.set()
        while not stop.is_set():
            try:
                sim.step(50)
            except bmstwin.RunError:
                pass  # the other thread was faster

    worker = threading.Thread(target=work)
    worker.start()
    started.wait()
    refused = 0
    for _ in range(20000):
        try:
            sim.now_s
        except bmstwin.RunError as e:
            refused += 1
            assert "another thread" in str(e)
            break
    stop.set()
    worker.join()
    assert refused == 1


def test_channels_have_units_and_values(calm):
    sim = bmstwin.Simulation(calm)
    sim.advance_to(0.1)
    channels = {c.name: c for c in sim.channels()}
    assert channels["truth.pack.i_A"].unit == "A" and channels["hw.gate.dsg"].discrete
    for c in channels.values():
        if c.readable:
            assert isinstance(sim.value(c.name), float), c.name
    assert 3.0 < sim["truth.cell[1].v_V"] < 3.4
