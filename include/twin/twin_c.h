/* SPDX-License-Identifier: Apache-2.0
 * Minimal C ABI of the simulator. Times are nanoseconds of simulated time; + = discharge current; values have the unit
 * of their channel. Every function that can fail returns 0 on success or one of TWIN_E_*; twin_last_error() then
 * has the message, per thread. Handles are used by one thread at a time. */
#ifndef TWIN_TWIN_C_H
#define TWIN_TWIN_C_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWIN_C_ABI 1

#define TWIN_OK 0
#define TWIN_E_INPUT 2    /* a scenario or option cannot be used */
#define TWIN_E_INTERNAL 3 /* the simulator failed */
#define TWIN_E_USE 4      /* unknown channel or target, value out of range, time going back, null pointer */
#define TWIN_E_FILE 5     /* a file cannot be written */

typedef struct twin_sim twin_sim;

/* "0.1.0"; static storage. */
const char* twin_version(void);
/* Message of the last failure in this thread; "" if none. Valid until the next call in this thread. */
const char* twin_last_error(void);

/* Opens a simulation of a scenario file, or of JSON text if `path_or_json` starts with '{'. */
int32_t twin_open(const char* path_or_json, twin_sim** sim);
void twin_close(twin_sim* sim);
int32_t twin_advance_to_ns(twin_sim* sim, int64_t t_ns);
int64_t twin_now_ns(const twin_sim* sim);
int64_t twin_end_ns(const twin_sim* sim);
int32_t twin_set(twin_sim* sim, const char* target, double value);
int32_t twin_value(const twin_sim* sim, const char* channel, double* value);
/* Judges the run. `out_dir` may be NULL; else evidence is written to out_dir/<id>. `exit_code` gets 0, 1 or 3, `hash`
 * the run hash; either may be NULL. Afterwards only twin_close() may be called. */
int32_t twin_finish(twin_sim* sim, const char* out_dir, int32_t* exit_code, uint64_t* hash);

#ifdef __cplusplus
}
#endif
#endif
