// SPDX-License-Identifier: Apache-2.0
// Replays a recording (<bms/recording.hpp>) in the control core built for the Cortex-M4F and prints its core hash.
// Command line: replay FILE. Exit 0 if the hash is the one the recorder saw.
#include <bms/core_api.h>
#include <bms/recording.hpp>

#include <cstdint>
#include <cstring>

#include "semihosting.hpp"

extern "C" [[noreturn]] void target_exit(int code) {
    const std::uint32_t arg[2] = {0x20026u, static_cast<std::uint32_t>(code)};  // ADP_Stopped_ApplicationExit
    target::call(0x20, arg);                                                    // SYS_EXIT_EXTENDED
    for (;;) {
    }
}

namespace {

alignas(8) std::uint8_t state_memory[8192];
std::uint8_t nvm_memory[65536];
std::uint8_t buffer[4096];
std::uint32_t buffer_n = 0;
std::uint32_t buffer_at = 0;
std::int32_t file = -1;

bool source(std::uint8_t* dst, std::uint32_t n) {
    while (n != 0) {
        if (buffer_at == buffer_n) {
            buffer_n = target::read(file, buffer, sizeof buffer);
            buffer_at = 0;
            if (buffer_n == 0) return false;
        }
        const std::uint32_t have = buffer_n - buffer_at;
        const std::uint32_t part = n < have ? n : have;
        std::memcpy(dst, buffer + buffer_at, part);
        dst += part;
        buffer_at += part;
        n -= part;
    }
    return true;
}

void print_hex(std::uint64_t v) {
    char text[17];
    for (int i = 0; i < 16; ++i) text[i] = "0123456789abcdef"[(v >> (60 - 4 * i)) & 15u];
    text[16] = 0;
    target::print(text);
}

void print_number(std::uint32_t v) {
    char text[11];
    int i = 10;
    text[i] = 0;
    do {
        text[--i] = static_cast<char>('0' + v % 10u);
        v /= 10u;
    } while (v != 0);
    target::print(text + i);
}

}  // namespace

extern "C" int target_main() {
    char line[1024];
    if (!target::command_line(line, sizeof line)) return 2;
    const char* path = line;
    while (*path != 0 && *path != ' ') ++path;  // the program's name
    while (*path == ' ') ++path;
    file = target::open_read(path);
    if (file < 0) {
        target::print("cannot open the recording\n");
        return 2;
    }
    const bms_core* core = bms_core_get(BMS_ABI);
    if (core == nullptr) return 2;
    bms::RecordPlayer player(*core, source,
                             bms::ReplayMemory{state_memory, sizeof state_memory, nvm_memory, sizeof nvm_memory});
    const bms::ReplayResult r = player.run();
    target::print("core_hash ");
    print_hex(r.hash);
    target::print(" recorded ");
    print_hex(r.expected_hash);
    target::print(" steps ");
    print_number(r.steps);
    target::print(" error ");
    print_number(r.error);
    target::print("\n");
    if (r.error != 0) return 2;
    return r.hash == r.expected_hash && r.steps == r.expected_steps ? 0 : 1;
}
