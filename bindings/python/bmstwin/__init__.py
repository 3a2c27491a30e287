# SPDX-License-Identifier: Apache-2.0
"""bmstwin: simulator and digital twin of a battery management system.

    import bmstwin
    result = bmstwin.run("short.scenario.json")
    print(result.verdict, result.checks)
    plot(result.traces["main"].t_s, result.traces["main"]["truth.pack.i_A"])

Times are simulated seconds; current is positive when it discharges the battery.
"""
from __future__ import annotations

import json
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, TYPE_CHECKING, Union

if TYPE_CHECKING:
    import numpy

from . import _core
from ._core import AgeingRun, Cell, CellBatch, CellBatchRun, CellRun, Channel, Check, Damage, Diagnostic, Event, ProtocolStep, Result, Scenario, Trace, Warning
from .errors import FileError, InputError, RunError
from .fitting import Fit, FitCells, fit, fit_cells, fit_from_bpx

__all__ = [
    "AgeingRun", "Cell", "CellBatch", "CellBatchRun", "CellRun", "Channel", "Check", "Damage", "Diagnostic", "Event", "FileError", "Fit", "FitCells", "InputError", "ProtocolStep", "Result", "RunError", "Scenario",
    "Simulation", "Trace", "Warning", "age", "eis", "find_scenarios", "fit", "fit_cells", "fit_from_bpx", "load", "run", "run_all", "schema", "spread", "validate", "versions",
    "write_html", "write_junit",
]

__version__: str = _core.version()

ScenarioLike = Union[str, "os.PathLike[str]", Mapping[str, Any], Scenario]


def _load_options(models: Iterable[Union[str, "os.PathLike[str]"]], set: Optional[Mapping[str, Any]],
                  seed: Optional[int]) -> "_core.LoadOptions":
    options = _core.LoadOptions()
    options.model_dirs = [os.fspath(m) for m in models]
    options.set = [(pointer, json.dumps(value)) for pointer, value in (set or {}).items()]
    options.seed = seed
    return options


def _run_options(core: Union[str, "os.PathLike[str]"], step_scale: float, strict: bool, record: bool) -> "_core.RunOptions":
    options = _core.RunOptions()
    options.core_library = os.fspath(core)
    options.step_scale = step_scale
    options.strict = strict
    options.record = record
    return options


def load(scenario: ScenarioLike, *, models: Iterable[Union[str, "os.PathLike[str]"]] = (),
         set: Optional[Mapping[str, Any]] = None, seed: Optional[int] = None) -> Scenario:
    """A scenario from a file, from a dict in the scenario language, or as it is.

    `set` maps JSON pointers (arrays by id) to values, e.g. {"/events/short/r_mohm": 5}. Raises InputError with every
    error found.
    """
    if isinstance(scenario, Scenario):
        if models or set or seed is not None:
            raise TypeError("models, set and seed change a scenario before it is loaded; this one is loaded already")
        return scenario
    options = _load_options(models, set, seed)
    if isinstance(scenario, Mapping):
        return _core.Scenario.from_json(json.dumps(scenario), "<dict>", options)
    return _core.Scenario.from_file(os.fspath(scenario), options)


def run(scenario: ScenarioLike, *, models: Iterable[Union[str, "os.PathLike[str]"]] = (),
        set: Optional[Mapping[str, Any]] = None, seed: Optional[int] = None, core: Union[str, "os.PathLike[str]"] = "",
        step_scale: float = 1.0, strict: bool = False, record: bool = True) -> Result:
    """Runs one scenario (a path, a dict or a Scenario) from start to end and returns its Result.

    A failed expectation is no exception: see Result.passed, Result.checks and Result.status.
    """
    loaded = load(scenario, models=models, set=set, seed=seed)
    return _core.run_scenarios([loaded], _run_options(core, step_scale, strict, record), 1, 1, False)[0]


def run_all(scenarios: Sequence[ScenarioLike], *, jobs: int = 1, repeat: int = 1, fail_fast: bool = False,
            models: Iterable[Union[str, "os.PathLike[str]"]] = (), core: Union[str, "os.PathLike[str]"] = "",
            step_scale: float = 1.0, strict: bool = False, record: bool = True) -> List[Result]:
    """Runs many scenarios over `jobs` threads; results in their order. Everything is checked before anything runs."""
    folders = [os.fspath(m) for m in models]
    loaded = [s if isinstance(s, Scenario) else load(s, models=folders) for s in scenarios]
    return _core.run_scenarios(loaded, _run_options(core, step_scale, strict, record), jobs, repeat, fail_fast)


