/* SPDX-License-Identifier: Apache-2.0
 * The same through the C ABI of the simulator; the hash must equal that of the C++ run. */
#include <inttypes.h>
#include <stdio.h>

#include <twin/twin_c.h>

int main(int argc, char** argv) {
    twin_sim* sim = NULL;
    int32_t code = 0;
    uint64_t hash = 0;
    if (argc != 2) return 2;
    if (twin_open(argv[1], &sim) || twin_advance_to_ns(sim, twin_end_ns(sim)) || twin_finish(sim, NULL, &code, &hash)) {
        printf("%s\n", twin_last_error());
        return 3;
    }
    printf("version %s\nhash %016" PRIx64 "\n", twin_version(), hash);
    twin_close(sim);
    return code;
}
