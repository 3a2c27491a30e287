// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>

#include "scenario/targets.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

/// The table's row of a target: its unit, range and meaning.
const scenario::SettableInput* input_row(std::string_view target) {
    const auto path = scenario::parse_path(target);
    std::string id;
    return path ? scenario::find_input(*path, &id) : nullptr;
}

}  // namespace

Simulation::Simulation(const RunSetup& setup) : setup_(setup), impl_(std::make_unique<Impl>(setup_)) {}
Simulation::~Simulation() = default;

Time_ns Simulation::now_ns() const { return now_; }
Time_ns Simulation::end_ns() const { return impl_->t_end; }
bool Simulation::failed() const { return !impl_->status.ok() || impl_->core_failed; }

/// Runs until everything before t is done. The last advance may go beyond t: its steps are the same whoever looks when.
void Simulation::advance_to(Time_ns t_ns) {
    if (t_ns < now_) throw RunError("advance_to: time cannot go back");
    if (t_ns > impl_->t_end) throw RunError("advance_to: beyond the scenario's duration");
    while (!failed() && impl_->t < t_ns) {
        const Time_ns next = impl_->t_after_instant();
        before_.clear();
        if (interactive_ && !failed() && next > t_ns)
            impl_->save(before_);  // a command may have to repeat this advance
        impl_->run_to(next < impl_->t_end ? impl_->t + 1 : impl_->t_end);
    }
    if (!failed() && impl_->t == t_ns) impl_->settle();
    now_ = failed() && impl_->t < t_ns ? impl_->t : t_ns;  // time stands still where the run failed
}

/// The last advance went beyond now: repeats it up to now, from the state before it or, the first time, from the start.
void Simulation::go_back() {
    if (before_.empty()) {
        auto again = std::make_unique<Impl>(setup_);
        for (const CommandRecord& c : impl_->journal) {
            InputRef r;
            std::string why;
            again->find_input(c.target, &r, &why);
            again->cut = c.t_ns;
            again->run_to(c.t_ns);
            again->cut = k_never_ns;
            again->settle();
            again->journal.push_back(c);
            again->outside(r, c.value);
        }
        impl_ = std::move(again);
    } else {
        const std::vector<std::uint8_t> bytes = before_;
        impl_->load(bytes);
    }
    impl_->recorder.truncate(now_);
    impl_->cut = now_;
    impl_->run_to(now_);
    impl_->cut = k_never_ns;
}

void Simulation::set(std::string_view target, double value) {
    InputRef r;
    std::string why;
    if (!impl_->find_input(std::string(target), &r, &why)) throw RunError(why, std::string(target));
    if (const scenario::SettableInput* row = input_row(target)) {
        const std::string_view pattern = row->pattern;
        if (target.substr(target.rfind('/') + 1) != pattern.substr(pattern.rfind('/') + 1)) {
            throw RunError(fmt::format("'{}' is in {}: the target is written {}", target, row->unit, pattern),
                           std::string(target));
        }
        if (!(value >= row->min && value <= row->max)) {
            throw RunError(
                fmt::format("'{}' cannot be {}; allowed are {} .. {} {}", target, value, row->min, row->max, row->unit),
                std::string(target));
        }
    }
    if (impl_->t > now_) go_back();
    interactive_ = true;
    impl_->journal.push_back({now_, std::string(target), value});
    impl_->outside(r, value);
    before_.clear();
}

std::vector<ChannelInfo> Simulation::channels() const {
    std::vector<ChannelInfo> out;
    for (const scenario::Channel& c : impl_->table.all()) {
        ChannelInfo i;
        i.name = c.name;
        i.unit = c.unit;
        i.shape = "scalar";
        i.meaning = c.doc;
        i.discrete = c.discrete;
        out.push_back(i);
    }
    for (const auto& [name, ref] : impl_->inputs) {
        (void)ref;
        ChannelInfo i;
        i.name = name;
        i.shape = "scalar";
        i.readable = false;
        i.settable = true;
        if (const scenario::SettableInput* row = input_row(name)) {
            i.unit = row->unit;
            i.meaning = row->doc;
            i.min = row->min;
            i.max = row->max;
        }
        out.push_back(i);
    }
    return out;
}

double Simulation::value(std::string_view channel) const {
    const int c = impl_->table.find(channel);
    if (c < 0) throw RunError(impl_->table.explain_missing(channel));
    return impl_->value_at(c, now_);
}

