// SPDX-License-Identifier: BSD-3-Clause
// How large a test is: its full size in a plain build, less where a sanitizer watches each access.
#pragma once

#include <algorithm>

namespace test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_asan = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool under_asan = true;
#else
inline constexpr bool under_asan = false;
#endif
#else
inline constexpr bool under_asan = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_tsan = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif
#else
inline constexpr bool under_tsan = false;
#endif

inline constexpr bool under_sanitizer = under_asan || under_tsan;

// n, or n / by under a sanitizer, but never less than 1.
constexpr int sized(int n, int by = 10) {
    return under_sanitizer ? std::max(1, n / by) : n;
}

}  // namespace test
