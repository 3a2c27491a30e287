/* SPDX-License-Identifier: Apache-2.0
 * Prints a digest of libm results: it differs with and without FMA, which shows that masking the CPU's features took
 * effect. */
#include <math.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    unsigned long long digest = 0;
    for (int i = 0; i < 200000; ++i) {
        const double x = -20 + i * 0.000233137;
        const double y = exp(x) + sin(x) + pow(fabs(x) + 0.1, 1.37);
        unsigned long long word;
        memcpy(&word, &y, sizeof word);
        digest = digest * 1099511628211ULL ^ word;
    }
    printf("%016llx\n", digest);
    return 0;
}
