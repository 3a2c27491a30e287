// SPDX-License-Identifier: Apache-2.0
// One cell alone: stepped from outside, or on a cycler's protocol. Models: the equivalent circuits of models/cells, and
// parameter files in the form of BPX (models/echem or your own) as SPM, SPMe or DFN.
// Current is positive when it discharges the cell. Errors of input are InputError.
//
//     twin::Cell cell("chen2020", "dfn");
//     twin::CellRun run = cell.run({"Discharge at 1C until 2.5 V", "Rest for 1 hour"});
#pragma once
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <twin/error.hpp>

namespace twin {

/// A rested cell. What is not given is as the cell was made with, else as its file says (BPX `State`), else a full cell
/// at 25 degC (a set's reference temperature); history then: none (0) of an equivalent circuit, a charge of a BPX file.
struct CellStart {
    std::optional<double> soc = {};  // 0 .. 1
    std::optional<double> temp_degC = {},
                          ambient_degC = {};  // the surroundings are as the cell where only temp_degC is given
    /// How it came there: -1 by a long discharge, +1 by a long charge. Sets the hysteresis and the direction of the
    /// last current (see Cell::direction_rel). RunError for a model to which it makes no difference.
    std::optional<double> hysteresis_rel = {};
};
/// What a protocol gave: columns of equal length, one row per accepted step.
struct CellRun {
    std::vector<double> t_s, i_A, v_V, soc, temp_degC;  // (n)
    std::vector<double> heat_W;      // (n) of an electrochemical cell that does not warm up without the heat of mixing
    std::vector<std::int32_t> step;  // (n) number of the protocol's step
    struct End {
        std::string text, reason;  // reason: voltage, current, soc, charge, time, limit, failed
        double t_s = 0.0, v_V = 0.0, i_A = 0.0, charge_Ah = 0.0;
    };
    std::vector<End> ends;  // (steps done)
    /// What left the range in which the model's data hold, with the farthest value: "soc 1.02, valid 0 .. 1". Empty:
    /// nothing.
    std::vector<std::string> extrapolated;
};

/// What abuse has done to a cell of kind "abused" since its reset.
struct CellAbuse {
    double t_core_degC = 0.0;
    double short_S = 0.0;      // all internal shorts: given, copper, separator
    double anode_min_V = 0.0;  // lowest potential of the anode against lithium while charging; below 0 lithium plates
    double plated_Ah = 0.0;    // lithium plated, gross
    double side_Ah = 0.0;      // overcharge that went into side reactions
    double short_J = 0.0, reaction_J = 0.0;  // heat of shorts and of decomposition
    double reacted_rel = 0.0;  // of the decomposition heat that the cell holds: near 0 sound, above 0.5 run away
};

/// What SEI growth and lithium plating have done inside an electrochemical cell since its reset.
struct CellDegradation {
    double sei_nm = 0.0, sei_max_nm = 0.0;  // thickness, mean and largest over the negative electrode
    double film_Ohm = 0.0;                  // resistance of the SEI, of the whole cell
    double sei_Ah = 0.0;                    // lithium taken by SEI grown since the reset
    double plated_Ah = 0.0, dead_Ah = 0.0;  // lithium metal that may come back, and that cannot
    double lost_Ah = 0.0;                   // sei + dead
    double anode_V = 0.0;     // least potential of the negative electrode against lithium; below 0 lithium may plate
    double lithium_Ah = 0.0;  // all of it: particles, SEI, plated, dead; no step changes it
};

/// What is inside an electrochemical cell after its last step. Places run from the negative collector to the positive
/// one; n_all volumes of both electrodes and the separator, n of an electrode (SPM and SPMe: 1 place for an electrode).
struct CellFields {
    std::vector<double> x_m, c_e_molm3, phi_e_V;  // (n_all); phi_e_V: DFN only
    struct Electrode {
        std::vector<double> x_m;                         // (n); DFN only
        std::vector<double> c_surface_molm3, x_surface;  // (n) lithium at the particles' surface; share of the greatest
        std::vector<double> j_molm2s;                    // (n) flux out of the particles
        std::vector<double> phi_s_V;                     // (n); DFN only; 0 at the negative collector
    } negative, positive;
    double plating_V = 0.0;  // least phi_s - phi_e in the negative electrode: below 0, lithium may plate
};

class Cell {
public:
    /// `model`: a file or the name of a shipped model; `kind`: "" (ecm or spme, as the file says), ecm, abused, spm,
    /// spme, dfn; `thermal`: the electrochemical models warm up (the equivalent circuit always does).
    /// `degradation`, of electrochemical cells: "" none; "on" (SEI growth limited by diffusion of solvent, partially
    /// reversible plating); or one law of each separated by a comma: reaction, solvent-diffusion,
    /// interstitial-diffusion, ec-reaction; irreversible-plating, reversible-plating, partial-plating.
    /// `start`: where the cell begins, and begins again unless `reset` or `run` say otherwise.
    explicit Cell(const std::string& model, const std::string& kind = "", bool thermal = false,
                  const std::string& degradation = "", const CellStart& start = {});
    ~Cell();
    Cell(Cell&&) noexcept;
    Cell& operator=(Cell&&) noexcept;

