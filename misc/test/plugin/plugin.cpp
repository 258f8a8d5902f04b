// SPDX-License-Identifier: BSD-3-Clause
// A plug-in whose program knows nothing of the library.
#include <cstdlib>
#include <gangway/gangway.hpp>

namespace {

int compare(const void* a, const void* b) {
    gangway::gosched();
    return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

int sort_and_sum(int n) {
    std::vector<int> numbers;
    for (int i = 0; i < n; i++) numbers.push_back(n - i);
    gangway::call<&::qsort>(numbers.data(), numbers.size(), sizeof(int), gangway::exported<&compare>);
    int sum = 0;
    for (int i = 0; i < n; i++) sum += numbers[static_cast<std::size_t>(i)] == i + 1 ? i + 1 : 0;
    return sum;
}

}  // namespace

// 10 times the sum of 1 to n, by goroutines of which one is left behind, parked for ever.
extern "C" [[gnu::visibility("default")]] int plugin_work(int n) {
    return gangway::run([n] {
        static gangway::chan<int> never;
        gangway::go([] { never.recv(); });
        gangway::chan<int> sums;
        for (int i = 0; i < 10; i++) gangway::go([=]() mutable { sums.send(sort_and_sum(n)); });
        int sum = 0;
        for (int i = 0; i < 10; i++) sum += sums.recv().value();
        return sum;
    });
}

// The same on a callback of a thread that the program made.
extern "C" [[gnu::visibility("default")]] int plugin_callback(int n) {
    return sort_and_sum(n) + gangway::spawn([] { return 1; }).join();
}
