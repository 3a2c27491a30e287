// SPDX-License-Identifier: Apache-2.0
// The plant: cells, network, MOSFETs, input stage, loads and heat of one run (T = double) or of eight runs of one
// topology (T = Pack8). Inputs change at instants; a trial step is computed by try_*, made real by commit(), undone by
// rollback(). Sign convention: currents are positive when they discharge the battery. Nothing here allocates after
// construction.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.hpp"
#include "base/sum.hpp"
#include "cell/ecm.hpp"
#include "net/solver.hpp"
#include "power/cell_store.hpp"
#include "power/clamp.hpp"
#include "power/diode.hpp"
#include "power/fet_damage.hpp"
#include "power/foster.hpp"
#include "power/ledger.hpp"
#include "power/mosfet.hpp"
#include "power/plant_block.hpp"
#include "power/topology.hpp"

namespace twin::power {

enum class Group : std::uint8_t { dsg = 0, chg = 1 };
enum class Method : std::uint8_t { sdirk2, one_stage };

/// SDIRK2 (Alexander 1977): d = 1 - 1/sqrt 2; stages at d and 1, weights (1 - d, d), stiffly accurate.
inline constexpr double k_sdirk_d = 0.29289321881345247560;

/// Published numbers of one pack at the end of the last step (or after resolve()), volts against the board's B-.
template <class T>
struct PackView {
    const T* pin_V;   // (n_cells + 1) AFE pins
    const T* tap_V;   // (n_cells + 1) what the leads' board ends see
    const T* cell_V;  // (n_cells) terminal voltages without L di/dt of the joints
    T shunt_V;        // source - board minus, inductance included
    T i_pack_A;       // through the shunt
    T p_minus_V;      // against B-
    T p_sense_V;      // filtered divider output
    T supply_V;
    T pack_V;   // P+ against P-
    T stack_V;  // B+ against B-
    T vgs_V[2];
    T vds_V[2];
};

template <class T>
class Plant {
public:
    using Mask = base::MaskOf<T>;

    /// Throws std::invalid_argument for a setup that names places or counts that do not exist.
    explicit Plant(const PlantSetup& setup);

    // --- inputs: take effect with the next step; a change bumps the input version --------------------------------
    void set_gate(std::size_t pack, Group g, const T& v_drive_V);
    void set_precharge(std::size_t pack, const T& on);                                    // 1 or 0
    void set_balancer(std::size_t pack, std::int32_t from, std::int32_t to, double i_A);  // cells 1..n; i 0 = off
    void set_supply_draw(std::size_t pack, const T& p_W);
    void set_pin_pull(std::size_t pack, std::int32_t pin, const T& i_A);       // into the AFE, out of the pin
    void set_balance_switch(std::size_t pack, std::int32_t cell, double g_S);  // between its pins; cells 1..n; 0: open
    void set_pin_fault(std::size_t pack, std::int32_t pin, double g_S);        // destroyed input to the board's minus
    void set_lead_r(std::size_t pack, std::int32_t lead, double r_Ohm);
    void connect_element(std::size_t element, bool on);
    void connect_pack(std::size_t pack, bool on);
    void set_element(std::size_t element, const ElementSetup& values);  // values only; ends stay
    void set_environment(std::size_t pack, const T& cells_degC, const T& board_degC);
    void weld(std::size_t pack, Group g);                                  // drain-source short of the group
    void kill_channel(std::size_t pack, Group g, bool dead);               // never turns on
    void set_cell_leak(std::size_t pack, std::size_t cell, double r_Ohm);  // 0: none
    void open_filter(std::size_t pack, std::int32_t lead);                 // burnt-out filter resistor
    /// Moves a sampling lead to another tap (-1: open): a new topology of the same shape; states stay.
    void rewire(std::size_t pack, std::int32_t lead, std::int32_t tap);
    std::uint64_t input_version() const { return input_version_; }
    bool element_connected(std::size_t element) const { return element_connected_[element] != 0; }
    bool pack_connected(std::size_t pack) const { return pack_connected_[pack] != 0; }

