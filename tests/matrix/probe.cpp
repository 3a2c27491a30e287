// SPDX-License-Identifier: Apache-2.0
// Runs one scenario through the public API in one of several ways and prints its hashes, which must not depend on the
// way. usage: matrix_probe SCENARIO WAY, where WAY is run | unrecorded | eager | fork | advance:N:SEED | save:FILE |
// load:FILE
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <twin/twin.hpp>

namespace {

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64: which instants are visited, nothing more
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void print(const twin::RunResult& result) {
    std::printf("%s %016llx", result.id.c_str(), static_cast<unsigned long long>(result.hash));
    for (const twin::NamedText& core : result.core_hash) std::printf(" %s=%s", core.name.c_str(), core.value.c_str());
    std::printf("\n");
}

twin::RunResult to_end(twin::Simulation& simulation) {
    if (!simulation.failed()) simulation.advance_to_ns(simulation.end_ns());
    return simulation.finish();
}

twin::RunResult advance_randomly(twin::Simulation& simulation, std::uint64_t n, std::uint64_t seed) {
    const auto end_ns = static_cast<std::uint64_t>(simulation.end_ns());
    std::uint64_t state = seed;
    for (std::uint64_t i = 0; i < n && !simulation.failed(); ++i) {
        // Mostly equal parts of the run with a random remainder, sometimes a hop of less than a microsecond.
        const std::uint64_t jump_ns =
            i % 4 == 3 ? next_random(state) % 1000 : next_random(state) % (2 * end_ns / n + 1);
        const auto t_ns = simulation.now_ns() + static_cast<twin::Time_ns>(jump_ns);
        if (t_ns >= simulation.end_ns()) break;
        simulation.advance_to_ns(t_ns);
    }
    return to_end(simulation);
}

void save_half_way(twin::Simulation& simulation, const std::string& file) {
    simulation.advance_to_ns(simulation.end_ns() / 2 + 12'345);
    const std::vector<std::uint8_t> bytes = simulation.save();
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out) throw std::runtime_error("cannot write " + file);
    std::printf("saved %zu bytes\n", bytes.size());
}

twin::RunResult continue_from(twin::Simulation& simulation, const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    simulation.load(bytes);
    return to_end(simulation);
}

twin::RunResult fork_half_way(twin::Simulation& simulation) {
    simulation.advance_to_ns(simulation.end_ns() / 2);
    twin::Simulation copy = simulation.fork();
    simulation.advance_to_ns(simulation.end_ns());  // the original going on must not touch its copy
    return to_end(copy);
}

int probe(const std::string& file, const std::string& way) {
    const twin::Scenario scenario = twin::Scenario::from_file(file);
    twin::RunOptions options;
    options.record = way != "unrecorded";
    options.eager_conversions = way == "eager";
    if (way == "run" || way == "unrecorded" || way == "eager") {
        print(twin::run(scenario, options));
        return 0;
    }
    twin::Simulation simulation(scenario, options);
    const std::string argument = way.substr(way.find(':') + 1);
    if (way.starts_with("advance:")) {
        const std::size_t colon = argument.find(':');
        print(advance_randomly(simulation, std::stoull(argument.substr(0, colon)),
                               std::stoull(argument.substr(colon + 1))));
    } else if (way.starts_with("save:")) {
        save_half_way(simulation, argument);
    } else if (way.starts_with("load:")) {
        print(continue_from(simulation, argument));
    } else if (way == "fork") {
        print(fork_half_way(simulation));
    } else {
        throw std::runtime_error("unknown way: " + way);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s SCENARIO run|unrecorded|eager|fork|advance:N:SEED|save:FILE|load:FILE\n",
                     argv[0]);
        return 2;
    }
    try {
        return probe(argv[1], argv[2]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 3;
    }
}
