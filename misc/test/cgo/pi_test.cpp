// SPDX-License-Identifier: BSD-3-Clause
// pi: a thousand digits through thousands of small calls, each of which is counted.
#include "../c/fixed_point.h"

#include <cstdint>
#include <string>

#include "../fixture.hpp"

namespace {

constexpr std::size_t decimals = 1000;

// A number of the C library's, every step of it a call.
class fixed_number {
    template <auto Fn, class... A>
    static decltype(auto) counted(A... a) {
        ++calls;
        return gangway::call<Fn>(a...);
    }

public:
    fixed_number() : f_(counted<&::fixed_new>(decimals)) {}
    ~fixed_number() { counted<&::fixed_free>(f_); }
    fixed_number(const fixed_number&) = delete;
    fixed_number& operator=(const fixed_number&) = delete;

    void set(std::uint32_t n) { counted<&::fixed_set>(f_, n); }
    void copy(const fixed_number& o) { counted<&::fixed_copy>(f_, o.f_); }
    void add(const fixed_number& o) { counted<&::fixed_add>(f_, o.f_); }
    void sub(const fixed_number& o) { counted<&::fixed_sub>(f_, o.f_); }
    void div(std::uint32_t by) { counted<&::fixed_div>(f_, by); }
    [[nodiscard]] bool is_zero() const { return counted<&::fixed_is_zero>(f_) != 0; }
    [[nodiscard]] std::string print() const {
        std::string text(decimals + 3, '\0');
        counted<&::fixed_print>(f_, text.data(), decimals);
        return text.substr(0, decimals + 2);
    }

    static inline std::uint64_t calls = 0;

private:
    fixed* f_;
};

// to += sign * times * arctan(1 / x)
void add_arctan(fixed_number& to, bool plus, std::uint32_t times, std::uint32_t x) {
    fixed_number power;
    fixed_number term;
    power.set(times);
    power.div(x);
    for (std::uint32_t n = 1; !power.is_zero(); n += 2) {
        term.copy(power);
        term.div(n);
        const bool add = (n % 4 == 1) == plus;
        add ? to.add(term) : to.sub(term);
        power.div(x * x);
    }
}

GOROUTINE_TEST(pi, thousand_digits_and_every_call_counted) {
    fixed_number::calls = 0;
    const std::uint64_t before = gangway::num_cgo_call();
    std::string digits;
    {
        fixed_number pi;
        pi.set(0);
        add_arctan(pi, true, 16, 5);
        add_arctan(pi, false, 4, 239);
        digits = pi.print();
    }
    EXPECT_EQ("3.14159265358979323846", digits.substr(0, 22));
    EXPECT_EQ("66111959092164201989", digits.substr(digits.size() - 20));
    EXPECT_GT(fixed_number::calls, 4000U);
    EXPECT_EQ(before + fixed_number::calls, gangway::num_cgo_call());
}

// The count is right as well when every m counts.
GOROUTINE_TEST(pi, calls_of_many_goroutines_are_counted) {
    const int goroutines = 20;
    static constexpr int each = test::sized(5000);
    const std::uint64_t before = gangway::num_cgo_call();
    gangway::wait_group done;
    for (int i = 0; i < goroutines; i++) {
        done.go([] {
            for (int k = 0; k < each; k++) {
                gangway::call([] {});
                if (k % 100 == 0) gangway::gosched();
            }
        });
    }
    done.wait();
    EXPECT_EQ(before + static_cast<std::uint64_t>(goroutines * each), gangway::num_cgo_call());
}

}  // namespace