/// The state of the run, the time of the caller, a checksum over both. If the last advance went beyond now, the state
/// before it is kept: load() repeats that advance, so that values between its ends and commands at now are the same.
std::vector<std::uint8_t> Simulation::save() const {
    std::vector<std::uint8_t> out;
    if (impl_->t > now_ && !before_.empty())
        out = before_;
    else
        impl_->save(out);
    const auto put = [&out](std::uint64_t x) {
        for (int k = 0; k < 8; ++k) out.push_back(static_cast<std::uint8_t>(x >> (8 * k)));
    };
    put(static_cast<std::uint64_t>(now_));
    base::Hasher sum;
    sum.bytes(out.data(), out.size());
    put(sum.digest());
    return out;
}

void Simulation::load(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 32) throw RunError("saved state is too short", "load");
    const auto get = [&bytes](std::size_t at) {
        std::uint64_t x = 0;
        for (std::size_t k = 0; k < 8; ++k) x |= static_cast<std::uint64_t>(bytes[at + k]) << (8 * k);
        return x;
    };
    base::Hasher sum;
    sum.bytes(bytes.data(), bytes.size() - 8);
    if (get(bytes.size() - 8) != sum.digest())
        throw RunError("saved state: checksum differs, the bytes are damaged", "load");
    impl_->load(bytes.first(bytes.size() - 16));
    before_.clear();
    const auto now = static_cast<Time_ns>(get(bytes.size() - 16));
    now_ = impl_->t < now ? impl_->t : now;
    advance_to(now);
}

std::unique_ptr<IRun> Simulation::fork() const {
    auto copy = std::make_unique<Simulation>(setup_);
    copy->load(save());
    return copy;
}

const std::vector<Trace>& Simulation::traces() const { return impl_->recorder.traces(); }
const std::vector<EventRecord>& Simulation::events() const {
    events_cache_ = impl_->events_text();
    return events_cache_;
}
RunResult Simulation::finish() { return impl_->finish(); }
const std::vector<CommandRecord>& Simulation::journal() const { return impl_->journal; }
std::uint64_t Simulation::plant_steps() const { return impl_->step_count(); }

void Simulation::set_core_sink(std::size_t pack, board::CoreSink* sink) {
    if (pack < impl_->packs.size() && impl_->packs[pack].board) impl_->packs[pack].board->set_core_sink(sink);
}

/// Runs the phases of the present instant if they are still to run, and tells where the next advance would end.
Time_ns Simulation::Impl::t_after_instant() {
    settle();
    return next_instant();
}

void Simulation::Impl::settle() {
    if (at_instant && status.ok() && !core_failed) instant();
}

/// A command from outside at the present instant: phases run again with it.
void Simulation::Impl::outside(const InputRef& r, double value) {
    set_input(r, value);
    hasher.i64(t);
    hasher.f64(value);
    at_instant = true;
    settle();
}

double Simulation::Impl::value_at(int channel, Time_ns at) const {
    if (at >= t || table[channel].discrete || last_t1 <= last_t0) {
        return at >= t ? value(channel) : value_before(channel);
    }
    for (std::size_t k = 0; k < watch.size(); ++k) {
        if (watch[k] != channel) continue;
        const double u = static_cast<double>(at - last_t0) / static_cast<double>(last_t1 - last_t0);
        return seg_a[k] + u * (ub[k] - seg_a[k]);
    }
    return value(channel);
}

double Simulation::Impl::value_before(int channel) const {
    for (std::size_t k = 0; k < watch.size(); ++k) {
        if (watch[k] == channel) return seg_a[k];
    }
    return value(channel);
}

// --- state as bytes
// ---------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t k_magic = 0x364D49535742ULL;  // "BWSIM6"

class Out {
public:
    explicit Out(std::vector<std::uint8_t>& b) : b_(b) {}
    template <class T>
    void pod(const T& x) {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto* const p = reinterpret_cast<const std::uint8_t*>(&x);
        b_.insert(b_.end(), p, p + sizeof x);
    }
    template <class T>
    void list(const std::vector<T>& v) {
        pod(static_cast<std::uint64_t>(v.size()));
        for (const T& x : v) pod(x);
    }
    void text(std::string_view s) {
        pod(static_cast<std::uint64_t>(s.size()));
        b_.insert(b_.end(), s.begin(), s.end());
    }
    void literal(const char* const& s) {
        pod(s != nullptr);
        if (s != nullptr) text(s);
    }
    void size(std::uint64_t n) { pod(n); }

private:
    std::vector<std::uint8_t>& b_;
};