    // --- stepping -------------------------------------------------------------------------------------------------
    base::Status try_step(double h_s, Method m);  // from the committed state; may be called again with another h
    void commit();                                // takes the trial step; keeps what rollback() needs
    void rollback();                              // undoes the last commit()
    base::Status settle();   // operating point of everything that has been connected for long; before a run
    base::Status resolve();  // node voltages just after an input change (states fixed), published
    Method trial_method() const { return trial_method_; }
    double trial_error() const { return trial_error_; }  // of the last trial: > 1 asks for a smaller step (lane 0)
    double predicted_defect_J(double h_s) const;         // of a one-stage step, from the last derivatives (lane 0)
    double trial_defect_J() const { return trial_defect_J_; }

    // --- outputs --------------------------------------------------------------------------------------------------
    PackView<T> view(std::size_t pack) const;
    T pack_power_W(std::size_t pack) const;  // of the stack
    T element_current_A(std::size_t element) const;
    T element_voltage_V(std::size_t element) const;
    T fet_tj_degC(std::size_t pack, Group g) const;
    T board_degC(std::size_t pack) const { return st(o_board_T_)[pack]; }
    T ntc_degC(std::size_t pack, std::size_t k) const { return st(o_ntc_)[4 * pack + k]; }
    T fet_ntc_degC(std::size_t pack) const { return st(o_fet_ntc_)[pack]; }
    T lead_current_A(std::size_t pack, std::int32_t lead) const;
    T pin_clamp_A(std::size_t pack, std::int32_t channel) const;  // 1..n, + upward conduction (reverse clamp)
    void pin_currents_A(std::size_t pack, T* size_A) const;  // (n_cells + 1) the larger |clamp current| beside each pin
    T filter_power_W(std::size_t pack, std::int32_t lead) const;
    void filter_powers_W(std::size_t pack, T* p_W) const;  // (n_cells + 1)
    T precharge_heat_J(std::size_t pack) const { return st(o_pre_heat_)[pack]; }
    T clamp_heat_J(std::size_t pack) const;
    T fet_energy_J(std::size_t pack, Group g, Line what) const;  // channel or avalanche energy since the start
    const FetMargins<T>& fet_margins(std::size_t pack, Group g) const;
    cell::EcmState<T> cell_state(std::size_t pack, std::size_t k) const { return cells_.state(cell_at(pack, k)); }
    void set_cell_state(std::size_t pack, std::size_t k, const cell::EcmState<T>& s);  // by hand, see state_changed()
    T cell_soc(std::size_t pack, std::size_t k) const { return cells_.soc(pack, k); }
    T cell_t_core_degC(std::size_t pack, std::size_t k) const { return cells_.t_core_degC(pack, k); }
    T cell_t_surf_degC(std::size_t pack, std::size_t k) const { return cells_.t_surf_degC(pack, k); }
    T gate_threshold_V(std::size_t pack, Group g) const;
    T precharge_current_A(std::size_t pack) const;
    T balancer_from_A(std::size_t pack) const;
    T balancer_to_A(std::size_t pack) const;
    T line_J(Line l) const;
    T stored_J() const;  // L, C and MOSFET charges: state functions
    T stored_gain_J() const { return stored_J() - st(o_stored0_)[0]; }
    T defect_rel() const {
        return base::abs2(line_J(Line::defect)) / base::max2(st(o_abs_)[0] + st(o_abs_)[1], T(1000.0));
    }
    T energy_residual_rel() const;
    T charge_residual_rel() const;
    std::uint64_t steps() const { return steps_; }
    std::uint64_t newton_solves() const { return solves_; }
    std::uint64_t factorisations() const { return factors_; }

    const PlantSetup& setup() const { return setup_; }
    const Topology& topology() const { return *topo_; }

    // --- state ----------------------------------------------------------------------------------------------------
    void hash(base::Hasher& h, std::size_t lane) const;
    void save(std::vector<std::uint8_t>& out) const;         // T = double
    std::size_t load(const std::uint8_t* p, std::size_t n);  // bytes consumed, 0 = does not fit
    Block<T>& state_block() { return state_; }
    void set_lane(std::size_t lane, const Plant<double>& solo);  // T = Pack8: copies one instance into a lane
    void state_changed();                                        // after writing a state by hand

