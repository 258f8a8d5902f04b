// SPDX-License-Identifier: BSD-3-Clause
#include "preempt/preemptible.hpp"

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <new>

#include <immintrin.h>

// Clang stops at a variadic function where a prologue is asked for.
#if defined(__clang__)
#define NO_PROLOGUE __attribute__((no_split_stack))
#else
#define NO_PROLOGUE
#endif

namespace preemptible {

namespace {

[[gnu::noinline]] void step(std::atomic<std::uint64_t>* rounds) {
    char frame[16];  // Clang leaves the prologue out of a function that needs no stack
    asm volatile("" : : "r"(rounds), "r"(frame) : "memory");
}

[[gnu::noinline]] void keep(void* p) {
    asm volatile("" : : "r"(p) : "memory");
}

[[gnu::noinline]] bool integers(int a, long b, char c, unsigned d, short e, void* f) {
    char frame[64];
    keep(frame);
    return a == -1 && b == 2L << 40 && c == 'c' && d == 3U << 30 && e == -5 &&
           f == reinterpret_cast<void*>(0x1234'5678'9abc);
}

[[gnu::noinline]] bool doubles(double a, float b, double c, double d, double e, double f, double g, double h) {
    char frame[64];
    keep(frame);
    return a == 1.5 && b == 2.5F && c == 3.5 && d == 4.5 && e == 5.5 && f == 6.5 && g == 7.5 && h == 8.5;
}

[[gnu::noinline, gnu::target("avx")]] bool vectors(__m256d a, __m256d b, __m256d c, __m256d d, __m256d e,
                                                   __m256d f, __m256d g, __m256d h) {
    char frame[64];
    keep(frame);
    const __m256d all[] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) {
        double got[4];
        _mm256_storeu_pd(got, all[i]);
        for (int j = 0; j < 4; j++)
            if (got[j] != 10 * i + j) return false;
    }
    return true;
}

[[gnu::target("avx")]] __m256d vector(int i) {
    return _mm256_set_pd(10 * i + 3, 10 * i + 2, 10 * i + 1, 10 * i);
}

[[gnu::target("avx")]] bool call_vectors(const std::function<void()>& ask) {
    const __m256d a = vector(0), b = vector(1), c = vector(2), d = vector(3);
    const __m256d e = vector(4), f = vector(5), g = vector(6), h = vector(7);
    ask();
    return vectors(a, b, c, d, e, f, g, h);
}

struct small_mixed {
    double x;
    int y;
};
struct in_memory {
    long a[5];
};

[[gnu::noinline]] in_memory structs(small_mixed s, in_memory m, small_mixed t) {
    char frame[64];
    keep(frame);
    in_memory out{};
    if (s.x == 1.5 && s.y == 2 && t.x == 3.5 && t.y == 4)
        for (int i = 0; i < 5; i++) out.a[i] = 2 * m.a[i];
    return out;
}

[[gnu::noinline]] long many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
    char frame[64];
    keep(frame);
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g + 10000000 * h + 100000000 * i +
           1000000000 * j;
}

NO_PROLOGUE double sum_of(int n, ...);
double sum_of(int n, ...) {
    char frame[64];
    keep(frame);
    va_list arguments;
    va_start(arguments, n);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += va_arg(arguments, double) * va_arg(arguments, int);
    va_end(arguments);
    return sum;
}

[[gnu::noinline]] int large_frame(int a, double b) {
    char frame[20'000];
    std::memset(frame, a, sizeof frame);
    keep(frame);
    return frame[0] + frame[19'999] + static_cast<int>(b);
}

[[gnu::noinline]] std::uint64_t use_alloca(std::size_t size, const std::function<void()>& ask) {
    ask();
    auto* bytes = static_cast<unsigned char*>(__builtin_alloca(size));
    std::memset(bytes, 3, size);
    keep(bytes);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; i++) sum += bytes[i];
    return sum;
}

int place(int n, int row, unsigned columns, unsigned left, unsigned right) {
    if (row == n) return 1;
    int found = 0;
    for (unsigned free = ~(columns | left | right) & ((1U << n) - 1); free != 0; free &= free - 1) {
        unsigned bit = free & -free;
        found += place(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

}  // namespace

std::function<void()> on_allocation;

void spin_until(const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) step(nullptr);
}

void count_until(const std::atomic<bool>& stop, std::atomic<std::uint64_t>& rounds) {
    while (!stop.load(std::memory_order_relaxed)) {
        step(&rounds);
        rounds.store(rounds.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
}

[[gnu::noinline]] void touch() {
    char frame[16];  // as in step()
    keep(frame);
}

[[gnu::noinline]] int recurse(int depth) {
    char frame[64];
    keep(frame);
    if (depth == 0) {
        touch();
        return 0;
    }
    int below = recurse(depth - 1);
    keep(frame);
    return below + 1;
}

[[gnu::noinline]] int recurse_in_large_frames(int depth) {
    char frame[3000];
    keep(frame);
    int below = depth == 0 ? -1 : recurse_in_large_frames(depth - 1);
    keep(frame);
    return below + 1;
}

bool keeps_integers(const std::function<void()>& ask) {
    ask();
    return integers(-1, 2L << 40, 'c', 3U << 30, -5, reinterpret_cast<void*>(0x1234'5678'9abc));
}

bool keeps_doubles(const std::function<void()>& ask) {
    ask();
    return doubles(1.5, 2.5F, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5);
}

bool keeps_vectors(const std::function<void()>& ask) {
    if (!__builtin_cpu_supports("avx")) return true;
    return call_vectors(ask);
}

bool keeps_structs(const std::function<void()>& ask) {
    ask();
    in_memory got = structs({1.5, 2}, {{1, 2, 3, 4, 5}}, {3.5, 4});
    return got.a[0] == 2 && got.a[1] == 4 && got.a[4] == 10;
}

bool keeps_stack_arguments(const std::function<void()>& ask) {
    ask();
    return many(1, 2, 3, 4, 5, 6, 7, 8, 9, 1) == 1'987'654'321;
}

bool keeps_variadic_arguments(const std::function<void()>& ask) {
    ask();
    bool in_registers = sum_of(2, 1.5, 2, 2.5, 4) == 13;
    ask();
    return in_registers &&
           sum_of(10, 1.0, 1, 2.0, 1, 3.0, 1, 4.0, 1, 5.0, 1, 6.0, 1, 7.0, 1, 8.0, 1, 9.0, 1, 10.0, 2) == 65;
}

bool keeps_a_large_frame(const std::function<void()>& ask) {
    ask();
    return large_frame(7, 1.5) == 15;
}

std::uint64_t sum_in_alloca(std::size_t size, const std::function<void()>& ask) {
    return use_alloca(size, ask);
}

touches_when_moved::touches_when_moved(touches_when_moved&& other) noexcept : value(other.value) {
    touch();
}

touches_when_moved& touches_when_moved::operator=(touches_when_moved&& other) noexcept {
    value = other.value;
    touch();
    return *this;
}

int queens(int n) {
    return place(n, 0, 0, 0, 0);
}

}  // namespace preemptible

void* operator new(std::size_t size) {
    if (preemptible::on_allocation) preemptible::on_allocation();
    if (void* p = std::malloc(size)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (preemptible::on_allocation) preemptible::on_allocation();
    return std::malloc(size);
}
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
    if (preemptible::on_allocation) preemptible::on_allocation();
    const auto a = static_cast<std::size_t>(align);
    return std::aligned_alloc(a, (size + a - 1) / a * a);
}
void* operator new(std::size_t size, std::align_val_t align) {
    if (void* p = operator new(size, align, std::nothrow)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
