// SPDX-License-Identifier: Apache-2.0
#include "io/bpx.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <set>
#include <stdexcept>

#include "base/math.hpp"
#include "io/bpx_function.hpp"
#include "io/model.hpp"

namespace twin::io {

namespace {

constexpr double k_ocv_tolerance_V = 2e-3;
constexpr double k_ocp_edge = 5e-4;  // potentials are tabulated this far from 0 and 1

class Bpx {
public:
    explicit Bpx(std::string file) : file_(std::move(file)) {}

    BpxResult read(const Json& root) {
        BpxResult r;
        header(root, r);
        const Json* const all = root.find("Parameterisation");
        if (all == nullptr || !all->is_object()) {
            error("/Parameterisation", &root, "is missing: this is no BPX file");
            r.errors = std::move(errors_);
            return r;
        }
        auto p = std::make_shared<cell::EchemParams>();
        p->title = r.title;
        p->electrolyte = r.model != "SPM" || all->find("Electrolyte") != nullptr;
        try {
            if (const Json* s = section(*all, "Cell")) cell(*s, *p);
            state(root, *p);
            if (p->electrolyte) {
                if (const Json* s = section(*all, "Electrolyte")) electrolyte(*s, *p);
            }
            if (const Json* s = section(*all, "Negative electrode")) electrode(*s, *p, 0);
            if (const Json* s = section(*all, "Positive electrode")) electrode(*s, *p, 1);
            if (p->electrolyte) {
                if (const Json* s = section(*all, "Separator")) separator(*s, *p);
            } else {
                p->c_e0 = 1000.0;  // cancels in the SPM
                p->sep_thickness_m = 1e-5;
                p->sep_porosity = p->sep_transport = 1.0;
            }
            side_reactions(*all, *p);
        } catch (const std::invalid_argument& e) {
            error(at_, nullptr, e.what());
        }
        if (errors_.empty()) check_window(*p);
        if (!errors_.empty() && r.model == "Partial")
            notes_.push_back("the header says Partial: what is missing must be added before the cell can run");
        r.notes = std::move(notes_);
        if (errors_.empty()) r.params = std::move(p);
        r.errors = std::move(errors_);
        return r;
    }

private:
    void error(const std::string& pointer, const Json* where, std::string message) {
        Diagnostic d;
        d.file = file_;
        d.pointer = pointer;
        d.message = std::move(message);
        d.line = where != nullptr ? static_cast<int>(where->line) : 0;
        errors_.push_back(std::move(d));
    }
    void header(const Json& root, BpxResult& r) {
        const Json* const h = root.find("Header");
        if (h == nullptr || !h->is_object()) {
            error("/Header", &root, "is missing");
            return;
        }
        if (const Json* t = h->find("Title"); t != nullptr && t->is_string()) r.title = t->text;
        const Json* const m = h->find("Model");
        if (m == nullptr) return;
        if (m->is_string()) r.model = m->text;
        for (const char* known : {"SPM", "SPMe", "DFN", "Partial"}) {
            if (r.model == known) return;
        }
        error("/Header/Model", m, "must be \"SPM\", \"SPMe\", \"DFN\" or \"Partial\"");
    }
    const Json* section(const Json& all, const char* name) {
        at_ = pointer_join("/Parameterisation", name);
        const Json* s = all.find(name);
        if (s != nullptr && s->is_object()) return s;
        if (s != nullptr)
            error(at_, s, fmt::format("must be an object, not {}", kind_text(*s)));
        else
            error(at_, &all, "is missing");
        return nullptr;
    }
    void note_unknown(const Json& s, const std::set<std::string>& known) {
        for (const auto& [key, value] : s.members) {
            if (!known.contains(key)) notes_.push_back(fmt::format("{}: not known, not used", pointer_join(at_, key)));
        }
    }
    double number(const Json& s, const char* key, double lo, double hi, const double* otherwise = nullptr) {
        const Json* v = s.find(key);
        if (v == nullptr) {
            if (otherwise != nullptr) return *otherwise;
            error(pointer_join(at_, key), &s, "is missing");
            return lo;
        }
        if (!v->is_number()) {
            error(pointer_join(at_, key), v, fmt::format("must be a number, not {}", kind_text(*v)));
            return lo;
        }
        if (!(v->number >= lo && v->number <= hi))
            error(pointer_join(at_, key), v, fmt::format("{} is outside {} .. {}", v->number, lo, hi));
        return v->number;
    }
    BpxFunction function(const Json& s, const char* key, bool may_use_t, const double* otherwise = nullptr) {
        const std::string pointer = pointer_join(at_, key);
        const Json* v = s.find(key);
        BpxFunction f = BpxFunction::constant(otherwise != nullptr ? *otherwise : 0.0);
        if (v == nullptr) {
            if (otherwise == nullptr) error(pointer, &s, "is missing");
            return f;
        }
        std::string why;
        if (!BpxFunction::parse(*v, &f, &why)) {
            error(pointer, v, why);
            return BpxFunction::constant(0.0);
        }
        if (f.of_temperature() && !may_use_t)
            error(pointer, v, "only functions of the electrolyte may use T; an activation energy does this elsewhere");
        return f;
    }
    /// A function over 0 .. 1 that is the same everywhere: its value; otherwise the curve and the value at 1/2.
    double perhaps_constant(const Json& s, const char* key, double lo, double hi, cell::Curve* curve) {
        const Json* v = s.find(key);
        if (v == nullptr || v->is_number()) return number(s, key, lo, hi);
        const BpxFunction f = function(s, key, false);
        const double c = f(0.5, t_ref_K_);
        bool same = true;
        for (int k = 0; k <= 400; ++k) {
            const double x = 0.0025 * k, y = f(x, t_ref_K_);
            same = same && base::abs2(y - c) <= 1e-9 * base::abs2(c);
            if (!(y >= lo && y <= hi)) {
                error(pointer_join(at_, key), v, fmt::format("is {} at x = {:g}, outside {} .. {}", y, x, lo, hi));
                return lo;
            }
        }
        if (!same && curve == nullptr) error(pointer_join(at_, key), v, "varies with x: only a constant is understood");
        if (!same && curve != nullptr && errors_.empty())
            *curve = cell::Curve([&](double x) { return f(x < 0.0 ? 0.0 : (x > 1.0 ? 1.0 : x), t_ref_K_); }, 0.0, 1.0,
                                 2000, key);
        return c;
    }

