// SPDX-License-Identifier: BSD-3-Clause
// What belongs to the current thread: its m, how deep it is in code that must not be preempted, its stack guard.
//
// A goroutine may go on on another thread after any switch, so no thread-local's value, and no thread-local's address,
// may be kept across one. A compiler that sees `thread_local` may keep the address; it cannot see through this.
#pragma once

#include <cstdint>

namespace gangway::runtime {

struct m;

// The calling thread's m; null on a thread that is not the runtime's.
inline m* getm() {
    m* mp;
    asm volatile(
        "movq gangway_tls_m@gottpoff(%%rip), %0\n\t"
        "movq %%fs:(%0), %0"
        : "=r"(mp));
    return mp;
}

void setm(m* mp);

// The word with which the prologues of -fsplit-stack compare sp: glibc's tcbhead_t keeps it for them. 0 outside
// goroutine code, so that no sp is below it. Other threads write it only to poison it (preempt.hpp).
inline void set_stackguard(std::uintptr_t guard) {
    asm volatile("movq %0, %%fs:0x70" : : "r"(guard) : "memory");
}
inline std::uintptr_t stackguard() {
    std::uintptr_t guard;
    asm volatile("movq %%fs:0x70, %0" : "=r"(guard));
    return guard;
}
// Where other threads find it.
inline std::uintptr_t* stackguard_address() {
    std::uintptr_t thread;
    asm volatile("movq %%fs:0, %0" : "=r"(thread));
    return reinterpret_cast<std::uintptr_t*>(thread + 0x70);
}

// How many regions the thread is in that must not be preempted (P3 in preempt.hpp). The top bit: a request was put
// off, so the last acquirem's end restores the guard. Signed flags tell releasem both in the one instruction.
constexpr std::uint32_t preempt_was_put_off = 1U << 31;

inline void acquirem() {
    std::uintptr_t at;
    asm volatile(
        "movq gangway_tls_preempt_off@gottpoff(%%rip), %0\n\t"
        "incl %%fs:(%0)"
        : "=r"(at)
        :
        : "memory", "cc");
}

void releasem_slow();
inline void releasem() {
    std::uintptr_t at;
    bool put_off;
    asm volatile(
        "movq gangway_tls_preempt_off@gottpoff(%%rip), %0\n\t"
        "decl %%fs:(%0)"
        : "=r"(at), "=@ccs"(put_off)
        :
        : "memory");
    if (put_off) [[unlikely]]
        releasem_slow();
}

// acquirem() for a scope.
class no_preemption {
public:
    no_preemption() { acquirem(); }
    ~no_preemption() { releasem(); }
    no_preemption(const no_preemption&) = delete;
    no_preemption& operator=(const no_preemption&) = delete;
};

std::uint32_t preempt_off_depth();
// A request cannot be granted now: the outermost releasem restores the guard.
void put_preempt_off();

}  // namespace gangway::runtime
