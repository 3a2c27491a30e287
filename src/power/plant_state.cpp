// SPDX-License-Identifier: Apache-2.0
// A plant's run state as bytes and hash, and lanes of a block from solo plants.
#include <cstring>
#include <stdexcept>

#include "power/plant_scratch.hpp"

namespace twin::power {

template <class T>
void Plant<T>::hash(base::Hasher& h, std::size_t lane) const {
    state_.hash(h, lane);
    if constexpr (std::is_same_v<T, double>) {  // inputs seldom change: their digest is kept
        if (digest_edits_ != input_edits_) {
            base::Hasher inputs;
            input_.hash(inputs, lane);
            input_digest_ = inputs.digest();
            input_nan_ = inputs.saw_nan() ? 1 : 0;
            digest_edits_ = input_edits_;
        }
        h.u64(input_digest_);
        h.saw_nan_ |= input_nan_;
    } else {
        base::Hasher inputs;
        input_.hash(inputs, lane);
        h.u64(inputs.digest());
        h.saw_nan_ |= inputs.saw_nan() ? 1U : 0U;
    }
    // cells: up to eight neighbours of a pack together, field by field
    constexpr std::size_t n_fields = sizeof(cell::EcmState<double>) / sizeof(double);
    std::size_t c = 0;
    for (const PackSetup& p : setup_.packs) {
        for (std::size_t left = at(p.n_cells); left > 0;) {
            const std::size_t n = left < cell::k_block ? left : cell::k_block;
            for (std::size_t f = 0; f < n_fields; ++f) {
                if constexpr (std::is_same_v<T, double>) {
                    h.f64s(reinterpret_cast<const base::Pack8*>(&cells_.at(c))[f].v, n);
                } else {
                    double one[cell::k_block];
                    for (std::size_t k = 0; k < n; ++k)
                        one[k] = base::lane(reinterpret_cast<const T*>(&cells_.state(c + k))[f], lane);
                    h.f64s(one, n);
                }
            }
            c += n;
            left -= n;
        }
    }
    if constexpr (std::is_same_v<T, double>) {  // what is inside electrochemical cells
        for (const cell::Echem& x : s_->echem) x.hash(h);
    }
}

namespace {
struct Writer {
    std::vector<std::uint8_t>& out;
    template <class V>
    void operator()(const std::vector<V>& v) const {
        const auto* const b = reinterpret_cast<const std::uint8_t*>(v.data());
        out.insert(out.end(), b, b + v.size() * sizeof(V));
    }
    template <class V>
    void pod(const V& v) const {
        const auto* const b = reinterpret_cast<const std::uint8_t*>(&v);
        out.insert(out.end(), b, b + sizeof v);
    }
};
struct Reader {
    const std::uint8_t* p;
    std::size_t n, at = 0;
    bool ok = true;
    void raw(void* to, std::size_t bytes) {
        ok = ok && bytes <= n - at;
        if (!ok) return;
        if (bytes > 0) std::memcpy(to, p + at, bytes);
        at += bytes;
    }
    template <class V>
    void operator()(std::vector<V>& v) {
        raw(static_cast<void*>(v.data()), v.size() * sizeof(V));
    }
    template <class V>
    void pod(V& v) {
        raw(&v, sizeof v);
    }
};
}  // namespace

namespace {
bool cell_from(cell::Echem& c, const std::vector<std::uint8_t>& bytes) {
    try {
        c.restore(bytes);
    } catch (const std::invalid_argument&) {
        return false;
    }
    return true;
}
}  // namespace

template <>
void Plant<double>::save(std::vector<std::uint8_t>& out) const {
    const Writer w{out};
    for (const PackSetup& p : setup_.packs) {
        for (const LeadSetup& l : p.leads) {
            w.pod(l.tap);
            w.pod(l.pin_fault);
        }
    }
    w(state_.mem());
    w(input_.mem());
    for (std::size_t c = 0; c < cells_.size(); ++c) w.pod(cells_.state(c));
    w(bal_);
    w(pack_connected_);
    w(element_connected_);
    for (const ElementSetup& e : setup_.elements) {
        for (const double x : {e.r_Ohm, e.p_W, e.c_F, e.bleed_Ohm, e.i_A, e.v_V, e.i_discharge_A, e.v_least_V})
            w.pod(x);
    }
    // what is shown belongs to the last step
    Scratch::Published& q = s_->shown();
    q.each([&w](const std::vector<double>& v) { w(v); });
    w(s_->emf_V);
    w(s_->demf_Ohm);
    w(s_->fet);
    w(fet_margins_);
    w.pod(steps_);
    for (const cell::Echem& c : s_->echem) {
        const std::vector<std::uint8_t> bytes = c.snapshot();
        w.pod(static_cast<std::uint64_t>(bytes.size()));
        w(bytes);
    }
}

template <>
std::size_t Plant<double>::load(const std::uint8_t* p, std::size_t n) {
    Reader r{p, n};
    for (std::size_t k = 0; k < setup_.packs.size(); ++k) {
        for (std::size_t l = 0; l < setup_.packs[k].leads.size(); ++l) {
            std::int32_t tap = 0;
            r.pod(tap);
            if (!r.ok || tap < -1 || tap > setup_.packs[k].n_cells) return 0;
            if (tap != setup_.packs[k].leads[l].tap) rewire(k, static_cast<std::int32_t>(l), tap);
            bool fault = false;
            r.pod(fault);
            if (fault != setup_.packs[k].leads[l].pin_fault)
                set_pin_fault(k, static_cast<std::int32_t>(l), fault ? 1.0 : 0.0);
        }
    }
    r(state_.mem());
    r(input_.mem());
    ++input_edits_;
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        cell::EcmState<double> s{};
        r.pod(s);
        cells_.set_state(c, s);
    }
    r(bal_);
    r(pack_connected_);
    r(element_connected_);
    for (ElementSetup& e : setup_.elements) {
        for (double* x : {&e.r_Ohm, &e.p_W, &e.c_F, &e.bleed_Ohm, &e.i_A, &e.v_V, &e.i_discharge_A, &e.v_least_V})
            r.pod(*x);
    }
    Scratch& w = *s_;
    w.shown().each([&r](std::vector<double>& v) { r(v); });
    r(w.emf_V);
    r(w.demf_Ohm);
    r(w.fet);
    r(fet_margins_);
    r.pod(steps_);
    for (cell::Echem& c : w.echem) {
        std::uint64_t size = 0;
        r.pod(size);
        if (!r.ok || size > n) return 0;
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
        r(bytes);
        if (!r.ok) return 0;
        if (!cell_from(c, bytes)) return 0;
    }
    if (!r.ok) return 0;
    ws_.x = w.shown().x;
    w.rl_i = w.shown().rl_i;
    w.port_i = w.shown().port_i;
    w.port_v = w.shown().port_v;
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        fet_params_[f].weld_S = 0.0;
        fet_params_[f].channel_count = in(o_weld_)[f] > 0.5 ? 0.0 : fet_params_[f].count;
        if (in(o_weld_)[f] > 0.5 && in(o_weld_)[f] < 1.5) mosfet_weld(fet_params_[f], true);
    }
    list_leaks();
    list_sources();
    forget_derived();
    saved_cells_.whole = false;
    w.cells_followed = true;
    w.margins_valid = false;
    return r.at;
}

