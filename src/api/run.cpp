// SPDX-License-Identifier: Apache-2.0
#include <twin/run.hpp>

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "api/access.hpp"

namespace twin {
namespace detail {
namespace {

constexpr int k_pieces = 200;  // news per run; observers never cut a step, so the pieces change nothing

RunResult internal_error(const Scenario& scenario, const std::string& what) {
    RunResult r;
    r.status = RunStatus::internal;
    r.error = what;
    r.id = scenario.id();
    r.title = scenario.title();
    r.tags = scenario.tags();
    r.requirements = scenario.requirements();
    r.source_file = scenario.file();
    r.effective_json = scenario.effective_json();
    r.verdict = "ERROR";
    return r;
}

Simulation simulation_of(const MakeRun& make, const Scenario& scenario, const RunOptions& options) {
    auto data = std::make_unique<SimulationData>(SimulationData{scenario, nullptr, 0, false});
    data->run = build(make, scenario, options);
    return Access::simulation(std::move(data));
}

// Start to end in pieces, so that somebody can be told where it stands.
RunResult once(const MakeRun& make, const Scenario& scenario, const RunOptions& options,
               const OnFraction& on_fraction) {
    Simulation simulation = simulation_of(make, scenario, options);
    const Time_ns end = simulation.end_ns();
    bool cancelled = false;
    for (int piece = 1; piece <= k_pieces && !simulation.failed() && !cancelled; ++piece) {
        simulation.advance_to_ns(end / k_pieces * piece + end % k_pieces * piece / k_pieces);
        cancelled = on_fraction && !on_fraction(static_cast<double>(piece) / k_pieces) && piece < k_pieces;
    }
    RunResult result = simulation.finish();
    if (cancelled && result.status == RunStatus::ok) {
        result.status = RunStatus::cancelled;
        result.passed = false;
        result.fail_reason = "the run was cancelled";
    }
    return result;
}

std::string difference(const RunResult& a, const RunResult& b, int number) {
    if (a.hash != b.hash)
        return fmt::format("repetition {} has the hash {:016x}, the first run {:016x}", number, b.hash, a.hash);
    if (a.verdict != b.verdict)
        return fmt::format("repetition {} has the verdict {}, the first run {}", number, b.verdict, a.verdict);
    for (std::size_t k = 0; k < a.core_hash.size(); ++k)
        if (k >= b.core_hash.size() || a.core_hash[k].value != b.core_hash[k].value)
            return fmt::format("repetition {} differs from the first run in the core hash of {}", number,
                               a.core_hash[k].name);
    return "";
}

[[noreturn]] void reject(const char* option, const std::string& message) {
    throw InputError({Diagnostic{Diagnostic::Severity::error, "", option, message, 0, 0}});
}

}  // namespace

void check_options(const RunOptions& options) {
    if (!(options.step_scale >= 0x1p-10 && options.step_scale <= 16))
        reject("step_scale", fmt::format("{} is not allowed; the range is 0.0009765625 .. 16", options.step_scale));
}

void check_options(const BatchOptions& options) {
    check_options(options.run);
    if (options.jobs < 1 || options.jobs > 256)
        reject("jobs", fmt::format("{} is not allowed; the range is 1 .. 256", options.jobs));
    if (options.repeat < 1 || options.repeat > 10'000)
        reject("repeat", fmt::format("{} is not allowed; the range is 1 .. 10000", options.repeat));
}

std::unique_ptr<sim::IRun> build(const MakeRun& make, const Scenario& scenario, const RunOptions& options) {
    try {
        return make(Access::data(scenario).loaded.scenario, options);
    } catch (const RunError& e) {
        throw InputError({Diagnostic{Diagnostic::Severity::error, scenario.file(), e.place(), e.what(), 0, 0}});
    } catch (const InputError& e) {
        std::vector<Diagnostic> found = e.diagnostics();
        for (Diagnostic& d : found)
            if (d.file.empty()) d.file = scenario.file();
        throw InputError(std::move(found));
    }
}

std::vector<Diagnostic> build_errors(const MakeRun& make, const std::vector<Scenario>& scenarios,
                                     const RunOptions& options) {
    std::vector<Diagnostic> all;
    for (const Scenario& s : scenarios) {
        try {
            build(make, s, options);
        } catch (const InputError& e) {
            all.insert(all.end(), e.diagnostics().begin(), e.diagnostics().end());
        }
    }
    return all;
}

RunResult run_one(const MakeRun& make, const Scenario& scenario, const RunOptions& options, int repeat,
                  const OnFraction& on_fraction) {
    try {
        const auto share = [&](int done) -> OnFraction {
            if (!on_fraction) return {};
            return [&on_fraction, done, repeat](double f) { return on_fraction((done + f) / repeat); };
        };
        RunResult first = once(make, scenario, options, share(0));
        for (int k = 1; k < repeat && first.status != RunStatus::cancelled; ++k) {
            const RunResult again = once(make, scenario, options, share(k));
            if (again.status == RunStatus::cancelled) break;
            const std::string differs = difference(first, again, k + 1);
            if (differs.empty()) continue;
            first.status = RunStatus::internal;
            first.error = "not deterministic: " + differs;
            first.passed = false;
            break;
        }
        return first;
    } catch (const InputError&) {
        throw;
    } catch (const std::exception& e) {
        return internal_error(scenario, e.what());
    }
}

namespace {

// State that the workers of one campaign share.
class Campaign {
public:
    Campaign(const MakeRun& make, const std::vector<Scenario>& scenarios, const BatchOptions& options)
        : make_(make),
          scenarios_(scenarios),
          options_(options),
          results_(scenarios.size()),
          errors_(scenarios.size()),
          fractions_(scenarios.size(), 0.0) {}

    void work() {
        for (;;) {
            const std::size_t index = next_.fetch_add(1);
            if (index >= scenarios_.size() || stop_.load()) return;
            run_index(index);
        }
    }

    std::vector<RunResult> take() {
        for (const std::exception_ptr& e : errors_)
            if (e) std::rethrow_exception(e);
        std::vector<RunResult> done;
        for (std::optional<RunResult>& r : results_)
            if (r) done.push_back(std::move(*r));
        return done;
    }

private:
    void run_index(std::size_t index) {
        try {
            OnFraction on_fraction;
            if (options_.progress) on_fraction = [this, index](double f) { return report(index, f, nullptr); };
            RunResult result = run_one(make_, scenarios_[index], options_.run, options_.repeat, on_fraction);
            if (options_.fail_fast && !result.passed) stop_ = true;
            results_[index] = std::move(result);
            if (options_.progress) report(index, 1.0, &*results_[index]);
        } catch (...) {
            errors_[index] = std::current_exception();
            stop_ = true;
        }
    }

    bool report(std::size_t index, double fraction, const RunResult* finished) {
        const std::lock_guard<std::mutex> lock(mutex_);
        fractions_[index] = fraction;
        runs_done_ += finished != nullptr ? 1U : 0U;
        Progress p;
        p.runs_done = runs_done_;
        p.runs_total = scenarios_.size();
        p.running = index;
        p.finished = finished;
        for (const double f : fractions_) p.fraction += f / static_cast<double>(fractions_.size());
        if (!options_.progress(p)) stop_ = true;
        return !stop_.load();
    }

    const MakeRun& make_;
    const std::vector<Scenario>& scenarios_;
    const BatchOptions& options_;
    std::vector<std::optional<RunResult>> results_;
    std::vector<std::exception_ptr> errors_;
    std::vector<double> fractions_;
    std::size_t runs_done_ = 0;
    std::mutex mutex_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> stop_{false};
};

}  // namespace

std::vector<RunResult> run_many(const MakeRun& make, const std::vector<Scenario>& scenarios,
                                const BatchOptions& options) {
    check_options(options);
    std::vector<Diagnostic> errors = build_errors(make, scenarios, options.run);
    if (!errors.empty()) throw InputError(std::move(errors));
    Campaign campaign(make, scenarios, options);
    const std::size_t wanted = static_cast<std::size_t>(options.jobs);
    const std::size_t workers = wanted < scenarios.size() ? wanted : scenarios.size();
    std::vector<std::thread> threads;
    for (std::size_t k = 1; k < workers; ++k) threads.emplace_back([&campaign] { campaign.work(); });
    campaign.work();
    for (std::thread& t : threads) t.join();
    return campaign.take();
}

}  // namespace detail

RunResult run(const Scenario& scenario, const RunOptions& options) {
    detail::check_options(options);
    return detail::run_one(sim::make_run, scenario, options, 1, {});
}

std::vector<RunResult> run(const std::vector<Scenario>& scenarios, const BatchOptions& options) {
    return detail::run_many(sim::make_run, scenarios, options);
}

}  // namespace twin
