// SPDX-License-Identifier: Apache-2.0
#include <twin/twin_c.h>

#include <exception>
#include <new>
#include <string>
#include <twin/twin.hpp>

struct twin_sim {
    twin::Simulation simulation;
};

namespace {

std::string& last_error() {
    thread_local std::string text;
    return text;
}

int32_t failed(int32_t code, const char* what) noexcept {
    try {
        last_error() = what;
    } catch (...) {
        last_error().clear();  // no memory for the message: the code still stands
    }
    return code;
}

// No exception crosses the C boundary.
template <class F>
int32_t guarded(const F& f) noexcept {
    try {
        last_error().clear();
        f();
        return TWIN_OK;
    } catch (const twin::InputError& e) {
        return failed(TWIN_E_INPUT, e.what());
    } catch (const twin::RunError& e) {
        return failed(TWIN_E_USE, e.what());
    } catch (const twin::FileError& e) {
        return failed(TWIN_E_FILE, e.what());
    } catch (const std::exception& e) {
        return failed(TWIN_E_INTERNAL, e.what());
    } catch (...) {
        return failed(TWIN_E_INTERNAL, "unknown failure");
    }
}

}  // namespace

extern "C" {

const char* twin_version(void) {
    static const std::string text = twin::version();
    return text.c_str();
}

const char* twin_last_error(void) { return last_error().c_str(); }

int32_t twin_open(const char* path_or_json, twin_sim** sim) {
    if (path_or_json == nullptr || sim == nullptr) return failed(TWIN_E_USE, "twin_open: null pointer");
    *sim = nullptr;
    return guarded([&] {
        const std::string text = path_or_json;
        const bool json =
            text.find_first_not_of(" \t\r\n") != std::string::npos && text[text.find_first_not_of(" \t\r\n")] == '{';
        const twin::Scenario scenario = json ? twin::Scenario::from_json(text) : twin::Scenario::from_file(text);
        *sim = new twin_sim{twin::Simulation(scenario)};
    });
}

void twin_close(twin_sim* sim) { delete sim; }

int32_t twin_advance_to_ns(twin_sim* sim, int64_t t_ns) {
    if (sim == nullptr) return failed(TWIN_E_USE, "twin_advance_to_ns: null pointer");
    return guarded([&] { sim->simulation.advance_to_ns(t_ns); });
}

int64_t twin_now_ns(const twin_sim* sim) { return sim == nullptr ? -1 : sim->simulation.now_ns(); }

int64_t twin_end_ns(const twin_sim* sim) { return sim == nullptr ? -1 : sim->simulation.end_ns(); }

int32_t twin_set(twin_sim* sim, const char* target, double value) {
    if (sim == nullptr || target == nullptr) return failed(TWIN_E_USE, "twin_set: null pointer");
    return guarded([&] { sim->simulation.set(target, value); });
}

int32_t twin_value(const twin_sim* sim, const char* channel, double* value) {
    if (sim == nullptr || channel == nullptr || value == nullptr) return failed(TWIN_E_USE, "twin_value: null pointer");
    return guarded([&] { *value = sim->simulation.value(channel); });
}

int32_t twin_finish(twin_sim* sim, const char* out_dir, int32_t* exit_code, uint64_t* hash) {
    if (sim == nullptr) return failed(TWIN_E_USE, "twin_finish: null pointer");
    return guarded([&] {
        const twin::RunResult result = sim->simulation.finish();
        if (out_dir != nullptr) twin::write_evidence(result, out_dir);
        if (exit_code != nullptr) *exit_code = twin::exit_code(result);
        if (hash != nullptr) *hash = result.hash;
    });
}

}  // extern "C"
