// SPDX-License-Identifier: BSD-3-Clause
// Every goroutine with its state and its frames, as text. docs/tracebacks.md
//
// Addresses are gathered while the world is stopped, or as stopped as it will be: goroutines that do not come to the
// scheduler, and C, run on and are looked at as they run (find_frames.hpp). Names are looked up when it runs again.
#pragma once

#include <string>
#include <string_view>

namespace gangway::runtime {

// An entry for each. Takes no memory from malloc and waits for nothing without a limit: for a process that is dying.
// Needs some 100 KB of stack.
void traceback_dying(int fd) noexcept;
// The same into a string. Any thread. On a goroutine's stack it waits for other reports, and may park and return on
// another m; elsewhere it waits for them for a second and then reports without stopping the world. Throws
// std::bad_alloc.
std::string traceback_all();

// How many goroutines are in a state, named as in reports. Stops nobody, looks at no frames. Any thread.
int count_goroutines_in(std::string_view state);

// GANGWAY_DEBUG=allframes: those of the runtime's own functions too.
void traceback_show_all_frames();

}  // namespace gangway::runtime
