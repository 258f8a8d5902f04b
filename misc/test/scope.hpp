// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

namespace test {

// Runs f when it is destroyed.
template <class F>
class at_exit_of_scope {
public:
    explicit at_exit_of_scope(F f) : f_(std::move(f)) {}
    ~at_exit_of_scope() { f_(); }
    at_exit_of_scope(const at_exit_of_scope&) = delete;
    at_exit_of_scope& operator=(const at_exit_of_scope&) = delete;

private:
    F f_;
};

}  // namespace test