class Simulation(_core.Simulation):
    """One run, advanced step by step. Observing more or less often never changes a result.

        sim = bmstwin.Simulation("short.scenario.json")
        while sim.now_s < sim.end_s:
            sim.step(0.1)
            sim.set("load/cc_A", my_controller(sim["truth.pack.v_V"]))
        result = sim.finish()
    """

    def __init__(self, scenario: ScenarioLike, *, models: Iterable[Union[str, "os.PathLike[str]"]] = (),
                 set: Optional[Mapping[str, Any]] = None, seed: Optional[int] = None,
                 core: Union[str, "os.PathLike[str]"] = "", step_scale: float = 1.0, strict: bool = False,
                 record: bool = True):
        super().__init__(load(scenario, models=models, set=set, seed=seed), _run_options(core, step_scale, strict, record))


def eis(model: Union[str, "os.PathLike[str]"], f_Hz: Optional[Sequence[float]] = None, *, soc: float = 0.5,
        temp_degC: float = 25.0, kind: str = "", degradation: str = "",
        sei_nm: Optional[float] = None) -> Tuple["numpy.ndarray", "numpy.ndarray"]:
    """Impedance spectrum of a cell model: (f_Hz, z_Ohm), shapes (n), z complex with Im z < 0 where it is capacitive.

    `f_Hz`: frequencies, 1e-6 .. 1e6 each; without it 1 mHz .. 1 kHz, ten per decade. The linearised model, isothermal.
    `degradation`: as for Cell; the new cell's SEI film is then in the impedance, or one of `sei_nm`;
    Cell.eis(f_Hz) is of a cell as it has become.
    """
    return _core.eis(os.fspath(model), kind, soc, temp_degC, [] if f_Hz is None else [float(f) for f in f_Hz],
                     degradation, sei_nm)


def age(model: Union[str, "os.PathLike[str]"], *, duty: Sequence[str] = (), years: float = 10.0,
        temp_degC: Union[float, Sequence[float]] = 25.0, law: Union[str, "os.PathLike[str]"] = "", period_h: float = 24.0,
        soc: float = 1.0, eol: float = 0.8, tol: float = 2e-4, accelerate: bool = True,
        row_d: float = 365.25, degradation: str = "", kind: str = "") -> AgeingRun:
    """Years of a duty on one cell (an equivalent circuit): capacity and resistance relative to new.

    `duty` is one period of `period_h` hours in words, filled with rest, ending at the charge it began with; by default
    "Discharge at 0.5C until 20 %", "Rest for 1 hour", "Charge at 0.5C until 100 %". Several temperatures are equal
    shares of the year. `law`: name of a shipped ageing law or a file, by default the nearest to the cell. Capacity may
    be wrong by `tol` for the sake of speed; accelerate=False simulates every period.
    `degradation` ("on", or laws as for Cell) ages a BPX file's cell (kind spm, spme, dfn) from inside instead: SEI
    growth and plating; one temperature, a duty whose charge ends at a voltage, columns sei_nm, sei_Ah, plated_Ah,
    dead_Ah besides.

        run = bmstwin.age("lfp-100ah", years=15, temp_degC=[5, 15, 30, 18])
        run.to_pandas(); run.eol_years
    """
    temps = [float(temp_degC)] if isinstance(temp_degC, (int, float)) else [float(t) for t in temp_degC]
    return _core.age(os.fspath(model), list(duty), years * 365.25, temps, os.fspath(law), period_h, soc, eol, tol,
                     accelerate, row_d, degradation, kind)


def spread(name: Union[str, "os.PathLike[str]"], n: int, *, seed: int = 1, pack: str = "") -> Dict[str, "numpy.ndarray"]:
    """What n cells of one kind differ by: arrays (n) "capacity" and "resistance" (relative to the model),
    "self_discharge_per_d" (share of the capacity) and "soc_offset".

    `name`: lfp-new (or lfp), lfp-grey-market, lto-new (lto), nmc-lgm50, nmc-new (nmc), second-life, or a file. Cell k of a seed is the same
    however many are drawn; `pack` separates packs of one seed.
    """
    return _core.spread(os.fspath(name), n, seed, pack)


def find_scenarios(*paths: Union[str, "os.PathLike[str]"]) -> List[str]:
    """Scenario files below the paths, sorted."""
    return _core.find_scenarios([os.fspath(p) for p in paths])


def validate(*files: Union[str, "os.PathLike[str]"], models: Iterable[Union[str, "os.PathLike[str]"]] = ()) -> List[Diagnostic]:
    """All errors and warnings of the files; none that is_error: every file can be run."""
    return _core.validate([os.fspath(f) for f in files], _load_options(models, None, None))


def schema() -> Dict[str, Any]:
    """JSON Schema of the scenario language."""
    return json.loads(_core.schema_json())


def versions() -> Dict[str, str]:
    """Versions that results depend on."""
    return _core.versions()


def write_html(results: Sequence[Result], file: Union[str, "os.PathLike[str]"]) -> None:
    """One self-contained HTML report about the results."""
    _core.write_html(list(results), os.fspath(file))


def write_junit(results: Sequence[Result], file: Union[str, "os.PathLike[str]"]) -> None:
    """JUnit XML of the results."""
    _core.write_junit(list(results), os.fspath(file))
