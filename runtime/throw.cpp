// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/throw.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/atomic.hpp"
#include "runtime/fork.hpp"
#include "runtime/last_report.hpp"
#include "runtime/traceback.hpp"

namespace gangway::runtime {

namespace {
std::atomic<int> dying{0};

void print(const char* a, const char* b = "", const char* c = "", const char* d = "") {
    const char* parts[] = {a, b, c, d};
    iovec out[4];
    for (int i = 0; i < 4; i++) out[i] = {const_cast<char*>(parts[i]), std::strlen(parts[i])};
    [[maybe_unused]] ssize_t n = writev(STDERR_FILENO, out, 4);
}

// The second and later ones wait for the first to end the process: their reports would only be mixed into its own. The
// same thread again, from inside the report: no more of it can be had.
void be_the_one_that_dies() {
    if (load_relaxed(in_forked_child)) return;  // the only thread
    static std::atomic<int> owner{0};
    int me = gettid();
    if (add_seq_cst(dying, 1) == 1) {
        store_seq_cst(owner, me);
        return;
    }
    if (load_seq_cst(owner) == me) {
        print("runtime: one more fatal error inside the report, which ends here\n");
        std::abort();
    }
    for (;;) pause();
}

[[noreturn]] void die() {
    if (load_relaxed(in_forked_child)) std::abort();  // the goroutines are the parent's
    print("\n");
    run_last_report([] { traceback_dying(STDERR_FILENO); });
    std::abort();
}
}  // namespace

void fatal(const char* text) noexcept {
    be_the_one_that_dies();
    print("fatal error: ", text, "\n");
    die();
}

void fatal_in(const char* what, const char* text) noexcept {
    be_the_one_that_dies();
    print("fatal error: ", what, ": ", text);
    print("\n");
    die();
}

void fatal_with(const char* detail, const char* text) noexcept {
    be_the_one_that_dies();
    print(detail, "\nfatal error: ", text, "\n");
    die();
}

}  // namespace gangway::runtime
