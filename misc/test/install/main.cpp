// SPDX-License-Identifier: BSD-3-Clause
// A program outside the tree: goroutines, a call, a callback that parks, a channel, and a dynamic call. Exit status 0 when
// all came out.
#include <gangway/gangway.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr int count = 100;

int descending(const void* a, const void* b) {
    gangway::gosched();
    return *static_cast<const int*>(b) - *static_cast<const int*>(a);
}

int sum_of_squares() {
    gangway::chan<int> squares;
    for (int i = 0; i < count; i++) {
        gangway::go([squares, i]() mutable { squares.send(i * i); });
    }
    int numbers[count];
    for (int& n : numbers) n = *squares.recv();

    gangway::call<&::qsort>(numbers, count, sizeof numbers[0], gangway::exported<&descending>);
    // By libffi, for the struct.
    gangway::ffi::library self(nullptr);
    if (self["struct { int quot, rem; } div(int, int)"].call<std::div_t>(7, 2).quot != 3) return -1;

    int sum = 0;
    for (int i = 0; i < count; i++) {
        int expected = (count - 1 - i) * (count - 1 - i);
        if (numbers[i] != expected) return -1;
        sum += numbers[i];
    }
    return sum;
}

}  // namespace

int main() {
    int sum = gangway::run(sum_of_squares);
    std::printf("sum of %d squares: %d\n", count, sum);
    return sum == 328350 ? 0 : 1;
}