    ~Plant() = default;
    Plant(const Plant& other) = default;  // a fork: continues to the same bits
    Plant& operator=(const Plant&) = delete;

private:
    friend struct PlantAccess;  // tests
    template <class U>
    friend class Plant;
    struct Scratch;
    struct CoeffSlot;
    T* st(std::size_t o) { return state_.at(o); }
    const T* st(std::size_t o) const { return state_.at(o); }
    T* edit(std::size_t o) {  // every change of an input goes through here
        ++input_edits_;
        return input_.at(o);
    }
    const T* in(std::size_t o) const { return input_.at(o); }

    // construction
    void build_state();
    void build_scratch();
    void init_values();
    void init_pack(std::size_t p);
    void init_board(std::size_t p);
    void init_cell_emf();
    void flatten_topology();
    void list_board(std::size_t p);
    void list_references();
    void rebuild_topology();
    void open_branch(std::size_t rl, Line line);  // the energy of its inductance goes into the opening contact
    void list_leaks();
    void list_sources();
    void find_first_fed();
    void list_clamps();
    void list_clamp_limits();
    // one stage
    void begin_trial(double h_s, Method m);
    void reference_potentials();
    void prepare_conductances(double dh_s, bool slope);
    void factor(double dh_s, bool slope);
    bool recall_factors(double dh_s);
    bool solve_stage(double dh_s, bool slope);
    void linear_sources();
    bool newton(double dh_s);
    bool update_clamps();
    void place_balancers();
    void factor_ports();
    void solve_ports();
    T source_V(std::size_t source) const;  // of the present stage
    T linearise_at(std::size_t k, const T& old_V, const T& new_V) const;
    void eval_port(std::size_t k, double dh_s, const T& v_V, T& i_A, T& g_S);
    void branch_currents();
    // a step
    template <bool First>
    void accumulate(double hb_s);
    void sdirk_history(double h_s, int stage);
    const T* stage_i_A() const;
    const T* stage_v_V() const;
    void mean_emfs(double h_s, bool slope);
    void pack_means(std::size_t p, double h_s, const T* i_A);
    void end_emfs();
    Mask emfs_settled(double h_s, bool slope);
    // electrochemical packs (plant_echem.cpp)
    void echem_start();
    void echem_mirror(std::size_t c, cell::EcmState<T>& s, double dq_C);
    void echem_emf(std::size_t p, std::vector<T>& emf_V);
    void echem_mean(std::size_t p, double h_s, bool slope);
    bool echem_settled(std::size_t p, double h_s, bool slope);
    void echem_commit(std::size_t p, double h_s, T& ocv_J, T& loss_J, T& moved_C);
    void first_slopes(double dh_s);
    base::Status try_sdirk(double h_s);
    base::Status try_one_stage(double h_s);
    template <bool Sdirk>
    base::Status finish_trial(double h_s, double dh_s);
    base::Status check_finite() const;
    // taking it
    CoeffSlot& slot(double h_s);
    void forget_derived();
    void book_branches();
    void book_ports(const CoeffSlot& c);
    void commit_cells(const CoeffSlot& c);
    void commit_thermal(const CoeffSlot& c);
    void commit_group(std::size_t p, std::int32_t fet, const CoeffSlot& c, T& heat_J);
    void commit_balancers(double h_s);
    void keep_solver_memory();
    void keep_resistances();
    void quantise_temperatures();
    void add_line(Line l, const T& e_J);
    void book(Line l, const T& e_J);  // to be added with all others of the step
    void book_sums();
    void publish(bool end_of_step);
    std::size_t cell_at(std::size_t pack, std::size_t k) const;
    T node_V(std::int32_t node) const;  // published, against the plus bus
    T conductance_A(std::int32_t res) const;
    std::size_t group_index(std::size_t pack, Group g) const {
        return static_cast<std::size_t>(g == Group::dsg ? topo_->pack[pack].fet_dsg : topo_->pack[pack].fet_chg);
    }

