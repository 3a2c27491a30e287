// SPDX-License-Identifier: Apache-2.0
#include "study/cell_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <stdexcept>

#include "base/describe.hpp"
#include "base/math.hpp"
#include "cell/echem_rest.hpp"
#include "cell/ecm.hpp"
#include "cell/model_file.hpp"
#include "io/bpx.hpp"
#include "io/load.hpp"
#include "io/model.hpp"
#include "study/impedance.hpp"
#include "study/state_bytes.hpp"

namespace twin::study {

namespace {

class EcmCell final : public CellModel {
public:
    explicit EcmCell(std::shared_ptr<const cell::EcmModel> m) : m_(std::move(m)), p_(cell::make_params(*m_)) {
        id = m_->id;
        kind = "ecm";
        chemistry = m_->chemistry;
        nominal_Ah = m_->nameplate_Ah > 0.0 ? m_->nameplate_Ah : m_->capacity_C / 3600.0;
        v_min_V = m_->v_min_V;
        v_max_V = m_->v_max_V;
        valid = m_->valid;
        reset(1.0, 298.15, {});
    }
    void reset(double soc, double t_K, std::optional<double> h) override {
        s_ = cell::make_state<double>(*m_, p_, soc, t_K - cell::k_zero_degC_K, h.value_or(0.0));
    }
    bool has_hysteresis() const override { return cell::has_hysteresis(*m_); }
    double hysteresis() const override { return s_.h; }
    double direction() const override { return s_.dir; }
    double voltage_V(double i_A) override { return cell::emf(*m_, p_, s_, i_A) - i_A * s_.r0_Ohm; }
    double trial(double h_s, double i_A, bool) override {
        if (k_.h_s != h_s) k_ = cell::coeffs(*m_, h_s);
        i_A_ = i_A;
        return cell::end_emf(*m_, p_, s_, k_, i_A) - i_A * s_.r0_Ohm;
    }
    void commit() override {
        const double joule = s_.r0_Ohm * i_A_ * i_A_ * k_.h_s;
        const auto e = cell::commit(*m_, p_, s_, k_, i_A_ * k_.h_s, joule, ambient_K - cell::k_zero_degC_K);
        heat_W_ = (joule + e.rc_heat_J + e.hyst_heat_J + e.entropic_heat_J) / k_.h_s;
    }
    double soc() const override { return s_.soc; }
    double t_K() const override { return s_.t_surf_degC + cell::k_zero_degC_K; }
    double heat_W() const override { return heat_W_; }
    double charge_out_C() const override { return s_.charge_out_C; }
    Impedance_Ohm impedance_Ohm(double soc, double t_K, const std::vector<double>& f_Hz) const override {
        return impedance(*m_, soc, t_K, f_Hz);
    }
    double capacity_C() const override { return p_.capacity_C; }
    double t_core_K() const override { return s_.t_core_degC + cell::k_zero_degC_K; }
    std::vector<std::uint8_t> save() const override { return bytes_of(Saved{p_, s_}); }
    void load(const std::vector<std::uint8_t>& bytes) override {
        const auto v = of_bytes<Saved>(bytes);
        p_ = v.p;
        s_ = v.s;
    }
    bool set_health(double capacity_rel, double r_rel) override {
        p_ = cell::make_params(*m_, capacity_rel, r_rel);
        return true;
    }

private:
    struct Saved {
        cell::EcmParams<double> p;
        cell::EcmState<double> s;
    };
    std::shared_ptr<const cell::EcmModel> m_;
    cell::EcmParams<double> p_;
    cell::EcmState<double> s_{};
    cell::EcmCoeffs k_;
    double i_A_ = 0.0, heat_W_ = 0.0;
};

class EchemCell final : public CellModel {
public:
    EchemCell(const std::shared_ptr<const cell::EchemParams>& p, cell::EchemKind k, bool thermal,
              const cell::EchemMesh& mesh, const cell::SideLaws& laws)
        : c_(p, k, mesh, laws), kind_(k), mesh_(mesh) {
        id = p->id.empty() ? p->title : p->id;
        kind = k == cell::EchemKind::spm ? "spm" : (k == cell::EchemKind::spme ? "spme" : "dfn");
        nominal_Ah = p->nominal_Ah;
        v_min_V = p->v_min_V;
        v_max_V = p->v_max_V;
        valid = cell::echem_rest_model(*p).valid;
        ambient_K = p->ambient_K > 0.0 ? p->ambient_K : p->t_ref_K;
        ambient0_K = ambient_K;
        t0_K = p->t0_K > 0.0 ? p->t0_K : p->t_ref_K;
        soc0 = p->soc0;
        keeps_length = true;
        tol_V = 2e-3;  // its states are within 0.05 mV at such steps
        c_.thermal = thermal;
        c_.reset(soc0, t0_K);
    }
    void reset(double soc, double t_K, std::optional<double> h) override { c_.reset(soc, t_K, h); }
    bool has_hysteresis() const override { return cell::has_hysteresis(c_.params()); }
    double hysteresis() const override { return c_.hysteresis(); }
    double voltage_V(double i_A) override { return c_.voltage_V(i_A); }
    double trial(double h_s, double i_A, bool jump) override {
        c_.ambient_K = ambient_K;
        const auto& t = c_.trial(h_s, i_A, jump);
        heat_W_ = t.heat_W;
        bend = t.bend;
        return t.ok ? t.v_V : __builtin_nan("");
    }
    void commit() override { c_.commit(); }
    double soc() const override { return c_.soc(); }
    double t_K() const override { return c_.t_K(); }
    double heat_W() const override { return heat_W_; }
    double charge_out_C() const override { return c_.charge_out_C(); }
    Impedance_Ohm impedance_Ohm(double soc, double t_K, const std::vector<double>& f_Hz) const override {
        return impedance(c_.params(), kind_, soc, t_K, f_Hz, mesh_,
                         sei_m_ ? c_.params().side.sei_resistivity_Ohm_m * *sei_m_ : c_.degradation().film_Ohm_m2);
    }
    std::vector<std::uint8_t> save() const override { return c_.snapshot(); }
    void load(const std::vector<std::uint8_t>& bytes) override { c_.restore(bytes); }
    bool set_sei(double sei_m) override {
        if (!c_.side_laws().any()) return false;
        sei_m_ = sei_m;
        return true;
    }
    std::unique_ptr<CellModel> clone() const override { return std::make_unique<EchemCell>(*this); }
    std::vector<double> slow() const override { return c_.slow(); }
    void move_slow(const std::vector<double>& d) override { c_.move_slow(d); }
    bool degradation(DegradationReport* out) const override {
        if (!c_.side_laws().any()) return false;
        *out = {c_.degradation(), c_.plating_V(), c_.lithium_C()};
        return true;
    }
    bool fields(cell::EchemFields* out) const override {
        *out = c_.fields();
        return true;
    }

private:
    cell::Echem c_;
    cell::EchemKind kind_;
    cell::EchemMesh mesh_;
    double heat_W_ = 0.0;
    std::optional<double> sei_m_;  // of the impedance; none: the present film
};

[[noreturn]] void refuse(const std::string& file, std::string message) {
    Diagnostic d;
    d.file = file;
    d.message = std::move(message);
    throw InputError({d});
}

cell::SideLaws side_laws(const std::string& file, const std::string& text) {
    try {
        return cell::parse_side_laws(text);
    } catch (const std::invalid_argument& e) {
        refuse(file, std::string("degradation: ") + e.what());
    }
}

void check_side(const std::string& file, const cell::SideLaws& laws, const cell::SideParams& p) {
    std::vector<Diagnostic> errors;
    for (const std::string& key : cell::missing_for(laws, p)) {
        Diagnostic d;
        d.file = file;
        d.pointer = "/Parameterisation/User-defined/" + key;
        d.message = "is missing: this law of degradation needs it";
        errors.push_back(d);
    }
    if (!errors.empty()) throw InputError(std::move(errors));
}

std::string find_model(const std::string& name) {
    const io::SearchPath search = io::search_path("", {});
    std::string path = search.find("cells", name);
    if (path.empty()) path = search.find("echem", name);
    if (path.empty()) path = name;  // as the caller wrote it: a file of theirs
    std::error_code none;
    if (!std::filesystem::exists(path, none)) {
        std::vector<std::string> names = search.names("cells");
        for (std::string& n : search.names("echem")) names.push_back(std::move(n));
        const std::string near = base::nearest(name, names);
        refuse(name, fmt::format("is no file and no model{}; models: {}",
                                 near.empty() ? "" : fmt::format(", did you mean {}?", near), fmt::join(names, ", ")));
    }
    return path;
}

io::Json read_file_of(const std::string& path) {
    io::Json j;
    Diagnostic d;
    if (!io::read_json(path, io::k_model_limits, &j, &d)) throw InputError({d});
    return j;
}

std::shared_ptr<const cell::EchemParams> set_of(const io::Json& j, const std::string& path, const std::string& kind,
                                                std::vector<std::string>* notes = nullptr) {
    io::BpxResult r = io::read_bpx_json(j, path);
    if (!r.ok()) throw InputError(std::move(r.errors));
    if (kind != "spm" && !r.params->electrolyte) refuse(path, "is a set for the SPM alone: kind must be spm");
    if (notes != nullptr) *notes = std::move(r.notes);
    return r.params;
}

}  // namespace

std::shared_ptr<const cell::EchemParams> open_set(const std::string& name, const std::string& kind) {
    const std::string path = find_model(name);
    const io::Json j = read_file_of(path);
    if (!io::is_bpx(j)) refuse(path, "is no BPX file (Header, Parameterisation)");
    return set_of(j, path, kind);
}

std::unique_ptr<CellModel> make_ecm_cell(std::shared_ptr<const cell::EcmModel> model) {
    return std::make_unique<EcmCell>(std::move(model));
}
std::unique_ptr<CellModel> make_echem_cell(const std::shared_ptr<const cell::EchemParams>& params, cell::EchemKind kind,
                                           bool thermal, const cell::EchemMesh& mesh, const cell::SideLaws& laws) {
    return std::make_unique<EchemCell>(params, kind, thermal, mesh, laws);
}

std::unique_ptr<CellModel> open_cell(const std::string& name, const std::string& kind, bool thermal,
                                     const std::string& degradation) {
    if (!kind.empty() && kind != "ecm" && kind != "spm" && kind != "spme" && kind != "dfn" && kind != "abused")
        refuse(name, fmt::format("kind \"{}\" is not known; allowed: ecm, abused, spm, spme, dfn", kind));
    const std::string path = find_model(name);
    const io::Json j = read_file_of(path);
    const cell::SideLaws laws = side_laws(path, degradation);
    if (laws.any() && !io::is_bpx(j))
        refuse(path, "is an equivalent circuit: degradation inside the cell needs a BPX file (bmstwin ageing ages it)");
    if (io::is_bpx(j)) {
        if (kind == "ecm" || kind == "abused")
            refuse(path, "is a BPX file: kind must be spm, spme or dfn (or fit an equivalent circuit to it)");
        std::vector<std::string> notes;
        const auto params = set_of(j, path, kind, &notes);
        const cell::EchemKind k = kind == "spm"   ? cell::EchemKind::spm
                                  : kind == "dfn" ? cell::EchemKind::dfn
                                                  : cell::EchemKind::spme;
        if (thermal && !(params->heat_capacity_J_K > 0.0))
            refuse(path, "states no heat capacity (volume, density, specific heat): it can only run isothermal");
        check_side(path, laws, params->side);
        auto c = make_echem_cell(params, k, thermal, {}, laws);
        if (c->id.empty()) c->id = name;
        c->notes = std::move(notes);
        return c;
    }
    if (!kind.empty() && kind != "ecm" && kind != "abused")
        refuse(path, fmt::format("is an equivalent circuit: kind {} needs a BPX file", kind));
    const auto file = io::read_model_json<cell::EcmModelFile>(j, path);
    if (!file.ok()) throw InputError(file.errors);
    if (kind == "abused") {
        auto m = std::make_shared<const cell::EcmModel>(cell::build(file.value));
        const char* const abuse = m->chemistry == "LFP" ? "lfp" : (m->chemistry == "LTO" ? "lto" : "nmc");
        return make_abused_cell(std::move(m), open_abuse(abuse));
    }
    return make_ecm_cell(std::make_shared<const cell::EcmModel>(cell::build(file.value)));
}

}  // namespace twin::study