    void reset(const CellStart& start = {});
    /// Advances by dt_s > 0 at constant current; see v_V(). RunError, and nothing is changed, if the model finds no
    /// solution, or if the charge would leave -5 .. 105 % (kind "abused" goes beyond).
    void step(double i_A, double dt_s);
    double v_V() const;  // terminal voltage at the end of the last step
    /// Terminal voltage just after the current became i_A.
    double voltage_V(double i_A = 0.0) const;
    /// Resets, then executes steps in words: "Discharge at 1C until 2.5 V", "Charge at 0.5 A for 30 minutes or until
    /// 4.2 V", "Hold at 4.2 V until C/20", "Rest for 1 hour (1 minute period)".
    CellRun run(const std::vector<std::string>& protocol, const CellStart& start = {}, int repeat = 1);
    /// The same from the state in which the cell is. Times of the samples begin at 0 again.
    CellRun go_on(const std::vector<std::string>& protocol, int repeat = 1);
    /// The same with the steps of a JSON file: a list of steps (words or objects), {"steps": [..], "repeat": n}, either
    /// under the key "protocol", or a scenario with a protocol, of which nothing else is read. InputError: file,
    /// pointer, line. `repeat` other than 1 is a RunError if the file says it too.
    CellRun run_file(const std::string& path, const CellStart& start = {}, int repeat = 1);
    CellRun go_on_file(const std::string& path, int repeat = 1);

    /// Kind "abused": an internal short of this resistance from now on (infinity: none), and what abuse did so far.
    void internal_short(double r_Ohm);
    CellAbuse abuse() const;
    /// RunError if the cell was made without degradation.
    CellDegradation degradation() const;

    /// Of an electrochemical cell (spm, spme, dfn); RunError for others.
    CellFields fields() const;

    /// Impedance of the linearised model at the present charge, temperature and film of the rested cell, over f_Hz
    /// (1e-6 .. 1e6 each); as `eis` (twin/eis.hpp), of the cell as it has become.
    std::vector<std::complex<double>> eis_Ohm(const std::vector<double>& f_Hz) const;

    /// The state as bytes; `load` into a cell made with the same arguments goes on equal to the bit. RunError if the
    /// bytes are damaged or of another model or kind.
    std::vector<std::uint8_t> save() const;
    void load(const std::vector<std::uint8_t>& state);

    double soc() const;
    double temp_degC() const;
    /// As CellRun::extrapolated, of all steps since the last reset or load, ends of runs included.
    std::vector<std::string> extrapolated() const;
    double hysteresis_rel() const;  // -1 discharged .. +1 charged; 0 for a model without
    /// Of the last current, as an equivalent circuit's resistances and instantaneous hysteresis follow it: -1 discharge
    /// .. +1 charge; 0: not known, or a model without.
    double direction_rel() const;
    double charge_out_Ah() const;  // since the last reset
    double nominal_Ah() const;
    /// Of a BPX file: what was assumed, is not known or doesn't fit together.
    const std::vector<std::string>& notes() const;
    std::string name() const;
    std::string kind() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Where the cells of a batch differ: each empty (the default), one value for all, or one for each cell.
struct CellBatchStart {
    std::vector<double> capacity_rel, r_rel;           // of the model's; default 1
    std::vector<double> soc, temp_degC, ambient_degC;  // default 1, 25, as temp_degC
    std::vector<double> hysteresis_rel = {};           // history, -1 discharged .. +1 charged; default 0
};
struct CellBatchRun {
    std::size_t n_cells = 0;
    std::vector<double> t_s;                  // (rows)
    std::vector<double> v_V, soc, temp_degC;  // (rows x n_cells), temperature of the surface; NaN of stopped cells
};
/// What left the range in which the model's data hold: bits of CellBatch::out_of.
inline constexpr std::uint8_t k_out_soc_low = 1, k_out_soc_high = 2, k_out_cold = 4, k_out_hot = 8, k_out_current = 16;
/// The charge left -5 .. 105 %: such a cell has no values from there on.
inline constexpr std::uint8_t k_out_stopped = 32;

/// Many independent cells of one equivalent circuit, together: tens of millions of cell-steps per second and core, each
/// cell to the bits that it has alone, on every machine.
class CellBatch {
public:
    CellBatch(const std::string& model, std::size_t n, const CellBatchStart& start = {});
    ~CellBatch();
    CellBatch(CellBatch&&) noexcept;
    CellBatch& operator=(CellBatch&&) noexcept;

    /// n_steps steps of dt_s at currents i_A: (n_steps) for all cells alike, or (n_steps x n) if per_cell. Records
    /// after each record_every steps (0: none).
    CellBatchRun run(const double* i_A, std::size_t n_steps, bool per_cell, double dt_s, std::size_t record_every);

    std::size_t size() const;
    std::string name() const;
    std::vector<double> v_V() const;        // (n) at the end of the last step, under its current; OCV before the first
    std::vector<double> soc() const;        // (n)
    std::vector<double> temp_degC() const;  // (n) surface
    std::vector<double> v_min_V() const, v_max_V() const, t_max_degC() const;  // (n) over the ends of all steps; core
    // Range. A batch goes on where `Cell::step` refuses: a cell that leaves -5 .. 105 % of charge stops (NaN from then
    // on in records, v_V, soc and temp_degC; its extremes stay as they were), the others don't notice. Marks come once
    // the charge has moved by 3e-5 or the core by 8 mK since the last look, at the end of a step.
    std::vector<std::uint8_t> out_of() const;  // (n) bits k_out_* of what ever left the model's valid range
    std::vector<double> out_since_s() const;   // (n) when it first did, since the start; infinity: never
    std::vector<double> stopped_at_s() const;  // (n) when it stopped; infinity: it didn't
    /// In words, empty if nothing did: "soc below 0.2: 12 of 1000 cells", ..
    std::vector<std::string> extrapolated() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace twin