template <>
void Plant<base::Pack8>::set_lane(std::size_t lane, const Plant<double>& solo) {
    const auto copy = [lane](std::vector<base::Pack8>& to, const std::vector<double>& from) {
        for (std::size_t k = 0; k < to.size(); ++k) to[k].v[lane] = from[k];
    };
    copy(state_.mem(), solo.state_.mem());
    copy(input_.mem(), solo.input_.mem());
    ++input_edits_;
    const auto flat = [lane](auto& to, const auto& from) {
        static_assert(sizeof(to) / sizeof(base::Pack8) == sizeof(from) / sizeof(double));
        auto* const t = reinterpret_cast<base::Pack8*>(&to);
        const auto* const f = reinterpret_cast<const double*>(&from);
        for (std::size_t k = 0; k < sizeof(from) / sizeof(double); ++k) t[k].v[lane] = f[k];
    };
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        flat(cells_.own[c], solo.cells_.state(c));
        flat(cells_.own_params[c], solo.cells_.params(c));
    }
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        flat(fet_params_[f], solo.fet_params_[f]);
        flat(fet_coeff_[f], solo.fet_coeff_[f]);
        flat(fet_margins_[f], solo.fet_margins_[f]);
        flat(s_->fet[f], solo.s_->fet[f]);
    }
    for (std::size_t k = 0; k < diode_coeff_.size(); ++k) flat(diode_coeff_[k], solo.diode_coeff_[k]);
    for (std::size_t k = 0; k < clamp_params_.size(); ++k) flat(clamp_params_[k], solo.clamp_params_[k]);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        flat(fet_limits_[p], solo.fet_limits_[p]);
        flat(foster_[p], solo.foster_[p]);
        flat(pin_clamp_[p], solo.pin_clamp_[p]);
        flat(fet_clamp_[p], solo.fet_clamp_[p]);
    }
    copy(s_->rl_i, solo.s_->rl_i);
    for (CoeffSlot& c : s_->coeff) c.h_s = -1.0;  // they hold thermal coefficients of the groups
    list_leaks();
    list_sources();
    list_clamp_limits();
    s_->clamps_moved = true;
    s_->margins_valid = false;
    ++matrix_version_;
}

template void Plant<double>::hash(base::Hasher&, std::size_t) const;
template void Plant<base::Pack8>::hash(base::Hasher&, std::size_t) const;

}  // namespace twin::power
