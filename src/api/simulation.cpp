// SPDX-License-Identifier: Apache-2.0
#include <twin/simulation.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "api/access.hpp"

namespace twin {
namespace {

// Adds the wall time of a call to the run's account; wall time never reaches the simulator.
class Stopwatch {
public:
    explicit Stopwatch(double& sum_s) : sum_s_(sum_s) {}
    ~Stopwatch() { sum_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    double& sum_s_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Time_ns nearest_ns(double t_s, const char* what) {
    constexpr double k_most_s = 9e9;  // 285 years; the clock holds 292
    if (!(t_s >= 0) || t_s > k_most_s)
        throw RunError(fmt::format("{} is {} s; allowed are 0 .. {:g} s", what, t_s, k_most_s), what);
    return std::llround(t_s * 1e9);
}

// Errors of a call about a channel or target name it, wherever they come from.
template <class F>
auto naming(std::string_view name, const F& f) {
    try {
        return f();
    } catch (const RunError& e) {
        if (!e.place().empty()) throw;
        throw RunError(e.what(), std::string(name));
    }
}

void require_running(const detail::SimulationData& d) {
    if (d.finished) throw RunError("the simulation is finished: its result was taken", "finish");
}

}  // namespace

Simulation::Simulation(const Scenario& scenario, const RunOptions& options) {
    detail::check_options(options);
    data_ = std::make_unique<detail::SimulationData>(detail::SimulationData{scenario, nullptr, 0, false});
    const Stopwatch watch(data_->wall_time_s);
    data_->run = detail::build(sim::make_run, scenario, options);
}

Simulation::Simulation(std::unique_ptr<detail::SimulationData> data) : data_(std::move(data)) {}
Simulation::~Simulation() = default;
Simulation::Simulation(Simulation&&) noexcept = default;
Simulation& Simulation::operator=(Simulation&&) noexcept = default;

Time_ns Simulation::now_ns() const { return data_->run->now_ns(); }
double Simulation::now_s() const { return static_cast<double>(now_ns()) / 1e9; }
Time_ns Simulation::end_ns() const { return data_->run->end_ns(); }
bool Simulation::failed() const { return data_->run->failed(); }

void Simulation::advance_to_ns(Time_ns t_ns) {
    require_running(*data_);
    if (t_ns < now_ns()) throw RunError(fmt::format("time {} ns lies before now, {} ns", t_ns, now_ns()), "advance_to");
    const Stopwatch watch(data_->wall_time_s);
    data_->run->advance_to(t_ns);
}

void Simulation::advance_to(double t_s) { advance_to_ns(nearest_ns(t_s, "time")); }

void Simulation::step(double dt_s) {
    const Time_ns dt_ns = nearest_ns(dt_s, "dt");
    if (dt_ns == 0) throw RunError(fmt::format("dt is {} s; it must be at least 1 ns", dt_s), "dt");
    if (dt_ns > INT64_MAX - now_ns()) throw RunError("the clock would pass its end", "dt");
    advance_to_ns(now_ns() + dt_ns);
}

void Simulation::set(std::string_view target, double value) {
    require_running(*data_);
    if (!std::isfinite(value))
        throw RunError(fmt::format("{}: {} is not a finite number", target, value), std::string(target));
    naming(target, [&] { data_->run->set(target, value); });
}

double Simulation::value(std::string_view channel) const {
    require_running(*data_);
    return naming(channel, [&] { return data_->run->value(channel); });
}
std::vector<ChannelInfo> Simulation::channels() const { return data_->run->channels(); }
const std::vector<Trace>& Simulation::traces() const {
    require_running(*data_);
    return data_->run->traces();
}
const std::vector<EventRecord>& Simulation::events() const {
    require_running(*data_);
    return data_->run->events();
}

std::vector<std::uint8_t> Simulation::save() const {
    require_running(*data_);
    return data_->run->save();
}

void Simulation::load(std::span<const std::uint8_t> bytes) {
    require_running(*data_);
    data_->run->load(bytes);
}

Simulation Simulation::fork() const {
    require_running(*data_);
    auto copy = std::make_unique<detail::SimulationData>(
        detail::SimulationData{data_->scenario, nullptr, data_->wall_time_s, false});
    copy->run = data_->run->fork();
    return Simulation(std::move(copy));
}

RunResult Simulation::finish() {
    require_running(*data_);
    RunResult result;
    {
        const Stopwatch watch(data_->wall_time_s);
        result = data_->run->finish();
    }
    data_->finished = true;
    const scenario::Scenario& scenario = detail::Access::data(data_->scenario).loaded.scenario;
    result.source_file = scenario.file;
    if (result.effective_json.empty()) result.effective_json = data_->scenario.effective_json();
    result.wall_time_s = data_->wall_time_s;
    std::vector<Warning> all;  // what the loader found comes before what the run found
    for (const Diagnostic& d : data_->scenario.warnings())
        all.push_back({"INPUT", "scenario", d.pointer, std::nullopt, std::nullopt, std::nullopt, -1, d.message});
    all.insert(all.end(), result.warnings.begin(), result.warnings.end());
    result.warnings = std::move(all);
    return result;
}

}  // namespace twin
