// SPDX-License-Identifier: BSD-3-Clause
// Looking at a thread that runs: a signal makes it write down its registers and wait, for as long as its stacks are being
// walked and no longer than a time limit.
//
// The signal is SIGURG: by default it does nothing, so that one which arrives too late does no harm. Its handler is there
// only while a report needs it. A program that has its own keeps it, and its threads are not asked.
//
//  G1 One thread is asked at a time, by whoever has the reports' lock: it writes `asked` and signals. The thread moves
//     that to `answering`, writes down its registers and moves on to `held`: from then on its stacks stand still. Whoever
//     moves `held` to `idle` - the asker when it has done, the thread when it has waited too long - ends that; the asker
//     learns which it was.
//  G2 What is read of a stack is read by the kernel (own_memory.hpp): a thread that went on early, even one that has
//     ended, costs the asker a useless trace and not a fault.
//  G3 The thread may be anywhere when it is asked, inside malloc or with a lock held. So the asker, while it holds one,
//     takes no lock and no memory.
#pragma once

#include <cstdint>

#include "runtime/unwind.hpp"

namespace gangway::runtime {

struct g;
struct m;

enum class capture_result : std::uint8_t {
    held,
    no_answer,  // in time: it has not had a CPU
    blocked,    // it blocks the signal
    refused,    // the program has its own handler for the signal
    gone,       // no such thread any more
};

struct captured {
    registers regs;
    const g* curg = nullptr;  // at that moment
    bool in_syscall = false;
};

// Installs the handler where it is not yet. held: until capture_end(), which says whether the thread stood still all the time.
capture_result capture_begin(const m* mp, std::int64_t ns, captured& to);
bool capture_end();

// The report has ended: the signal is as it was.
void capture_close();

// After a report that did not come to its end: nobody waits any more.
void capture_abandon();

}  // namespace gangway::runtime
