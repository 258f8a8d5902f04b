// SPDX-License-Identifier: BSD-3-Clause
// Exceptions that nobody catches, and goexits that somebody does.
#include <exception>
#include <stdexcept>
#include <string>

#include <gangway/gangway.hpp>

#include "../c/callback.h"
#include "../c/jump.h"
#include "testprog.hpp"

namespace {

void wait_for_ever() {
    gangway::chan<int>().recv();
}

// Main is the other goroutine of the report, and parked by then.
void until_main_waits() {
    while (gangway::stacks().find("[chan receive") == std::string::npos) gangway::gosched();
}

PROGRAM(uncaught_exception) {
    gangway::run([] {
        gangway::go([] {
            until_main_waits();
            throw std::runtime_error("the text of the exception");
        });
        wait_for_ever();
    });
}

PROGRAM(uncaught_number) {
    gangway::run([] {
        gangway::go([] { throw 42; });
        wait_for_ever();
    });
}

PROGRAM(uncaught_in_callback) {
    gangway::run([] {
        gangway::go([] {
            gangway::userdata_callback<void(void*), 0> cb([] { throw std::runtime_error("from a callback"); });
            gangway::call<&::callback>(cb.fn(), cb.data());
        });
        wait_for_ever();
    });
}

// CgoPanicDeadlock, GoschedInPanic: what() itself yields and calls C.
struct what_yields : std::exception {
    const char* what() const noexcept override {
        gangway::gosched();
        gangway::call([] {});
        return "what() that yields";
    }
};

PROGRAM(uncaught_what_yields) {
    gangway::run([] {
        gangway::go([] { throw what_yields(); });
        wait_for_ever();
    });
}

// RecursivePanic: an exception that carries the one it was made from.
PROGRAM(uncaught_nested) {
    gangway::run([] {
        gangway::go([] {
            try {
                throw std::runtime_error("the inner one");
            } catch (...) {
                std::throw_with_nested(std::logic_error("the outer one"));
            }
        });
        wait_for_ever();
    });
}

// Two at once make one report.
PROGRAM(uncaught_twice) {
    gangway::run([] {
        for (int i = 0; i < 10; i++) gangway::go([] { throw std::runtime_error("one of ten"); });
        wait_for_ever();
    });
}

PROGRAM(swallowed_goexit) {
    gangway::run([] {
        gangway::go([] {
            try {
                gangway::goexit();
            } catch (...) {
            }
        });
        wait_for_ever();
    });
}

// PanicAfterGoexit: thrown by a destructor on the way out.
struct throws_when_destroyed {
    ~throws_when_destroyed() noexcept(false) { throw std::runtime_error("hello"); }
};

PROGRAM(exception_after_goexit) {
    gangway::run([] {
        gangway::go([] {
            throws_when_destroyed t;
            gangway::goexit();
        });
        wait_for_ever();
    });
}

void jumps_over_itself() {
    gangway::call<&::jump_back>();
}

PROGRAM(longjmp_over_callback) {
    gangway::run([] { gangway::call<&::jump_target>(gangway::exported<&jumps_over_itself>); });
}

void does_nothing() {}

// The jump is noticed by the next callback, before C returns.
PROGRAM(longjmp_then_callback) {
    gangway::run([] {
        gangway::call([] {
            ::jump_target(gangway::exported<&jumps_over_itself>);
            gangway::exported<&does_nothing>();
        });
    });
}

}  // namespace
