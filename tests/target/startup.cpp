// SPDX-License-Identifier: Apache-2.0
// Reset of a Cortex-M4F without an operating system: memory, FPU, main.
#include <cstdint>
#include <cstring>

extern "C" {
extern std::uint8_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
int target_main();
[[noreturn]] void target_exit(int code);
[[noreturn]] void reset_handler();
[[noreturn]] void fault_handler();
}

namespace {
using Handler = void (*)();
struct Vectors {
    std::uint8_t* stack;
    Handler handler[15];
};
}  // namespace

extern "C" __attribute__((section(".vectors"), used))
const Vectors vectors = {stack_top,
                         {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                          fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                          fault_handler, fault_handler, fault_handler}};

extern "C" void reset_handler() {
    *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88u) |= 0xFu << 20;  // CPACR: the FPU is on
    __asm volatile("dsb\n isb");
    std::memcpy(data_start, data_load, static_cast<std::uint32_t>(data_end - data_start));
    std::memset(bss_start, 0, static_cast<std::uint32_t>(bss_end - bss_start));
    target_exit(target_main());
}

extern "C" void fault_handler() { target_exit(70); }
