// SPDX-License-Identifier: Apache-2.0
// At which resistance does a short stop being one? Runs a scenario with several resistances and prints verdict and
// margins. usage: short_sweep SCENARIO POINTER VALUE..., e.g. short_sweep short.scenario.json /events/short/r_mohm 2 5
// 20 80
#include <cstdio>
#include <exception>

#include <twin/twin.hpp>

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: %s SCENARIO POINTER VALUE...\n", argv[0]);
        return 2;
    }
    try {
        std::vector<twin::Scenario> scenarios;
        for (int k = 3; k < argc; ++k) {
            twin::LoadOptions options;
            options.set = {{argv[2], argv[k]}};
            scenarios.push_back(twin::Scenario::from_file(argv[1], options));
        }
        twin::BatchOptions batch;
        batch.jobs = 2;
        const std::vector<twin::RunResult> results = twin::run(scenarios, batch);
        for (std::size_t k = 0; k < results.size(); ++k) {
            std::printf("%s = %-8s %-14s", argv[2], argv[k + 3], results[k].verdict.c_str());
            for (const twin::CheckResult& c : results[k].checks)
                if (!c.implicit && c.margin) std::printf("  %s %s", c.id.c_str(), twin::margin_text(c).c_str());
            std::printf("\n");
        }
        return 0;
    } catch (const twin::InputError& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 3;
    }
}
