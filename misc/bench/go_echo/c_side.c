/* SPDX-License-Identifier: BSD-3-Clause
 * The very C that echo_gangway calls. */
#include "../c/blocking.c"
