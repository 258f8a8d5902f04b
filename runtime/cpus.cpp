// SPDX-License-Identifier: BSD-3-Clause
// How many CPUs this process may use.
#include <algorithm>
#include <fstream>
#include <gangway/runtime.hpp>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace gangway {

namespace {

int cpus_of_affinity() {
    // The kernel wants room for as many CPUs as it could have.
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(cpus));
        std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
        int n = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (n > 0) return n;
    }
    return static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

// This process's path in the hierarchy: of version 2 for "", else of the version 1 controller.
std::string cgroup_path(const std::string& controller) {
    std::ifstream in("/proc/self/cgroup");  // "ID:CONTROLLERS:PATH"
    for (std::string line; std::getline(in, line);) {
        std::size_t a = line.find(':');
        std::size_t b = a == std::string::npos ? a : line.find(':', a + 1);
        if (b == std::string::npos) continue;
        std::string of = line.substr(a + 1, b - a - 1).insert(0, 1, ',').append(1, ',');
        std::string wanted = std::string(1, ',').append(controller).append(1, ',');
        if (controller.empty() ? of == wanted : of.find(wanted) != std::string::npos) return line.substr(b + 1);
    }
    return "";
}

// CPUs' worth of quota in one directory; 0: no limit there.
double quota_v2(const std::string& dir) {
    std::ifstream in(dir + "/cpu.max");  // "QUOTA PERIOD" or "max PERIOD"
    double quota = 0, period = 0;
    return in >> quota >> period && quota > 0 && period > 0 ? quota / period : 0;
}
double quota_v1(const std::string& dir) {
    std::ifstream q(dir + "/cpu.cfs_quota_us"), p(dir + "/cpu.cfs_period_us");
    double quota = 0, period = 0;
    return q >> quota && p >> period && quota > 0 && period > 0 ? quota / period : 0;
}

// A limit of any ancestor holds too.
double tightest(const std::string& root, std::string path, double (*quota)(const std::string&)) {
    double least = 0;
    for (;;) {
        double here = quota(root + path);
        if (here > 0 && (least == 0 || here < least)) least = here;
        if (path.empty() || path == "/") return least;
        path.resize(path.rfind('/'));
    }
}

double cpus_of_cgroup() {
    double v2 = tightest("/sys/fs/cgroup", cgroup_path(""), &quota_v2);
    return v2 > 0 ? v2 : tightest("/sys/fs/cgroup/cpu", cgroup_path("cpu"), &quota_v1);
}

}  // namespace

int num_cpu() {
    int cpus = cpus_of_affinity();
    double quota = cpus_of_cgroup();
    if (quota > 0 && quota < cpus) cpus = static_cast<int>(quota + 0.999);
    return std::max(1, cpus);
}

}  // namespace gangway
