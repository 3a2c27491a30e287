// SPDX-License-Identifier: Apache-2.0
// One cell on a cycler, whatever its model: equivalent circuit, SPM, SPMe or DFN behind the same few functions.
// Current is positive when it discharges the cell.
#pragma once
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <twin/error.hpp>

#include "cell/abuse.hpp"
#include "cell/echem.hpp"
#include "cell/ecm_model.hpp"

namespace twin::study {

/// What abuse has done to a cell since its reset.
struct AbuseReport {
    double t_core_K = 0.0, short_S = 0.0, anode_min_V = 0.0;
    double plated_C = 0.0, side_C = 0.0, short_J = 0.0, reaction_J = 0.0;
    double reacted_rel = 0.0;  // of the heat that its reactions could give
};

/// What side reactions inside an electrochemical cell have done since its reset.
struct DegradationReport {
    cell::EchemDegradation done;
    double anode_V = 0.0;    // least potential of the negative electrode against lithium now; below 0 lithium may plate
    double lithium_C = 0.0;  // all of it: in particles, SEI, plated and dead
};

class CellModel {
public:
    virtual ~CellModel() = default;
    /// A rested cell. h: hysteresis, -1 discharged .. +1 charged; none: as the file says, else 0.
    virtual void reset(double soc, double t_K, std::optional<double> h = {}) = 0;
    virtual bool has_hysteresis() const = 0;
    virtual double hysteresis() const = 0;
    /// Of the last current, -1 discharge .. +1 charge; 0: not known, or the model doesn't ask.
    virtual double direction() const { return 0.0; }
    /// Terminal voltage just after the current has become i.
    virtual double voltage_V(double i_A) = 0;
    /// Voltage at the end of a step of h at constant i; changes nothing. Not finite: the step is too long.
    virtual double trial(double h_s, double i_A, bool jump) = 0;
    virtual void commit() = 0;  // takes the last trial
    virtual double soc() const = 0;
    virtual double t_K() const = 0;
    virtual double heat_W() const = 0;  // of the last trial
    virtual double charge_out_C() const = 0;
    /// Small-signal impedance of the rested cell (see impedance.hpp). f_Hz (n) > 0; gives (n).
    virtual std::vector<std::complex<double>> impedance_Ohm(double soc, double t_K,
                                                            const std::vector<double>& f_Hz) const = 0;
    /// Sets the mean thickness of the SEI that `impedance_Ohm` counts. False if there is none.
    virtual bool set_sei(double sei_m) {
        (void)sei_m;
        return false;
    }
    /// What is inside after the last step. False if the model has no inside (an equivalent circuit).
    virtual bool fields(cell::EchemFields* out) const {
        (void)out;
        return false;
    }
    /// Charge between soc 1 and soc 0 at the present health; 0 if the model doesn't say.
    virtual double capacity_C() const { return 0.0; }
    /// Temperature of the core, where the model has one.
    virtual double t_core_K() const { return t_K(); }
    /// Capacity and resistances relative to new; acts with the next reset. False if the model cannot age this way.
    virtual bool set_health(double capacity_rel, double r_rel) {
        (void)capacity_rel;
        (void)r_rel;
        return false;
    }

    /// An internal short of this conductance from now on, S. False if the model knows no abuse.
    virtual bool set_short(double short_S) {
        (void)short_S;
        return false;
    }
    /// False if the model knows no abuse.
    virtual bool abuse(AbuseReport* out) const {
        (void)out;
        return false;
    }

    /// False if the model has no side reactions, or they are off.
    virtual bool degradation(DegradationReport* out) const {
        (void)out;
        return false;
    }

    /// The state as bytes, and back: the cell goes on equal to the bit. load throws std::invalid_argument for bytes of
    /// another size or kind.
    virtual std::vector<std::uint8_t> save() const = 0;
    virtual void load(const std::vector<std::uint8_t>& bytes) = 0;
    /// A second cell in the same state; null if the model cannot.
    virtual std::unique_ptr<CellModel> clone() const { return nullptr; }
    /// States of degradation that only grow, and a change of them (cell::Echem); empty: none.
    virtual std::vector<double> slow() const { return {}; }
    virtual void move_slow(const std::vector<double>& d) { (void)d; }

    cell::ValidRange valid;  // where its data hold
    double nominal_Ah = 0.0, v_min_V = 0.0, v_max_V = 0.0, ambient_K = 298.15;
    double tol_V = 1e-3;               // of a protocol's steps, unless it says otherwise
    bool keeps_length = false;         // a trial costs less if it is as long as the one before
    double bend = 0.0;                 // of the last trial: how far an inner state left its straight continuation
    double soc0 = 1.0, t0_K = 298.15;  // where the file says that it begins
    double ambient0_K = 298.15;
    std::vector<std::string> notes;   // of a BPX file: what was assumed, is unknown or doesn't fit together
    std::string id, kind, chemistry;  // chemistry: LFP, NMC, LTO or not known
};

/// A model file of the project (equivalent circuit; kind "abused" adds models/abuse of its chemistry) or a BPX file
/// (kind spm, spme, dfn; "" is spme). `name`: a path or
/// a model's name below models/cells of the search path. Throws InputError.
/// degradation: side reactions of an electrochemical cell (cell::parse_side_laws), "" none.
std::unique_ptr<CellModel> open_cell(const std::string& name, const std::string& kind, bool thermal,
                                     const std::string& degradation = "");
/// Parameters of a BPX file or a shipped set, that the kind (spm, spme, dfn) can use. Throws InputError.
std::shared_ptr<const cell::EchemParams> open_set(const std::string& name, const std::string& kind);
std::unique_ptr<CellModel> make_ecm_cell(std::shared_ptr<const cell::EcmModel> model);
/// An equivalent circuit that may leave its window: reversal, overcharge, plating, shorts, runaway (kind "abused").
std::unique_ptr<CellModel> make_abused_cell(std::shared_ptr<const cell::EcmModel> model, cell::AbuseModel abuse);
/// Abuse model by path or by name below models/abuse. Throws InputError.
cell::AbuseModel open_abuse(const std::string& name);
std::unique_ptr<CellModel> make_echem_cell(const std::shared_ptr<const cell::EchemParams>& params, cell::EchemKind kind,
                                           bool thermal, const cell::EchemMesh& mesh = {},
                                           const cell::SideLaws& laws = {});

}  // namespace twin::study
