// SPDX-License-Identifier: BSD-3-Clause
#include "empty.h"

int issue5242(struct empty f, int a, struct holds_empty b, int c) {
    (void)f;
    (void)b;
    return 100 * a + c;
}
