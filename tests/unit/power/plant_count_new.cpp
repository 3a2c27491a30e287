// SPDX-License-Identifier: Apache-2.0
// Counts every operator new of this test program. In a file of its own, so that the compiler cannot look through it.
#include <cstdlib>
#include <new>

namespace twin::plant_test {
long allocations = 0;
}

void* operator new(std::size_t n) {
    ++twin::plant_test::allocations;
    if (void* p = std::malloc(n != 0 ? n : 1)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t n, std::align_val_t a) {
    ++twin::plant_test::allocations;
    const auto al = static_cast<std::size_t>(a);
    if (void* p = std::aligned_alloc(al, (n + al - 1) / al * al)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
