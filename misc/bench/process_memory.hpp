// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of this process's memory. None of it touches Gangway.
#pragma once

#include <cstdio>

namespace bench {

struct resident {
    double rss_bytes = 0;
    double page_table_bytes = 0;
};

inline resident resident_now() {
    resident r;
    std::FILE* f = std::fopen("/proc/self/status", "re");
    if (f == nullptr) return r;
    char line[256];
    while (std::fgets(line, sizeof line, f) != nullptr) {
        long kb = 0;
        if (std::sscanf(line, "VmRSS: %ld kB", &kb) == 1) r.rss_bytes = 1024.0 * static_cast<double>(kb);
        if (std::sscanf(line, "VmPTE: %ld kB", &kb) == 1) r.page_table_bytes = 1024.0 * static_cast<double>(kb);
    }
    std::fclose(f);
    return r;
}

}  // namespace bench
