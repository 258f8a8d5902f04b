// SPDX-License-Identifier: BSD-3-Clause
// Fields that others may write meanwhile, read as they are at this moment, for reports (U5 in find_frames.hpp).
//
// Volatile, or the loads would be moved out of the functions that are kept from the sanitizer.
#pragma once

#include <atomic>

namespace gangway::runtime {

template <class T>
[[gnu::always_inline]] inline T peek(const T& field) {
    return *const_cast<const volatile T*>(&field);
}
template <class T>
[[gnu::always_inline]] inline T peek(const std::atomic<T>& field) {
    static_assert(sizeof(std::atomic<T>) == sizeof(T));  // NOLINT(bugprone-sizeof-expression): pointers too
    return *reinterpret_cast<const volatile T*>(&field);
}

}  // namespace gangway::runtime