    void cell(const Json& s, cell::EchemParams& p) {
        const double one = 1.0, t_ref = 298.15, none = 0.0;
        const double pairs = number(s, "Number of electrode pairs connected in parallel to make a cell", 1, 1e5, &one);
        p.area_m2 = pairs * number(s, "Electrode area [m2]", 1e-8, 1e4);
        p.nominal_Ah = number(s, "Nominal cell capacity [A.h]", 1e-6, 1e5);
        p.v_min_V = number(s, "Lower voltage cut-off [V]", 0, 10);
        p.v_max_V = number(s, "Upper voltage cut-off [V]", 0, 10);
        if (!(p.v_min_V < p.v_max_V))
            error(pointer_join(at_, "Lower voltage cut-off [V]"), &s, "must be the lower one");
        p.t_ref_K = t_ref_K_ = number(s, "Reference temperature [K]", 240, 400, &t_ref);
        p.ambient_K = number(s, "Ambient temperature [K]", 150, 500, &none);
        p.t0_K = number(s, "Initial temperature [K]", 150, 500, &none);
        const double volume = number(s, "Volume [m3]", 0, 10, &none);
        const double density = number(s, "Density [kg.m-3]", 0, 2e4, &none);
        const double heat = number(s, "Specific heat capacity [J.K-1.kg-1]", 0, 1e5, &none);
        p.heat_capacity_J_K = volume * density * heat;
        cooled_m2_ = number(s, "External surface area [m2]", 0, 1e3, &none);
        const double h = number(s, "Total heat transfer coefficient [W.m-2.K-1]", 0, 1e5, &none);
        p.cooling_W_K = cooled_m2_ * h;
        p.contact_Ohm = number(s, "Contact resistance [Ohm]", 0, 1e3, &none);
        note_unknown(s, {"Number of electrode pairs connected in parallel to make a cell", "Electrode area [m2]",
                         "Nominal cell capacity [A.h]", "Lower voltage cut-off [V]", "Upper voltage cut-off [V]",
                         "Reference temperature [K]", "Ambient temperature [K]", "Initial temperature [K]",
                         "Volume [m3]", "Density [kg.m-3]", "Specific heat capacity [J.K-1.kg-1]",
                         "External surface area [m2]", "Total heat transfer coefficient [W.m-2.K-1]",
                         "Thermal conductivity [W.m-1.K-1]", "Contact resistance [Ohm]"});
    }
    void state(const Json& root, cell::EchemParams& p) {
        const Json* const all = root.find("State");
        const Json empty;
        const auto part = [&](const char* name) -> const Json& {
            const Json* s = all != nullptr && all->is_object() ? all->find(name) : nullptr;
            at_ = pointer_join("/State", name);
            if (s != nullptr && !s->is_object()) error(at_, s, "must be an object");
            return s != nullptr && s->is_object() ? *s : empty;
        };
        if (all != nullptr && !all->is_object()) error("/State", all, "must be an object");
        const double full = 1.0, none = 0.0, up = -1.0;
        const Json& start = part("Initial conditions");
        p.soc0 = number(start, "Initial state-of-charge", 0, 1, &full);
        p.t0_K = number(start, "Initial temperature [K]", 150, 500, &p.t0_K);
        c_e0_ = number(start, "Initial electrolyte concentration [mol.m-3]", 1, 1e5, &none);
        p.electrode[0].hysteresis0 = number(start, "Initial hysteresis state: Negative electrode", -1, 1, &up);
        p.electrode[1].hysteresis0 = number(start, "Initial hysteresis state: Positive electrode", -1, 1, &full);
        const Json& around = part("Thermal environment");
        p.ambient_K = number(around, "Ambient temperature [K]", 150, 500, &p.ambient_K);
        const double unknown = -1.0;
        const double h = number(around, "Heat transfer coefficient [W.m-2.K-1]", 0, 1e5, &unknown);
        if (h >= 0.0)
            p.cooling_W_K = cooled_m2_ * h;
        else if (p.heat_capacity_J_K > 0.0 && p.cooling_W_K == 0.0 && cooled_m2_ > 0.0) {
            p.cooling_W_K = 10.0 * cooled_m2_;
            notes_.push_back("cooling assumed: 10 W/m2/K on the external surface");
        }
        const Json& worn = part("Degradation");
        for (const char* key : {"LLI", "LAM: Positive electrode", "LAM: Negative electrode"}) {
            const Json* const v = worn.find(key);
            if (v != nullptr && !(v->is_number() && v->number == 0.0))
                error(pointer_join(at_, key), v, "a degraded start is not supported: must be 0");
        }
    }
    void electrolyte(const Json& s, cell::EchemParams& p) {
        const double none = 0.0, one = 1.0;
        p.c_e0 = number(s, "Initial concentration [mol.m-3]", 1, 1e5, c_e0_ > 0.0 ? &c_e0_ : nullptr);
        if (c_e0_ > 0.0) p.c_e0 = c_e0_;
        const BpxFunction t_plus = function(s, "Cation transference number", true);
        const BpxFunction activity = function(s, "Thermodynamic factor", true, &one);
        const BpxFunction kappa = function(s, "Conductivity [S.m-1]", true);
        const BpxFunction d_e = function(s, "Diffusivity [m2.s-1]", true);
        p.t_plus = t_plus(p.c_e0, p.t_ref_K);
        p.activity = activity(p.c_e0, p.t_ref_K);
        if (!(p.t_plus >= 0.0 && p.t_plus <= 1.0))
            error(pointer_join(at_, "Cation transference number"), &s, fmt::format("{} is outside 0 .. 1", p.t_plus));
        if (!(p.activity > 0.0 && p.activity <= 100.0))
            error(pointer_join(at_, "Thermodynamic factor"), &s, fmt::format("{} is outside 0 .. 100", p.activity));
        p.kappa_energy_J = number(s, "Conductivity activation energy [J.mol-1]", 0, 1e6, &none);
        p.d_e_energy_J = number(s, "Diffusivity activation energy [J.mol-1]", 0, 1e6, &none);
        note_unknown(s, {"Initial concentration [mol.m-3]", "Cation transference number", "Thermodynamic factor",
                         "Conductivity [S.m-1]", "Diffusivity [m2.s-1]", "Conductivity activation energy [J.mol-1]",
                         "Diffusivity activation energy [J.mol-1]"});
        if (!errors_.empty()) return;
        const auto curve = [&](const auto& f, bool over_t, const char* what) {
            return cell::TransportCurve(f, over_t, p.t_ref_K, 4.0 * p.c_e0, what);
        };
        const auto positive = [](const BpxFunction& f) {  // polynomials leave the range of their source
            return [&f](double c, double t) {
                const double y = f(c, t);
                return y > 1e-16 || !(y == y) ? y : 1e-16;
            };
        };
        p.kappa_S_m = curve(positive(kappa), kappa.of_temperature(), "the conductivity");
        p.d_e_m2_s = curve(positive(d_e), d_e.of_temperature(), "the diffusivity");
        if (t_plus.is_constant() && activity.is_constant()) return;
        const bool over_t = t_plus.of_temperature() || activity.of_temperature();
        p.t_plus_curve = curve(t_plus, over_t, "the transference number");
        p.diffusion_factor = curve([&](double c, double t) { return (1.0 - t_plus(c, t)) * activity(c, t); }, over_t,
                                   "the thermodynamic factor");
    }
    void electrode(const Json& s, cell::EchemParams& p, std::size_t side) {
        cell::EchemElectrode& e = p.electrode[side];
        if (const Json* blend = s.find("Particle"); blend != nullptr) {
            error(pointer_join(at_, "Particle"), blend, "blended electrodes are not supported");
            return;
        }
        const double none = 0.0, b_liquid = 1.5, full = 1.0;
        const bool liquid = p.electrolyte;
        e.thickness_m = number(s, "Thickness [m]", 1e-8, 1.0);
        e.radius_m = number(s, "Particle radius [m]", 1e-10, 1e-2);
        e.area_per_volume_perm = number(s, "Surface area per unit volume [m-1]", 1.0, 1e10);
        e.porosity = number(s, "Porosity", 1e-4, 1.0, liquid ? nullptr : &full);
        const double b = number(s, "Bruggeman coefficient (electrolyte)", 0, 10, &b_liquid);
        const double from_b = base::det_pow(e.porosity > 0.0 ? e.porosity : 1.0, b);
        e.transport = number(s, "Transport efficiency", 1e-6, 1.0, &from_b);
        const double solid = number(s, "Electrode Bruggeman coefficient (solid)", 0, 10, &none);
        const double fraction = number(s, "Active material volume fraction", 1e-4, 1.0, &full);
        const double sigma = number(s, "Conductivity [S.m-1]", 1e-9, 1e9, liquid ? nullptr : &full);
        e.sigma_S_m = solid > 0.0 ? sigma * base::det_pow(fraction, solid) : sigma;
        e.sigma_energy_J = number(s, "Conductivity activation energy [J.mol-1]", 0, 1e6, &none);
        e.c_max = number(s, "Maximum concentration [mol.m-3]", 1.0, 1e6);
        e.d_m2_s = perhaps_constant(s, "Diffusivity [m2.s-1]", 1e-30, 1e-3, &e.d_of_x);
        e.d_energy_J = number(s, "Diffusivity activation energy [J.mol-1]", 0, 1e6, &none);
        e.k_mol_m2_s = perhaps_constant(s, "Reaction rate constant [mol.m-2.s-1]", 1e-20, 1e3, nullptr);
        e.k_energy_J = number(s, "Reaction rate constant activation energy [J.mol-1]", 0, 1e6, &none);
        exponents(s, e);
        const double lo = number(s, "Minimum stoichiometry", 0.0, 1.0),
                     hi = number(s, "Maximum stoichiometry", 0.0, 1.0);
        if (!(lo < hi)) error(pointer_join(at_, "Minimum stoichiometry"), &s, "must be less than the maximum");
        e.x_full = side == 0 ? hi : lo;
        e.x_empty = side == 0 ? lo : hi;
        potentials(s, e);
        note_unknown(s, {"Thickness [m]",
                         "Particle radius [m]",
                         "Surface area per unit volume [m-1]",
                         "Porosity",
                         "Bruggeman coefficient (electrolyte)",
                         "Transport efficiency",
                         "Electrode Bruggeman coefficient (solid)",
                         "Active material volume fraction",
                         "Conductivity [S.m-1]",
                         "Conductivity activation energy [J.mol-1]",
                         "Maximum concentration [mol.m-3]",
                         "Diffusivity [m2.s-1]",
                         "Diffusivity activation energy [J.mol-1]",
                         "Reaction rate constant [mol.m-2.s-1]",
                         "Reaction rate constant activation energy [J.mol-1]",
                         "Minimum stoichiometry",
                         "Maximum stoichiometry",
                         "OCP [V]",
                         "OCP (lithiation) [V]",
                         "OCP (delithiation) [V]",
                         "OCP hysteresis decay constant",
                         "Entropic change coefficient [V.K-1]",
                         "Exchange current exponents [c_e, x, 1-x]"});
    }
    void exponents(const Json& s, cell::EchemElectrode& e) {
        const char* const key = "Exchange current exponents [c_e, x, 1-x]";
        const Json* const v = s.find(key);
        if (v == nullptr) return;
        bool good = v->is_array() && v->items.size() == 3;
        for (std::size_t k = 0; good && k < 3; ++k) {
            good = v->items[k].is_number() && v->items[k].number >= 0.0 && v->items[k].number <= 2.0;
            if (good) e.j0_power[k] = v->items[k].number;
        }
        if (!good) error(pointer_join(at_, key), v, "must be three numbers from 0 to 2");
    }
    void potentials(const Json& s, cell::EchemElectrode& e) {
        const double none = 0.0;
        const BpxFunction dudt = function(s, "Entropic change coefficient [V.K-1]", false, &none);
        const bool two = s.find("OCP (lithiation) [V]") != nullptr || s.find("OCP (delithiation) [V]") != nullptr;
        BpxFunction in, out;
        if (two) {
            in = function(s, "OCP (lithiation) [V]", false);
            out = function(s, "OCP (delithiation) [V]", false);
            e.hysteresis_decay = number(s, "OCP hysteresis decay constant", 0.0, 1e6);
        } else {
            in = function(s, "OCP [V]", false);
        }
        if (!errors_.empty()) return;
        const double lo = k_ocp_edge, hi = 1.0 - k_ocp_edge, t = t_ref_K_;
        const auto mean = [&](double x) { return two ? 0.5 * (in(x, t) + out(x, t)) : in(x, t); };
        e.ocp_V = cell::Curve(mean, lo, hi, 4000, "the open-circuit potential");
        if (two)
            e.hysteresis_V =
                cell::Curve([&](double x) { return 0.5 * (out(x, t) - in(x, t)); }, lo, hi, 4000, "the hysteresis");
        e.dudt_V_K = cell::Curve([&](double x) { return dudt(x, t); }, lo, hi, 1000, "the entropic coefficient");
    }
    void separator(const Json& s, cell::EchemParams& p) {
        p.sep_thickness_m = number(s, "Thickness [m]", 1e-8, 1.0);
        p.sep_porosity = number(s, "Porosity", 1e-4, 1.0);
        const double b_liquid = 1.5;
        const double b = number(s, "Bruggeman coefficient (electrolyte)", 0, 10, &b_liquid);
        const double from_b = base::det_pow(p.sep_porosity > 0.0 ? p.sep_porosity : 1.0, b);
        p.sep_transport = number(s, "Transport efficiency", 1e-6, 1.0, &from_b);
        note_unknown(s, {"Thickness [m]", "Porosity", "Bruggeman coefficient (electrolyte)", "Transport efficiency"});
    }
    /// Figures of SEI growth and plating in the section that BPX leaves to its users.
    void side_reactions(const Json& all, cell::EchemParams& p) {
        const Json* const s = all.find("User-defined");
        if (s == nullptr) return;
        at_ = pointer_join("/Parameterisation", "User-defined");
        if (!s->is_object()) {
            error(at_, s, fmt::format("must be an object, not {}", kind_text(*s)));
            return;
        }
        std::set<std::string> known{"description"};
        for (const cell::SideKey& k : cell::side_keys()) {
            known.insert(k.key);
            if (s->find(k.key) != nullptr) p.side.*(k.member) = number(*s, k.key, k.lo, k.hi);
        }
        note_unknown(*s, known);
    }
    /// The potentials at the limits of lithiation against the cut-off voltages.
    void check_window(const cell::EchemParams& p) {
        const auto& n = p.electrode[0];
        const auto& q = p.electrode[1];
        const double top = q.ocp_V.value(q.x_full) - n.ocp_V.value(n.x_full);
        const double bottom = q.ocp_V.value(q.x_empty) - n.ocp_V.value(n.x_empty);
        if (!(bottom < top)) {
            error("/Parameterisation", nullptr,
                  fmt::format("the cell has {:.4f} V empty and {:.4f} V full: limits of lithiation or potentials are "
                              "exchanged",
                              bottom, top));
            return;
        }
        if (top > p.v_max_V + k_ocv_tolerance_V)
            notes_.push_back(
                fmt::format("full, the cell has {:.4f} V, above its upper cut-off {:g} V", top, p.v_max_V));
        if (bottom < p.v_min_V - k_ocv_tolerance_V)
            notes_.push_back(
                fmt::format("empty, the cell has {:.4f} V, below its lower cut-off {:g} V", bottom, p.v_min_V));
    }

    std::string file_, at_;
    double t_ref_K_ = 298.15, cooled_m2_ = 0.0, c_e0_ = 0.0;
    std::vector<Diagnostic> errors_;
    std::vector<std::string> notes_;
};

}  // namespace

bool is_bpx(const Json& j) { return j.is_object() && j.find("Parameterisation") != nullptr; }

BpxResult read_bpx_json(const Json& j, const std::string& name) { return Bpx(name).read(j); }

BpxResult read_bpx(const std::string& path) {
    Json j;
    Diagnostic d;
    if (read_json(path, k_model_limits, &j, &d)) return read_bpx_json(j, path);
    BpxResult r;
    r.errors.push_back(std::move(d));
    return r;
}

}  // namespace twin::io
