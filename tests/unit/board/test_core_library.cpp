// Which cores a board takes.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "board/core_library.hpp"
#include "rig.hpp"

using namespace twin;

namespace {

std::string refusal(const bms_core& core, int n = 1) {
    try {
        board::check_core(&core, "core \"x\"", n);
    } catch (const board::BoardError& e) {
        return e.what();
    }
    return "accepted";
}
bool has(const std::string& s, const char* part) { return s.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("cores are refused with the reason") {
    bms_core c = test_core::table();
    CHECK(refusal(c, 8) == "accepted");
    c.flags |= BMS_CAP_BLOCKING;
    CHECK(has(refusal(c), "blocks inside its step"));
    c = test_core::table(BMS_CAP_SNAPSHOT);
    CHECK(refusal(c, 1) == "accepted");
    CHECK(has(refusal(c, 2), "not REENTRANT"));
    c = test_core::table();
    c.abi = 2;
    CHECK(has(refusal(c), "speaks ABI 2"));
    c = test_core::table();
    c.struct_size = 16;
    CHECK(has(refusal(c), "16 bytes"));
    c = test_core::table();
    c.step = nullptr;
    CHECK(has(refusal(c), "lacks a function"));
    c = test_core::table();
    c.state_size = 0;
    CHECK(has(refusal(c), "0 bytes of state"));
    try {
        board::check_core(nullptr, "core \"x\"", 1);
        FAIL("accepted");
    } catch (const board::BoardError& e) {
        CHECK(has(e.what(), "does not speak ABI"));
    }
}

TEST_CASE("a library that is no core is refused") {
    const auto why = [](const char* path) {
        try {
            board::load_core(path, 1);
        } catch (const board::BoardError& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    CHECK(has(why("/nowhere/core.so"), "cannot be loaded"));
    CHECK(has(why("libm.so.6"), "does not export bms_core_get"));
}

TEST_CASE("a core from a library gives the bits of the built-in one") {
    const std::string path = std::string(BMSTWIN_BUILD_DIR) + "/lib/bms_core.so";
    if (!std::filesystem::exists(path)) {
        MESSAGE("not built: " << path);
        return;
    }
    const board::CoreLibrary lib = board::load_core(path, 2);
    CHECK(lib.core() != board::builtin_core());
    std::uint64_t hash[2];
    for (int k = 0; k < 2; ++k) {
        rig::Loop l;
        auto c = rig::config();
        c.core = k == 0 ? nullptr : lib.core();
        l.add(std::move(c));
        l.start();
        l.run_until(2 * base::k_s);
        CHECK(rig::hw(*l.boards[0], "core.steps") > 20);
        hash[k] = l.boards[0]->core_hash();
    }
    CHECK(hash[0] == hash[1]);
}

TEST_CASE("the built-in core is one") {
    CHECK(board::builtin_core() != nullptr);
    CHECK(refusal(*board::builtin_core(), 16) == "accepted");
}
