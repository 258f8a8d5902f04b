// SPDX-License-Identifier: BSD-3-Clause
#include <sys/resource.h>

#include <cstdio>
#include <cstring>

#include "testprog.hpp"

namespace testprog {
namespace {
constinit const program* programs = nullptr;
}

program::program(const char* program_name, void (*program_run)())
    : name(program_name), run(program_run), next(programs) {
    programs = this;
}
}  // namespace testprog

int main(int argc, char** argv) {
    const rlimit no_core{0, 0};  // they crash on purpose
    setrlimit(RLIMIT_CORE, &no_core);
    for (const auto* p = testprog::programs; p != nullptr; p = p->next) {
        if (argc == 2 && std::strcmp(argv[1], p->name) == 0) {
            p->run();
            return 0;
        }
    }
    std::fprintf(stderr, "usage: %s NAME, one of\n", argv[0]);
    for (const auto* p = testprog::programs; p != nullptr; p = p->next) std::fprintf(stderr, "  %s\n", p->name);
    return 2;
}