class In {
public:
    In(std::span<const std::uint8_t> b, std::set<std::string>& texts) : b_(b), texts_(texts) {}
    template <class T>
    void pod(T& x) {
        if (at_ + sizeof x > b_.size()) throw RunError("saved state is too short");
        std::memcpy(static_cast<void*>(&x), b_.data() + at_, sizeof x);
        at_ += sizeof x;
    }
    template <class T>
    void list(std::vector<T>& v) {
        std::uint64_t n = 0;
        pod(n);
        if (n > b_.size()) throw RunError("saved state is damaged");
        v.resize(static_cast<std::size_t>(n));
        for (T& x : v) pod(x);
    }
    void text(std::string& s) {
        const std::size_t n = count();
        s.assign(reinterpret_cast<const char*>(b_.data()) + at_, n);
        at_ += n;
    }
    /// The log points to texts that outlive it: literals, or those loaded, which the run keeps.
    void literal(const char*& s) {
        bool there = false;
        pod(there);
        s = nullptr;
        if (!there) return;
        std::string x;
        text(x);
        s = texts_.insert(std::move(x)).first->c_str();
    }
    std::size_t count() {
        std::uint64_t n = 0;
        pod(n);
        if (n > b_.size() - at_) throw RunError("saved state is damaged");
        return static_cast<std::size_t>(n);
    }
    std::span<const std::uint8_t> rest() const { return b_.subspan(at_); }
    void skip(std::size_t n) {
        if (n == 0) throw RunError("saved state does not fit this scenario or version");
        at_ += n;
    }

private:
    std::span<const std::uint8_t> b_;
    std::set<std::string>& texts_;
    std::size_t at_ = 0;
};

/// Evidence gathered so far, in one order for both directions.
template <class S, class Item>
void evidence_item(S& s, Item& x) {
    using T = std::remove_const_t<Item>;
    if constexpr (std::is_same_v<T, LogItem>) {
        s.pod(x.t);
        s.literal(x.kind);
        s.literal(x.text);
        s.pod(x.pack);
        s.pod(x.event);
        s.literal(x.source);
        s.pod(x.value);
        s.literal(x.unit);
        s.pod(x.number);
    } else if constexpr (std::is_same_v<T, DamageItem>) {
        s.pod(x.t);
        s.pod(x.pack);
        for (auto& c : x.part) s.pod(c);
        for (auto* const text : {&x.cause, &x.unit, &x.then}) s.literal(*text);
        for (auto* const number : {&x.value, &x.limit, &x.margin}) s.pod(*number);
    } else if constexpr (std::is_same_v<T, WarningItem>) {
        s.pod(x.t);
        s.pod(x.what);
        s.pod(x.quantity);
        s.pod(x.pack);
        s.pod(x.event);
        for (auto* const number : {&x.value, &x.valid_min, &x.valid_max}) s.pod(*number);
    } else {
        static_assert(std::is_same_v<T, CommandRecord>);
        s.pod(x.t_ns);
        s.text(x.target);
        s.pod(x.value);
    }
}
template <class Item>
void save_evidence(Out& o, const std::vector<Item>& list) {
    o.size(list.size());
    for (const Item& x : list) evidence_item(o, x);
}
template <class Item>
void load_evidence(In& i, std::vector<Item>& list) {
    const std::size_t n = i.count();
    list.clear();
    for (std::size_t k = 0; k < n; ++k) {
        list.emplace_back();
        evidence_item(i, list.back());
    }
}

/// The plain numbers of a pack at run time, in one order for both directions.
template <class S, class P>
void pack_numbers(S& s, P& r) {
    s.pod(r.sent);
    s.pod(r.pins_sent);
    for (auto& x : r.gate) s.pod(x);
    for (auto& x : r.damaged_fet) s.pod(x);
    s.pod(r.damaged_clamp);
    s.pod(r.damaged_precharge);
    for (auto& x : r.damaged_filter) s.pod(x);
    for (auto& x : r.filter_heat_W) s.pod(x);
    s.pod(r.afe_damage_seen);
    s.pod(r.ntc_open);
    s.pod(r.ntc_short);
    for (auto& x : r.commanded_off) s.pod(x);
    s.pod(r.i_peak_A);
    s.pod(r.i_charge_peak_A);
    s.pod(r.q_dis_C);
    s.pod(r.q_chg_C);
    s.pod(r.usable0_Ah);
    s.pod(r.spread0_mV);
    s.pod(r.soc_spread0_pct);
    s.pod(r.scd_level_V);
    s.pod(r.scd_release_V);
    s.pod(r.scd_cross);
    s.pod(r.slowest_open_us);
    for (auto& x : r.extrapolated) s.pod(x);
    s.pod(r.led_red);
    s.pod(r.afe_flags);
    for (auto& x : r.cmp_above) s.pod(x);
    for (auto& x : r.told) s.pod(x);
    s.pod(r.scd_reg);
}

}  // namespace

