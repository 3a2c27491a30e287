/* SPDX-License-Identifier: Apache-2.0
 * The header of a pluggable core compiles as C, alone. */
#include <bms/core_api.h>

int bmstwin_consumer_core_header_is_c;
