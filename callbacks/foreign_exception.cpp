// SPDX-License-Identifier: BSD-3-Clause
#include "callbacks/foreign_exception.hpp"

#include <functional>
#include <gangway/callback.hpp>
#include <memory>
#include <mutex>
#include <utility>

#include "runtime/goroutine.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway {

namespace {

using handler = std::function<void(std::exception_ptr)>;

// A shared_ptr: one that is replaced may be running. Never destroyed: threads outlive main.
std::mutex& handler_lock() {
    static auto* lock = new std::mutex;
    return *lock;
}
std::shared_ptr<const handler>& current_handler() {
    static auto* current = new std::shared_ptr<const handler>;
    return *current;
}

[[noreturn]] void die(const std::exception_ptr& thrown, const char* where) {
    try {
        std::rethrow_exception(thrown);
    } catch (...) {
        runtime::fatal_uncaught(runtime::getm()->curg, where);
    }
}

}  // namespace

void set_callback_exception_handler(std::function<void(std::exception_ptr)> handle) {
    auto replacement = handle ? std::make_shared<const handler>(std::move(handle)) : nullptr;
    std::lock_guard guard(handler_lock());
    current_handler().swap(replacement);
}

void detail::unhandled_in_callback(std::exception_ptr thrown) noexcept {
    std::shared_ptr<const handler> handle;
    {
        std::lock_guard guard(handler_lock());
        handle = current_handler();
    }
    if (handle == nullptr) die(thrown, "a callback from a foreign thread, goroutine ");
    try {
        (*handle)(std::move(thrown));
    } catch (...) {
        die(std::current_exception(), "the callback exception handler, goroutine ");
    }
}

}  // namespace gangway
