// Counts every operator new of this test program. In a file of its own, so that the compiler cannot look through it.
#include <cstdlib>
#include <new>

namespace rig {
long allocations = 0;
}

void* operator new(std::size_t n) {
    ++rig::allocations;
    if (void* p = std::malloc(n != 0 ? n : 1)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
