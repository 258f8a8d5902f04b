// SPDX-License-Identifier: BSD-3-Clause
// Rounding modes, of SSE (MXCSR) and of the x87, are the goroutine's.
#include <cfenv>
#include <cstdint>

#include "fixture.hpp"

namespace {

std::uint32_t mxcsr() {
    return __builtin_ia32_stmxcsr();
}

std::uint16_t x87_control() {
    std::uint16_t word = 0;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return word;
}

// What the modes are by what they do, where the compiler cannot know.
double sse_third() {
    volatile double one = 1;
    volatile double three = 3;
    return one / three;
}
long double x87_third() {
    volatile long double one = 1;
    volatile long double three = 3;
    return one / three;
}

class rounding {
public:
    explicit rounding(int mode) : before_(std::fegetround()) { EXPECT_EQ(0, std::fesetround(mode)); }
    ~rounding() { std::fesetround(before_); }
    rounding(const rounding&) = delete;
    rounding& operator=(const rounding&) = delete;

private:
    int before_;
};

constexpr int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

template <class Park>
void each_keeps_its_mode(Park park) {
    gangway::wait_group done;
    for (int i = 0; i < 16; i++) {
        done.go([i, park] {
            const int mode = modes[i % 4];
            rounding set(mode);
            const std::uint32_t sse = mxcsr() & 0x6000;
            const int x87 = x87_control() & 0x0c00;
            const double third = sse_third();
            const long double long_third = x87_third();
            for (int r = 0; r < test::sized(300); r++) {
                park();
                ASSERT_EQ(mode, std::fegetround());
                ASSERT_EQ(sse, mxcsr() & 0x6000);
                ASSERT_EQ(x87, x87_control() & 0x0c00);
                ASSERT_EQ(third, sse_third());
                ASSERT_TRUE(long_third == x87_third());
            }
        });
    }
    done.wait();
    EXPECT_EQ(FE_TONEAREST, std::fegetround());
}

GOROUTINE_TEST(fenv, across_yields) {
    each_keeps_its_mode([] { gangway::gosched(); });
}

GOROUTINE_TEST(fenv, across_parks) {
    each_keeps_its_mode([] { gangway::spawn([] {}).join(); });
}

GOROUTINE_TEST(fenv, across_calls_and_parking_callbacks) {
    each_keeps_its_mode([] {
        gangway::userdata_callback<int(void*), 0> cb([] {
            gangway::gosched();
            return 0;
        });
        gangway::call([&] { return cb.fn()(cb.data()); });
    });
}

// Up and down differ, so the test above can tell them apart.
GOROUTINE_TEST(fenv, modes_differ) {
    double up = 0;
    double down = 0;
    {
        rounding set(FE_UPWARD);
        up = sse_third();
    }
    {
        rounding set(FE_DOWNWARD);
        down = sse_third();
    }
    EXPECT_LT(down, up);
}

}  // namespace
