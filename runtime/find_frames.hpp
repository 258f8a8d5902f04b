// SPDX-License-Identifier: BSD-3-Clause
// One goroutine's state and the addresses of its frames, wherever it is.
//
//  U1 Of one that waits for its turn the frames are walked from where it left its stack (left_frame).
//  U2 Of one in C whose thread sleeps in the kernel they are walked from the sp and pc that /proc tells of: no signal
//     ends C's system call early. The other registers are not told. The walk needs but rbp, where a function of C's finds its
//     frame by it; it is the stub's, whose place is known, or is searched for (rbp_in).
//  U3 Of one that runs, in C or not, they are walked from the registers that its thread writes down in a signal's
//     handler (capture.hpp).
//  U4 All walks cross the bridge in either direction by the stub's own call frame information: a callback's frames are
//     followed by C's on g0, those by the frames of the goroutine that made the call.
//  U5 Whoever is looked at may go on meanwhile, where the world has not been stopped or C runs on. So each field is read
//     once, stacks are read by the kernel (own_memory.hpp), and what could have been a mixture is looked at again.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/own_memory.hpp"
#include "runtime/types.hpp"
#include "runtime/unwind.hpp"

namespace gangway::runtime {

// What a g says of itself, each field read once.
struct look {
    std::uint64_t goid = 0;
    std::uint32_t status = Gidle;
    wait_reason why = wait_reason::none;
    std::int64_t since = 0;  // nanotime() of when it began to wait
    const m* mp = nullptr;
    std::uint64_t mid = 0;
    bool in_syscall = false;
    bool locked = false;
    std::uintptr_t sp = 0;
    std::uintptr_t entry = 0;  // its first function
};
look look_at(const g* gp);
// "runnable", "chan receive" ...; null: there is no goroutine.
const char* state_name(const look& l);

// Of a stack that is too deep the two ends are kept.
class frame_list {
public:
    static constexpr int at_either_end = 64;

    void clear() { n_ = 0; }
    void add(const frame& f) {
        if (n_ < at_either_end) {
            first_[n_] = f;
        } else {
            last_[(n_ - at_either_end) % at_either_end] = f;
        }
        n_++;
    }
    [[nodiscard]] int kept() const { return std::min(n_, 2 * at_either_end); }
    // Between the first at_either_end and the rest.
    [[nodiscard]] int left_out() const { return n_ - kept(); }
    [[nodiscard]] const frame& at(int i) const {
        return i < at_either_end ? first_[i] : last_[(i + left_out() - at_either_end) % at_either_end];
    }

private:
    frame first_[at_either_end];
    frame last_[at_either_end];
    int n_ = 0;
};

// Takes no memory from malloc, and waits for nothing without a limit. Too large for a small stack.
class frame_finder {
public:
    look at;
    frame_list frames;
    const char* unread = nullptr;  // why there are no frames, or no more

    // A report begins and ends. One at a time, for the sake of capture.hpp. own: the calling thread's goroutine, or null.
    void begin(const g* own);
    static void end();

    // False: no goroutine.
    bool find(const g* gp);
    // The calling thread's own frames.
    void find_thread();

private:
    struct walking {
        frame_finder* self;
        const g* gp;
        bool reached;  // gp's own stack
    };

    bool look_once(const g* gp);
    bool find_running(const g* gp);
    bool find_sleeper(const g* gp);
    bool find_captured(const g* gp);
    bool find_parked();
    void find_own(const g* gp);
    void go_on_at_call(const g* gp, const char* why);
    bool follow(const registers& from, const g* gp);
    bool comes_to(std::uintptr_t from, std::uintptr_t function);
    bool is_after_call(std::uintptr_t back, std::uintptr_t function, bool& known);
    bool leads_to_stub(std::uintptr_t from, std::uintptr_t stub_rbp);
    std::uintptr_t rbp_in(const frame& f, std::uintptr_t stub_rbp);
    [[nodiscard]] const frame* lost_frame(const g* gp) const;

    const g* own_ = nullptr;
    std::int64_t answers_left_ = 0;
    memory_reader memory_;
};

}  // namespace gangway::runtime
