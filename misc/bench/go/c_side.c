/* SPDX-License-Identifier: BSD-3-Clause
 * The very C that gangway_bench calls. */
#include "../c/blocking.c"
#include "../c/callbacks.c"
#include "../c/calls.c"
#include "../c/compare.c"
