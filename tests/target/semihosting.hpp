// SPDX-License-Identifier: Apache-2.0
// Files and text of the host through ARM semihosting (BKPT 0xAB): what the replay needs and no more.
#pragma once
#include <cstdint>

namespace target {

inline std::int32_t call(std::uint32_t op, const void* arg) {
    register std::uint32_t r0 __asm("r0") = op;
    register const void* r1 __asm("r1") = arg;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory", "r2", "r3", "r12", "lr", "cc");
    return static_cast<std::int32_t>(r0);
}

inline std::uint32_t length(const char* s) {
    std::uint32_t n = 0;
    while (s[n] != 0) ++n;
    return n;
}

inline void print(const char* text) { call(0x04, text); }  // SYS_WRITE0

inline std::int32_t open_read(const char* path) {
    const std::uint32_t arg[3] = {reinterpret_cast<std::uint32_t>(path), 1, length(path)};  // "rb"
    return call(0x01, arg);
}

// Bytes read, 0 at the end of the file.
inline std::uint32_t read(std::int32_t file, void* dst, std::uint32_t n) {
    const std::uint32_t arg[3] = {static_cast<std::uint32_t>(file), reinterpret_cast<std::uint32_t>(dst), n};
    const std::int32_t left = call(0x06, arg);  // SYS_READ returns what it did not read
    return left < 0 || static_cast<std::uint32_t>(left) > n ? 0 : n - static_cast<std::uint32_t>(left);
}

inline bool command_line(char* dst, std::uint32_t size) {
    std::uint32_t arg[2] = {reinterpret_cast<std::uint32_t>(dst), size};
    return call(0x15, arg) == 0;
}

}  // namespace target
