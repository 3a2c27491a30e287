// SPDX-License-Identifier: Apache-2.0
// Runs one installed scenario through the installed library: prints its verdict and hash.
#include <cstdio>
#include <exception>

#include <twin/twin.hpp>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    try {
        const auto files = twin::find_scenarios({DATA_DIR "/scenarios"});
        std::printf("version %s, %zu scenarios installed\n", twin::version().c_str(), files.size());
        const twin::RunResult result = twin::run(twin::Scenario::from_file(argv[1]));
        std::printf("%s %s %016llx\n", result.id.c_str(), result.verdict.c_str(),
                    static_cast<unsigned long long>(result.hash));
        return files.empty() ? 1 : twin::exit_code(result);
    } catch (const std::exception& error) {
        std::printf("%s\n", error.what());
        return 3;
    }
}
