# SPDX-License-Identifier: Apache-2.0
"""bmstwin.fit: a cell model from measured series, given as files (CSV, Parquet) or as pandas frames."""
from __future__ import annotations

import difflib
import json
import os
import re
import tempfile
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from . import _core
from .errors import InputError

Series = Union[str, "os.PathLike[str]", Any]
Entry = Union[Series, Tuple[Any, ...]]


class Fit:
    """Result of `fit`: the model as a dict, its report, its parameters with uncertainty, and every file's residuals."""

    def __init__(self, result: "_core.FitResult"):
        self._result = result
        self.model: Dict[str, Any] = json.loads(result.model_json)
        self.parameters = result.parameters
        self.files = result.files
        self.spectra = result.spectra
        self.warnings = result.warnings
        self.worst_validation_rms_mV = result.worst_validation_rms_mV

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the model file; Cell(path) and scenarios take it."""
        with open(path, "w", encoding="utf-8") as out:
            out.write(self._result.model_json)

    def report(self) -> str:
        """The report that the command prints."""
        return self._result.report()

    def residual_svg(self) -> str:
        """Plot of the residuals of all files."""
        return self._result.residual_svg()

    def __repr__(self) -> str:
        return f"<Fit '{self.model['id']}': {self.worst_validation_rms_mV:.1f} mV>"


def _frame_of(path: str) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(f"{path} is a Parquet file: reading it needs pandas and pyarrow (pip install pandas pyarrow)") from error
    try:
        return pandas.read_parquet(path)
    except ImportError as error:
        raise ImportError(f"{path} is a Parquet file: reading it needs pyarrow (pip install pyarrow)") from error


def _numbers_of(frame: Any) -> Any:
    """Without the words and dates that files of cyclers have beside the measurements."""
    return frame.select_dtypes("number") if hasattr(frame, "select_dtypes") else frame


# Words of the command in messages, as they are called here.
_WORDS = [(r" as [^\n]*@25", " as (recording, 25)"), (r"--columns (\w)=NAME", r'columns="\1=NAME"'), (r"--eis-columns (\w+)=NAME", r'eis_columns="\1=NAME"'),
          (r"--ocv-table", "ocv_table"), (r"--capacity-Ah", "capacity_Ah"), (r"--current-sign", "charge_positive"), (r"--kind", "kind"),
          (r"^FILE: error: no file to fit", "frames: error: there is no recording to fit")]


def _fitted(options: "_core.FitOptions", folder: str = "", cell: str = "") -> Fit:
    """The fit; its errors name recordings and rows (from 0, as iloc takes them) instead of temporary files."""
    try:
        return Fit(_core.fit(options))
    except InputError as error:
        text = str(error)
        if folder:
            text = re.sub(re.escape(folder) + r"/\w+/\d+/", "\0", text)
            text = re.sub("\0([^\n\0]*?):(\\d+): ", lambda m: m[1] + (f", row {int(m[2]) - 2}" if int(m[2]) > 1 else "") + ": ", text)
            text = text.replace("\0", "")
        for word, here in _WORDS:
            text = re.sub(word, here, text, flags=re.MULTILINE)
        raise InputError(f"cell {cell}: {text}" if cell else text, error.diagnostics) from None


def _files(entries: Any, folder: str) -> Iterable["_core.FitFile"]:
    named = entries.items() if isinstance(entries, Mapping) else ((f"recording {k + 1}", e) for k, e in enumerate(entries))
    for number, (name, entry) in enumerate(named):
        series, temp, soc, h = (tuple(entry) + (None, None, None))[:4] if isinstance(entry, tuple) else (entry, None, None, None)
        if isinstance(series, (str, os.PathLike)):
            path = os.fspath(series)
            if not path.lower().endswith((".parquet", ".pq")):
                yield _core.FitFile(path, temp, soc, h)
                continue
            name, series = os.path.basename(path), _frame_of(path)
        if not hasattr(series, "to_csv"):
            raise TypeError(f"{name}: a recording is a path, a pandas DataFrame, or a tuple of one with degC, soc (0..1) and hysteresis (-1..1)")
        sub = os.path.join(folder, str(number))
        os.makedirs(sub, exist_ok=True)
        path = os.path.join(sub, str(name).replace("/", "_"))
        _numbers_of(series).to_csv(path, index=False)
        yield _core.FitFile(path, temp, soc, h)


def _options(given: Mapping[str, Any]) -> "_core.FitOptions":
    o = _core.FitOptions()
    for name, value in given.items():
        if not hasattr(o, name):
            near = difflib.get_close_matches(name, [n for n in dir(o) if not n.startswith("_")], 1)
            raise TypeError(f"fit() has no option '{name}'" + (f", did you mean '{near[0]}'?" if near else ""))
        setattr(o, name, value)
    return o


def fit_from_bpx(name: Union[str, "os.PathLike[str]"], *, kind: str = "spme", temps_degC: Sequence[float] = (0.0, 10.0, 25.0, 40.0),
                 n_rc: int = 3, chemistry: str = "", **options: Any) -> Fit:
    """Identifies an equivalent circuit from an electrochemical set: a BPX file, or the name of a shipped one (chen2020, ..).

    The set is simulated as `kind` (spm, spme, dfn) in pulse tests at `temps_degC`; a 1C discharge and drive-like profiles are
    held back: Fit.worst_validation_rms_mV is their worst. `options` as for `fit`. Raises InputError.
    """
    return _fitted(_options({**options, "from_bpx": os.fspath(name), "from_kind": kind, "n_rc": n_rc, "chemistry": chemistry,
                             "from_temps_degC": [float(t) for t in temps_degC]}))


def _spectra(entries: Any, folder: str) -> Iterable["_core.FitFile"]:
    named = entries.items() if isinstance(entries, Mapping) else ((f"spectrum {k + 1}", e) for k, e in enumerate(entries))
    for number, (name, entry) in enumerate(named):
        series, temp, soc = (tuple(entry) + (None, None))[:3] if isinstance(entry, tuple) else (entry, None, None)
        if isinstance(series, (str, os.PathLike)) and not os.fspath(series).lower().endswith((".parquet", ".pq")):
            yield _core.FitFile(os.fspath(series), temp, soc)
            continue
        sub = os.path.join(folder, str(number))
        os.makedirs(sub, exist_ok=True)
        path = os.path.join(sub, str(name).replace("/", "_"))
        if isinstance(series, (str, os.PathLike)):
            series = _frame_of(os.fspath(series))
        if hasattr(series, "to_csv"):
            _numbers_of(series).to_csv(path, index=False)
        elif isinstance(series, (tuple, list)) and len(series) == 2:
            with open(path, "w", encoding="utf-8") as out:
                out.write("freq_Hz,z_re_Ohm,z_im_Ohm\n")
                out.writelines(f"{float(f)!r},{complex(z).real!r},{complex(z).imag!r}\n" for f, z in zip(*series))
        else:
            raise TypeError(f"{name}: a spectrum is a path, a pandas DataFrame or (f_Hz, z_Ohm), or a tuple of one with degC and soc")
        yield _core.FitFile(path, temp, soc)


def fit(frames: Any = (), *, eis: Any = (), eis_columns: str = "", validate: Any = (), columns: str = "", charge_positive: Optional[bool] = None,
        _cell: str = "", **options: Any) -> Fit:
    """Identifies a cell model.

    `frames`: a dict of names to recordings, or a list of them. A recording is a path to a CSV or Parquet file, a pandas
    DataFrame, or a tuple (recording, degC, soc at the start, hysteresis there -1..1); what is None or left out is found. Columns: time_s, current_A (positive on discharge), voltage_V,
    temp_C, or t_s, i_A, v_V, temp_degC as a run of Cell gives them, or the names of the Battery Data Format (positive on charge), or `columns="t=..,i=..,v=..,T=..,A=..,soc=.."`.
    `eis`: impedance spectra, in a dict or list: a path, a DataFrame or (f_Hz, z_Ohm) as `bmstwin.eis` gives them, each in a
    tuple with degC and soc (0..1) or with columns of both; names by `eis_columns="f=..,re=..,im=..,T=..,soc=.."`. Without
    frames they need `ocv_table` and `capacity_Ah`.
    `validate`: recordings that are held back. `options` are those of the command: chemistry, id, title, sources, capacity_Ah,
    nameplate_Ah, ocv_capacity_Ah, ocv_table, n_rc, mass_kg, v_min_V, v_max_V, heat_capacity_J_per_K,
    specific_heat_J_per_kgK, cooling_K_per_W, soc_floor_rel, current_offset. Raises InputError with everything that is wrong with the data.
    """
    o = _options(options)
    if charge_positive is not None:
        o.charge_positive = charge_positive
    if columns:
        o.set_columns(columns)
    if eis_columns:
        o.set_eis_columns(eis_columns)
    with tempfile.TemporaryDirectory() as folder:
        o.eis = list(_spectra(eis, os.path.join(folder, "eis")))
        o.files = list(_files(frames, os.path.join(folder, "fit")))
        o.validate = list(_files(validate, os.path.join(folder, "held")))
        if not o.sources:
            names = [str(n) for n in frames] if isinstance(frames, Mapping) else [os.path.basename(f.path) for f in o.files]
            o.sources = [f"measured: {n}" for n in names + [os.path.basename(f.path) for f in o.eis]]
        return _fitted(o, folder, _cell)


class FitCells(Dict[str, Fit]):
    """Fits by the name of the cell, and what the cells differ by."""

    def table(self) -> Dict[str, List[float]]:
        """Columns in the order of the cells: capacity_Ah, r_mOhm (R0 and all pairs at 50 %, 25 degC or the nearest
        temperature, discharging), rms_mV (worst). pandas.DataFrame(x.table(), index=list(x)) makes a frame of it."""
        out: Dict[str, List[float]] = {"capacity_Ah": [], "r_mOhm": [], "rms_mV": []}
        for one in self.values():
            out["capacity_Ah"].append(one.model["capacity_Ah"])
            out["r_mOhm"].append(1e3 * _core.model_resistance_Ohm(json.dumps(one.model)))
            out["rms_mV"].append(one.worst_validation_rms_mV)
        return out


def fit_cells(cells: Mapping[str, Any], *, validate: Optional[Mapping[str, Any]] = None, eis: Optional[Mapping[str, Any]] = None,
              id: str = "fitted-cell", **options: Any) -> FitCells:
    """One model of each of several cells of a type: `cells`, `validate` and `eis` map the cell's name to what `fit` takes.

        fits = bmstwin.fit_cells({"a": {"c10": frame_a, "hppc": frame_b}, "b": [...]}, chemistry="LFP")
        fits["a"].save("a.json"); fits.table()
    """
    if not isinstance(cells, Mapping) or not cells:
        raise TypeError("cells is a dict of the cells' names to their recordings, with at least one, not " + repr(cells)[:80])
    held, spectra = dict(validate or {}), dict(eis or {})
    for name in [*held, *spectra]:
        if name not in cells:
            raise KeyError(f"cell {name!r} is not among the fitted ones: {', '.join(map(str, cells))}")
    return FitCells({name: fit(frames, validate=held.get(name, ()), eis=spectra.get(name, ()), id=f"{id}-{name}", _cell=str(name), **options)
                     for name, frames in cells.items()})
