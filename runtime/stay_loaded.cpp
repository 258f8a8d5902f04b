// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/stay_loaded.hpp"

#include <dlfcn.h>

namespace gangway::runtime {

void stay_loaded() {
    Dl_info here{};
    if (dladdr(reinterpret_cast<void*>(&stay_loaded), &here) == 0) return;
    // Null for the program itself, which nobody unloads.
    dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace gangway::runtime
