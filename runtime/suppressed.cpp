// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/suppressed.hpp"

#include <gangway/callback.hpp>
#include <gangway/goroutine_local.hpp>
#include <new>
#include <utility>

namespace gangway {

namespace {
struct lists {
    runtime::exceptions of_this_call;
    runtime::exceptions of_last_call;
};
goroutine_local<lists> suppressed;
}  // namespace

namespace runtime {

void suppress(std::exception_ptr e) noexcept {
    try {
        suppressed->of_this_call.push_back(std::move(e));
    } catch (const std::bad_alloc&) {
    }
}

exceptions set_suppressed(exceptions of_call) noexcept {
    try {
        return std::exchange(suppressed->of_this_call, std::move(of_call));
    } catch (const std::bad_alloc&) {
        return {};
    }
}

void publish_suppressed() noexcept {
    try {
        suppressed->of_last_call = std::exchange(suppressed->of_this_call, {});
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace runtime

std::vector<std::exception_ptr> suppressed_exceptions() {
    return suppressed->of_last_call;
}

}  // namespace gangway
