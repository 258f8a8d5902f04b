// SPDX-License-Identifier: BSD-3-Clause
// Structs without members: of size 0 in C and 1 in C++, and passed as nothing in both.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#pragma clang diagnostic ignored "-Wextern-c-compat"  // it is what the test is about
#endif

struct empty {};
struct holds_empty {
    struct empty x;
};
int issue5242(struct empty f, int a, struct holds_empty b, int c);

#ifdef __cplusplus
}
#endif
