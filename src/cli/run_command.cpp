// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"

namespace twin::cli {
namespace {

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch it only then");

extern "C" void on_interrupt(int) { g_interrupted.store(true); }

// The first ^C ends the campaign in order, a second one ends the program.
class InterruptGuard {
public:
    InterruptGuard() {
        struct sigaction action{};
        action.sa_handler = on_interrupt;
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        sigaction(SIGINT, &action, &old_int_);
        sigaction(SIGTERM, &action, &old_term_);
    }
    ~InterruptGuard() {
        sigaction(SIGINT, &old_int_, nullptr);
        sigaction(SIGTERM, &old_term_, nullptr);
    }
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

private:
    struct sigaction old_int_{}, old_term_{};
};

// Folders that cannot be made are found before anything runs, not after an hour.
void require_folder(const char* option, const std::filesystem::path& folder) {
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (!error) return;
    throw InputError(
        {Diagnostic{Diagnostic::Severity::error, option, "",
                    fmt::format("cannot make the folder {}: {}", folder.string(), error.message()), 0, 0}});
}

void require_folders(const RunArguments& a) {
    require_folder("--out", a.out);
    require_folder("--junit", std::filesystem::path(a.junit).parent_path());
    require_folder("--html", std::filesystem::path(a.html).parent_path());
}

// Evidence is written as runs finish, so that an interrupted campaign keeps what it has.
class Writer {
public:
    explicit Writer(std::string out) : out_(std::move(out)) {}
    bool take(const RunResult& result) {
        try {
            write_evidence(result, out_);
        } catch (const std::exception&) {
            error_ = std::current_exception();
            return false;
        }
        return true;
    }
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    std::string out_;
    std::exception_ptr error_;
};

std::string closing_line(const std::vector<RunResult>& results, std::size_t selected) {
    std::size_t passed = 0, failed = 0, errors = 0;
    for (const RunResult& r : results) {
        passed += exit_code(r) == 0 ? 1U : 0U;
        failed += exit_code(r) == 1 ? 1U : 0U;
        errors += exit_code(r) == 3 ? 1U : 0U;
    }
    std::string line = fmt::format("{} passed, {} failed", passed, failed);
    if (errors > 0) line += fmt::format(", {} errors", errors);
    if (results.size() < selected) line += fmt::format(", {} not run", selected - results.size());
    return line;
}

}  // namespace

int run_command(RunArguments a) {
    const std::vector<Scenario> scenarios = select(a.selection);
    const Terminal out_terminal = terminal_of(stdout);
    Terminal progress_terminal = terminal_of(stderr);
    progress_terminal.redraw = progress_terminal.redraw && !a.quiet;
    Writer writer(a.out);
    std::vector<RunResult> results;
    {
        const InterruptGuard guard;
        ProgressLine line(stderr, progress_terminal);
        bool folders_made = false;
        a.batch.progress = [&](const Progress& p) {
            if (!folders_made) require_folders(a);  // the first news: every scenario is valid
            folders_made = true;
            line.show(p, scenarios[p.running].id());
            if (p.finished != nullptr && !writer.take(*p.finished)) return false;
            return !g_interrupted.load();
        };
        results = run(scenarios, a.batch);
    }
    writer.rethrow();
    if (!results.empty()) {
        write_html(results, (std::filesystem::path(a.out) / "report.html").string());
        if (!a.html.empty()) write_html(results, a.html);
        if (!a.junit.empty()) write_junit(results, a.junit);
    }
    if (!a.quiet) {
        fmt::print("{}\n{}", verdict_table(results, out_terminal.colour, out_terminal.width),
                   closing_line(results, scenarios.size()));
        if (a.batch.repeat > 1) fmt::print(", each run {} times", a.batch.repeat);
        fmt::print("\nreport: {}\n", (std::filesystem::path(a.out) / "report.html").string());
    }
    int worst = 0;
    for (const RunResult& r : results) worst = std::max(worst, exit_code(r));
    if (g_interrupted.load()) {
        fmt::print(stderr, "interrupted: {}\n", closing_line(results, scenarios.size()));
        return k_interrupted;
    }
    return worst;
}

}  // namespace twin::cli