void Simulation::Impl::save(std::vector<std::uint8_t>& out) const {
    const std::size_t start = out.size();
    Out o(out);
    o.pod(k_magic);
    o.pod(plant.topology().id);
    o.pod(base::name_key(setup.scenario.effective_json.data(), setup.scenario.effective_json.size()));
    o.pod(t);
    o.pod(at_instant);
    o.pod(board_t);
    o.pod(stepper.h_s());
    o.pod(stepper.fresh());
    o.pod(plant_seen == plant.input_version());
    o.pod(jump_share);
    o.pod(hasher);
    o.pod(instants);
    o.pod(series_next);
    o.list(events);
    o.list(charger_cut);
    o.list(env_board);
    o.list(env_cells);
    for (const PackRun& p : packs) {
        for (const power::LeadSetup& l : plant.setup().packs[static_cast<std::size_t>(&p - packs.data())].leads)
            o.pod(l.tap);
        pack_numbers(o, p);
    }
    if (cycler.fitted) {
        o.pod(cycler.s);
        o.list(cycler.records);
    }
    plant.save(out);
    checks->save(out);
    triggers->save(out);
    for (std::size_t p = 0; p < packs.size(); ++p) {
        verdicts[p].save(out);
        if (packs[p].board) packs[p].board->save(out);
    }
    save_evidence(o, log_items);
    o.pod(log_dropped);
    save_evidence(o, damage);
    save_evidence(o, run_warnings);
    save_evidence(o, journal);
    o.pod(step_count());
    base::Hasher sum;
    sum.bytes(out.data() + start, out.size() - start);
    o.pod(sum.digest());
}

void Simulation::Impl::load(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 16) throw RunError("saved state is too short");
    base::Hasher sum;
    sum.bytes(bytes.data(), bytes.size() - 8);
    std::uint64_t want = 0;
    std::memcpy(&want, bytes.data() + bytes.size() - 8, 8);
    if (want != sum.digest()) throw RunError("saved state: checksum differs, the bytes are damaged");
    In i(bytes, loaded_texts);
    std::uint64_t magic = 0, topo = 0, scen = 0;
    i.pod(magic);
    i.pod(topo);
    i.pod(scen);
    if (magic != k_magic) throw RunError("saved state is of another version");
    if (scen != base::name_key(setup.scenario.effective_json.data(), setup.scenario.effective_json.size())) {
        throw RunError("saved state belongs to another scenario");
    }
    double h_s = 0.0;
    bool seen = false, fresh = false;
    i.pod(t);
    i.pod(at_instant);
    i.pod(board_t);
    i.pod(h_s);
    i.pod(fresh);
    i.pod(seen);
    i.pod(jump_share);
    i.pod(hasher);
    i.pod(instants);
    i.pod(series_next);
    i.list(events);
    i.list(charger_cut);
    i.list(env_board);
    i.list(env_cells);
    for (std::size_t p = 0; p < packs.size(); ++p) {
        for (std::size_t k = 0; k < plant.setup().packs[p].leads.size(); ++k) {
            std::int32_t tap = 0;
            i.pod(tap);
            if (tap != plant.setup().packs[p].leads[k].tap) plant.rewire(p, static_cast<std::int32_t>(k), tap);
        }
        pack_numbers(i, packs[p]);
    }
    if (cycler.fitted) {
        i.pod(cycler.s);
        i.list(cycler.records);
        const auto last = static_cast<std::int32_t>(cycler.plan.size());
        if (cycler.s.step < -1 || cycler.s.step >= last ||
            cycler.s.pending >= static_cast<std::int32_t>(k_cycler_items_max))
            throw RunError("saved state is damaged");
    }
    const auto plant_bytes = i.rest();
    i.skip(plant.load(plant_bytes.data(), plant_bytes.size()));
    i.skip(checks->load(i.rest()));
    i.skip(triggers->load(i.rest()));
    for (std::size_t p = 0; p < packs.size(); ++p) {
        i.skip(verdicts[p].load(i.rest()));
        if (packs[p].board) i.skip(packs[p].board->load(i.rest()));
    }
    load_evidence(i, log_items);
    i.pod(log_dropped);
    load_evidence(i, damage);
    load_evidence(i, run_warnings);
    load_evidence(i, journal);
    std::uint64_t steps = 0;
    i.pod(steps);
    steps_before = steps - plant.steps();
    pending_fire.clear();
    error.clear();
    stepper.restore(h_s, fresh);
    plant_seen = seen ? plant.input_version() : plant.input_version() + 1;
    status = {};
    core_failed = false;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        packs[p].drives_unknown = true;
        fill_view(p, packs[p].view_b, packs[p].pins_b, packs[p].clamp_b);
    }
    watch_values(ub);
    values_current = true;
    cycler_keep();
}

}  // namespace twin::sim
