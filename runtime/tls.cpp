// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls.hpp"

#include "runtime/preempt.hpp"
#include "runtime/throw.hpp"

extern "C" {
// initial-exec: one load and one fs-relative load from anywhere, with no call; few bytes, so that a dlopened library
// finds room for it in the static block.
[[gnu::tls_model("initial-exec"), gnu::visibility("hidden"),
  gnu::used]] thread_local gangway::runtime::m* gangway_tls_m = nullptr;
[[gnu::tls_model("initial-exec"), gnu::visibility("hidden"),
  gnu::used]] thread_local std::uint32_t gangway_tls_preempt_off = 0;
}

namespace gangway::runtime {

[[gnu::noinline]] void setm(m* mp) {
    gangway_tls_m = mp;
}

[[gnu::noinline]] std::uint32_t preempt_off_depth() {
    return gangway_tls_preempt_off & ~preempt_was_put_off;
}

[[gnu::noinline]] void put_preempt_off() {
    gangway_tls_preempt_off |= preempt_was_put_off;
}

[[gnu::noinline]] void releasem_slow() {
    check(gangway_tls_preempt_off != ~0U, "releasem: without an acquirem on this thread");
    if (gangway_tls_preempt_off != preempt_was_put_off) return;  // an outer region does it
    gangway_tls_preempt_off = 0;
    m* mp = getm();
    if (mp != nullptr && mp->curg != nullptr) restore_stackguard(mp->curg);
}

}  // namespace gangway::runtime
