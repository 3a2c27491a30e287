// SPDX-License-Identifier: Apache-2.0
#include "io/bpx.hpp"

#include <fmt/format.h>

#include <functional>
#include <stdexcept>

#include "base/expression.hpp"
#include "base/math.hpp"
#include "io/model.hpp"

namespace twin::io {

namespace {

using Function = std::function<double(double)>;

class Bpx {
public:
    explicit Bpx(std::string file) : file_(std::move(file)) {}

    BpxResult read(const Json& root) {
        BpxResult r;
        if (const Json* h = root.find("Header"); h != nullptr && h->is_object()) {
            if (const Json* t = h->find("Title"); t != nullptr && t->is_string()) r.title = t->text;
            if (const Json* m = h->find("Model"); m != nullptr && m->is_string()) r.model = m->text;
        } else {
            error("/Header", &root, "is missing");
        }
        const Json* const all = root.find("Parameterisation");
        if (all == nullptr || !all->is_object()) {
            error("/Parameterisation", &root, "is missing: this is no BPX file");
            r.errors = std::move(errors_);
            return r;
        }
        auto p = std::make_shared<cell::EchemParams>();
        p->title = r.title;
        try {
            if (const Json* s = section(*all, "Cell")) cell(*s, *p);
            if (const Json* s = section(*all, "Electrolyte")) electrolyte(*s, *p);
            if (const Json* s = section(*all, "Negative electrode")) electrode(*s, *p, 0);
            if (const Json* s = section(*all, "Positive electrode")) electrode(*s, *p, 1);
            if (const Json* s = section(*all, "Separator")) separator(*s, *p);
        } catch (const std::invalid_argument& e) {
            error(at_, nullptr, e.what());
        }
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
    const Json* section(const Json& all, const char* name) {
        at_ = pointer_join("/Parameterisation", name);
        const Json* s = all.find(name);
        if (s != nullptr && s->is_object()) return s;
        error(at_, &all, "is missing");
        return nullptr;
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
    static std::vector<double> numbers(const Json* list) {
        std::vector<double> v;
        if (list == nullptr || !list->is_array()) return v;
        for (const Json& x : list->items) {
            if (!x.is_number()) return {};
            v.push_back(x.number);
        }
        return v;
    }
    /// A number, an expression or a table.
    Function function(const Json& s, const char* key, const double* otherwise = nullptr) {
        const std::string pointer = pointer_join(at_, key);
        const Json* v = s.find(key);
        if (v == nullptr) {
            if (otherwise == nullptr) error(pointer, &s, "is missing");
            const double c = otherwise != nullptr ? *otherwise : 0.0;
            return [c](double) { return c; };
        }
        if (v->is_number()) {
            const double c = v->number;
            return [c](double) { return c; };
        }
        if (v->is_string()) {
            base::Expression e;
            base::ExpressionError why;
            if (base::Expression::parse(v->text, &e, &why)) return [e](double x) { return e(x); };
            error(pointer, v, fmt::format("not an expression: {} at character {}", why.message, why.at + 1));
            return [](double) { return 0.0; };
        }
        if (v->is_object()) {
            const std::vector<double> x = numbers(v->find("x")), y = numbers(v->find("y"));
            bool rising = x.size() >= 2 && x.size() == y.size();
            for (std::size_t k = 1; rising && k < x.size(); ++k) rising = x[k] > x[k - 1];
            if (rising) {
                return [x, y](double at) {
                    std::size_t k = 1;
                    while (k + 1 < x.size() && at > x[k]) ++k;
                    return y[k - 1] + (y[k] - y[k - 1]) * ((at - x[k - 1]) / (x[k] - x[k - 1]));
                };
            }
            error(pointer, v, "a table needs lists \"x\" (rising) and \"y\" of equal length, at least 2");
            return [](double) { return 0.0; };
        }
        error(pointer, v, fmt::format("must be a number, an expression or a table, not {}", kind_text(*v)));
        return [](double) { return 0.0; };
    }
    /// The same where only a constant is understood.
    double constant(const Json& s, const char* key, double lo, double hi) {
        const Json* v = s.find(key);
        if (v == nullptr || v->is_number()) return number(s, key, lo, hi);
        const Function f = function(s, key);
        const double c = f(0.5);
        for (const double x : {0.02, 0.25, 0.75, 0.98}) {
            if (base::abs2(f(x) - c) <= 1e-9 * base::abs2(c)) continue;
            error(pointer_join(at_, key), v,
                  "varies with x: diffusivities that depend on lithiation are not supported yet");
            return c;
        }
        return c;
    }

    void cell(const Json& s, cell::EchemParams& p) {
        const double one = 1.0, t_ref = 298.15, none = 0.0;
        const double pairs = number(s, "Number of electrode pairs connected in parallel to make a cell", 1, 1e5, &one);
        p.area_m2 = pairs * number(s, "Electrode area [m2]", 1e-8, 1e4);
        p.nominal_Ah = number(s, "Nominal cell capacity [A.h]", 1e-6, 1e5);
        p.v_min_V = number(s, "Lower voltage cut-off [V]", 0, 10);
        p.v_max_V = number(s, "Upper voltage cut-off [V]", 0, 10);
        p.t_ref_K = number(s, "Reference temperature [K]", 150, 500, &t_ref);
        const double volume = number(s, "Volume [m3]", 0, 10, &none);
        const double density = number(s, "Density [kg.m-3]", 0, 2e4, &none);
        const double heat = number(s, "Specific heat capacity [J.K-1.kg-1]", 0, 1e5, &none);
        p.heat_capacity_J_K = volume * density * heat;
        const double cooled = number(s, "External surface area [m2]", 0, 1e3, &none);
        const double h = number(s, "Total heat transfer coefficient [W.m-2.K-1]", 0, 1e5, &none);
        p.cooling_W_K = cooled * h;
        if (p.heat_capacity_J_K > 0.0 && h == 0.0 && cooled > 0.0) {
            p.cooling_W_K = 10.0 * cooled;
            notes_.push_back("cooling assumed: 10 W/m2/K on the external surface");
        }
    }
    void electrolyte(const Json& s, cell::EchemParams& p) {
        const double none = 0.0, one = 1.0;
        p.c_e0 = number(s, "Initial concentration [mol.m-3]", 1, 1e5);
        p.t_plus = number(s, "Cation transference number", 0, 1);
        p.activity = number(s, "Thermodynamic factor", 0, 100, &one);
        p.kappa_S_m = cell::Curve(function(s, "Conductivity [S.m-1]"), 10.0, 5.0 * p.c_e0, 2000, "the conductivity");
        p.d_e_m2_s = cell::Curve(function(s, "Diffusivity [m2.s-1]"), 10.0, 5.0 * p.c_e0, 2000, "the diffusivity");
        p.kappa_energy_J = number(s, "Conductivity activation energy [J.mol-1]", 0, 1e6, &none);
        p.d_e_energy_J = number(s, "Diffusivity activation energy [J.mol-1]", 0, 1e6, &none);
    }
    void electrode(const Json& s, cell::EchemParams& p, std::size_t side) {
        cell::EchemElectrode& e = p.electrode[side];
        if (s.find("Particle") != nullptr) {
            error(pointer_join(at_, "Particle"), &s, "blended electrodes are not supported yet");
            return;
        }
        for (const char* key : {"OCP (lithiation) [V]", "OCP (delithiation) [V]", "Hysteresis decay constant"}) {
            if (s.find(key) != nullptr && s.find("OCP [V]") == nullptr)
                error(pointer_join(at_, key), &s, "hysteresis of an electrode is not supported yet");
        }
        const double none = 0.0, b_liquid = 1.5;
        e.thickness_m = number(s, "Thickness [m]", 1e-8, 1.0);
        e.radius_m = number(s, "Particle radius [m]", 1e-10, 1e-2);
        e.area_per_volume_perm = number(s, "Surface area per unit volume [m-1]", 1.0, 1e10);
        e.porosity = number(s, "Porosity", 1e-4, 1.0);
        const double b = number(s, "Bruggeman coefficient (electrolyte)", 0, 10, &b_liquid);
        const double from_b = base::det_pow(e.porosity > 0.0 ? e.porosity : 1.0, b);
        e.transport = number(s, "Transport efficiency", 1e-6, 1.0, &from_b);
        const double solid = number(s, "Electrode Bruggeman coefficient (solid)", 0, 10, &none);
        const double full = 1.0;
        const double fraction = number(s, "Active material volume fraction", 1e-4, 1.0, &full);
        const double sigma = number(s, "Conductivity [S.m-1]", 1e-9, 1e9);
        e.sigma_S_m = solid > 0.0 ? sigma * base::det_pow(fraction, solid) : sigma;
        e.c_max = number(s, "Maximum concentration [mol.m-3]", 1.0, 1e6);
        e.d_m2_s = constant(s, "Diffusivity [m2.s-1]", 1e-30, 1e-3);
        e.d_energy_J = number(s, "Diffusivity activation energy [J.mol-1]", 0, 1e6, &none);
        e.k_mol_m2_s = constant(s, "Reaction rate constant [mol.m-2.s-1]", 1e-20, 1e3);
        e.k_energy_J = number(s, "Reaction rate constant activation energy [J.mol-1]", 0, 1e6, &none);
        const double lo = number(s, "Minimum stoichiometry", 0.0, 1.0),
                     hi = number(s, "Maximum stoichiometry", 0.0, 1.0);
        if (!(lo < hi)) error(pointer_join(at_, "Minimum stoichiometry"), &s, "must be less than the maximum");
        e.x_full = side == 0 ? hi : lo;
        e.x_empty = side == 0 ? lo : hi;
        const Function ocp = function(s, "OCP [V]"), dudt = function(s, "Entropic change coefficient [V.K-1]", &none);
        if (!errors_.empty()) return;
        e.ocp_V = cell::Curve(ocp, 5e-4, 1.0 - 5e-4, 4000, "the open-circuit potential");
        e.dudt_V_K = cell::Curve(dudt, 5e-4, 1.0 - 5e-4, 1000, "the entropic coefficient");
    }
    void separator(const Json& s, cell::EchemParams& p) {
        p.sep_thickness_m = number(s, "Thickness [m]", 1e-8, 1.0);
        p.sep_porosity = number(s, "Porosity", 1e-4, 1.0);
        const double from_b = base::det_pow(p.sep_porosity > 0.0 ? p.sep_porosity : 1.0, 1.5);
        p.sep_transport = number(s, "Transport efficiency", 1e-6, 1.0, &from_b);
    }

    std::string file_, at_;
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
