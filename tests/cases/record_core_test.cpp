// SPDX-License-Identifier: Apache-2.0
// Shipped scenarios with everything that entered their cores recorded: the recording replays to the run's core hash on
// the host here, and in QEMU by tests/target/run.py, which finds the files this test writes (recordings/*.bmsrec).
#include <doctest/doctest.h>
#include <bms/recording.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "io/assemble.hpp"
#include "io/load.hpp"
#include "sim/simulation.hpp"

using namespace twin;

namespace {

struct Recorder final : board::CoreSink {
    struct Put {
        std::vector<std::uint8_t>* to;
        bool operator()(const std::uint8_t* p, std::uint32_t n) const {
            to->insert(to->end(), p, p + n);
            return true;
        }
    };
    std::vector<std::uint8_t> bytes;
    bms::RecordWriter<Put> writer{Put{&bytes}};
    std::uint32_t steps = 0;
    void on_header(const bms_cfg& c, std::uint32_t size, std::uint32_t n, const std::uint8_t* nvm) override {
        writer.header(c, size, n, nvm);
    }
    void on_init() override { writer.init(); }
    void on_set_param(std::uint32_t id, std::int32_t v, std::uint32_t role) override { writer.param(id, v, role); }
    void on_ram_fault(std::uint32_t o, std::uint8_t m) override { writer.ram_fault(o, m); }
    void on_step(const bms_in& in) override {
        writer.step(in);
        ++steps;
    }
};

bms::ReplayResult replay(const std::vector<std::uint8_t>& bytes) {
    std::size_t at = 0;
    auto source = [&](std::uint8_t* p, std::uint32_t n) {
        if (at + n > bytes.size()) return false;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, p);
        at += n;
        return true;
    };
    const bms_core* core = bms_core_get(BMS_ABI);
    std::vector<std::uint64_t> state(core->state_size / 8u + 1u);
    std::vector<std::uint8_t> nvm(65536);
    bms::RecordPlayer player(*core, source, bms::ReplayMemory{state.data(), core->state_size, nvm.data(), 65536});
    return player.run();
}

void record(const std::string& file) {
    CAPTURE(file);
    const io::LoadResult loaded = io::load_files({BMSTWIN_SOURCE_DIR "/scenarios/" + file}, {});
    REQUIRE(loaded.errors.empty());
    REQUIRE(loaded.scenarios.size() == 1);
    const scenario::Scenario& s = loaded.scenarios[0].scenario;
    sim::Simulation run(io::assemble(s, {}));
    std::vector<std::unique_ptr<Recorder>> sinks;
    for (std::size_t k = 0; k < s.packs.size(); ++k) {
        sinks.push_back(std::make_unique<Recorder>());
        run.set_core_sink(k, sinks.back().get());
    }
    run.advance_to(run.end_ns());
    REQUIRE_FALSE(run.failed());
    const RunResult result = run.finish();
    REQUIRE(result.core_hash.size() == sinks.size());
    std::filesystem::create_directories(BMSTWIN_BUILD_DIR "/recordings");
    for (std::size_t k = 0; k < sinks.size(); ++k) {
        Recorder& r = *sinks[k];
        const std::uint64_t hash = std::stoull(result.core_hash[k].value, nullptr, 16);
        r.writer.end(hash, r.steps);
        REQUIRE(r.writer.ok());
        CHECK(r.steps > 100);
        const bms::ReplayResult again = replay(r.bytes);
        CHECK(again.error == 0);
        CHECK(again.steps == r.steps);
        CHECK(again.hash == hash);
        std::ofstream(BMSTWIN_BUILD_DIR "/recordings/" + s.id + "-" + result.core_hash[k].name + ".bmsrec",
                      std::ios::binary)
            .write(reinterpret_cast<const char*>(r.bytes.data()), static_cast<std::streamsize>(r.bytes.size()));
    }
}

}  // namespace

TEST_CASE("the hard short's recording replays to its core hash") { record("short/short-hard-clamp.scenario.json"); }
TEST_CASE("precharge") { record("everyday/inrush-10mf-precharge.scenario.json"); }
TEST_CASE("an open tap") { record("miswiring/open-tap.scenario.json"); }
TEST_CASE("two packs, each with its own core") { record("paralleling/parallel-0v9.scenario.json"); }