    PlantSetup setup_;
    std::shared_ptr<const Topology> topo_;
    Block<T> state_;  // states, sums, solver memory
    Block<T> input_;  // parameters and inputs that events change
    CellStore<T> cells_;
    const cell::BlockOps* block_ops_ = &cell::block_ops();
    std::vector<T> saved_state_;  // rollback
    CellCopy<T> saved_cells_;
    net::Workspace<T> ws_;
    struct Bal {
        std::int32_t from = 0, to = 0;
        double i_A = 0.0;
    };
    std::vector<Bal> bal_;
    std::vector<std::uint8_t> pack_connected_, element_connected_;

    // offsets into state_
    std::size_t o_rl_i_ = 0, o_rl_k_ = 0, o_rc_v_ = 0, o_rc_k_ = 0, o_fet_qg_ = 0, o_fet_qd_ = 0, o_fet_vgs_ = 0,
                o_fet_vds_ = 0;
    std::size_t o_foster_ = 0, o_board_T_ = 0, o_fet_ntc_ = 0, o_ntc_ = 0, o_psense_ = 0, o_clamp_heat_ = 0,
                o_pre_heat_ = 0;
    std::size_t o_port_v_ = 0, o_port_g_ = 0, o_port_s_ = 0, o_clamp_g_ = 0, o_clamp_s_ = 0, o_cell_r_ = 0,
                o_bal_to_ = 0;
    std::size_t o_fet_tq_ = 0, o_line_ = 0, o_abs_ = 0, o_cell_q_ = 0, o_fet_e_ = 0, o_stored0_ = 0, o_soc0_ = 0,
                o_side0_ = 0, o_stress_ = 0;
    // offsets into input_
    std::size_t o_rl_r_ = 0, o_rl_l_ = 0, o_rc_r_ = 0, o_rc_c_ = 0, o_res_g_ = 0, o_gate_ = 0, o_draw_ = 0,
                o_source_ = 0, o_load_ = 0, o_charger_ = 0, o_cycler_ = 0, o_env_ = 0, o_weld_ = 0;

    std::vector<MosfetParams<T>> fet_params_;
    std::vector<MosfetCoeff<T>> fet_coeff_;
    std::vector<FetMargins<T>> fet_margins_, saved_margins_;
    std::vector<FetLimits<T>> fet_limits_;    // per pack
    std::vector<FosterParams<T, 3>> foster_;  // per pack, one FET junction to case
    std::vector<DiodeCoeff<T>> diode_coeff_;
    std::vector<ClampParams<T>> clamp_params_;
    std::vector<PinClampParams<T>> pin_clamp_;  // per pack
    std::vector<PinClampParams<T>> fet_clamp_;  // per pack: single balancer FETs

    /// Work arrays; copied with the plant.
    struct ScratchHolder {
        std::unique_ptr<Scratch> p;
        ScratchHolder();
        ~ScratchHolder();
        ScratchHolder(const ScratchHolder& o);
        ScratchHolder& operator=(const ScratchHolder&) = delete;
        Scratch* operator->() const { return p.get(); }
        Scratch& operator*() const { return *p; }
    };
    ScratchHolder s_;
    std::vector<std::size_t> pack_of_cell_;
    bool extended_cells_ = false;  // a pack's model needs the extended form
    std::uint64_t input_edits_ = 1, input_version_ = 0, matrix_version_ = 1, factored_version_ = 0, factored_key_ = 0,
                  trials_ = 0;
    double factored_dh_s_ = -1.0;
    double trial_h_s_ = 0.0;
    Method trial_method_ = Method::sdirk2;
    double trial_error_ = 0.0, trial_defect_J_ = 0.0;
    std::uint64_t steps_ = 0, solves_ = 0, factors_ = 0;
    mutable std::uint64_t input_digest_ = 0, digest_edits_ = 0;  // of the inputs as they were at that edit
    mutable std::uint64_t input_nan_ = 0;
};

}  // namespace twin::power
