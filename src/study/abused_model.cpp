// SPDX-License-Identifier: Apache-2.0
// An abused cell behind the functions of a cycler.
#include "base/math.hpp"
#include "cell/abused_cell.hpp"
#include "cell/model_file.hpp"
#include "io/model.hpp"
#include "study/cell_model.hpp"
#include "study/impedance.hpp"
#include "study/model_path.hpp"
#include "study/state_bytes.hpp"

namespace twin::study {

namespace {

class Abused final : public CellModel {
public:
    Abused(std::shared_ptr<const cell::EcmModel> m, cell::AbuseModel a)
        : m_(std::move(m)), a_(std::move(a)), c_(*m_, a_) {
        id = m_->id;
        kind = "abused";
        chemistry = m_->chemistry;
        nominal_Ah = m_->nameplate_Ah > 0.0 ? m_->nameplate_Ah : m_->capacity_C / 3600.0;
        valid = m_->valid;
        v_min_V = -20.0;  // a cycler's own limits would end what is to be seen
        v_max_V = 20.0;
        reset(1.0, 298.15, {});
    }
    void reset(double soc, double t_K, std::optional<double> h) override {
        s_ = c_.make_state(soc, t_K - cell::k_zero_degC_K, h.value_or(0.0));
        heat_W_ = 0.0;
    }
    bool has_hysteresis() const override { return cell::has_hysteresis(*m_); }
    double hysteresis() const override { return s_.ecm.h; }
    double direction() const override { return s_.ecm.dir; }
    double voltage_V(double i_A) override { return c_.voltage_V(s_, i_A); }
    double trial(double h_s, double i_A, bool) override {
        next_ = s_;
        h_s_ = h_s;
        if (!c_.advance(next_, h_s, i_A, ambient_K - cell::k_zero_degC_K)) return __builtin_nan("");
        return c_.voltage_V(next_, i_A);
    }
    void commit() override {
        heat_W_ = (next_.heat_J - s_.heat_J) / h_s_;
        s_ = next_;
    }
    double soc() const override { return s_.ecm.soc; }
    double t_K() const override { return s_.ecm.t_surf_degC + cell::k_zero_degC_K; }
    double t_core_K() const override { return s_.ecm.t_core_degC + cell::k_zero_degC_K; }
    double heat_W() const override { return heat_W_; }
    double charge_out_C() const override { return s_.charge_out_C; }
    double capacity_C() const override { return c_.params().capacity_C; }
    Impedance_Ohm impedance_Ohm(double soc, double t_K, const std::vector<double>& f_Hz) const override {
        return impedance(*m_, soc, t_K, f_Hz);
    }
    std::vector<std::uint8_t> save() const override { return bytes_of(Saved{s_, c_.given_short_S}); }
    void load(const std::vector<std::uint8_t>& bytes) override {
        const auto v = of_bytes<Saved>(bytes);
        s_ = v.s;
        c_.given_short_S = v.short_S;
    }
    bool set_short(double short_S) override {
        c_.given_short_S = short_S;
        return true;
    }
    bool abuse(AbuseReport* out) const override {
        *out = {t_core_K(), c_.short_S(s_), s_.eta_min_V,  s_.plated_C,
                s_.side_C,  s_.short_J,     s_.reaction_J, c_.reacted(s_)};
        return true;
    }

private:
    struct Saved {
        cell::AbusedState s;
        double short_S;
    };
    std::shared_ptr<const cell::EcmModel> m_;
    cell::AbuseModel a_;
    cell::AbusedCell c_;
    cell::AbusedState s_, next_;
    double h_s_ = 1.0, heat_W_ = 0.0;
};

}  // namespace

std::unique_ptr<CellModel> make_abused_cell(std::shared_ptr<const cell::EcmModel> model, cell::AbuseModel abuse) {
    return std::make_unique<Abused>(std::move(model), std::move(abuse));
}

cell::AbuseModel open_abuse(const std::string& name) {
    const std::string path = model_path("abuse", "abuse model", name);
    const auto file = io::read_model<cell::AbuseFile>(path);
    if (!file.ok()) throw InputError(file.errors);
    return cell::compile(file.value);
}

}  // namespace twin::study
