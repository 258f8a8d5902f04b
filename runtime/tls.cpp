// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls.hpp"

extern "C" {
// initial-exec: one load and one fs-relative load from anywhere, with no call; few bytes, so that a dlopened library
// finds room for it in the static block.
[[gnu::tls_model("initial-exec"), gnu::visibility("hidden"),
  gnu::used]] thread_local gangway::runtime::m* gangway_tls_m = nullptr;
}

namespace gangway::runtime {

[[gnu::noinline]] void setm(m* mp) {
    gangway_tls_m = mp;
}

}  // namespace gangway::runtime
