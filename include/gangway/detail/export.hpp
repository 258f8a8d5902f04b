// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The library is built with hidden visibility; what the headers call is marked.
#define GANGWAY_API __attribute__((visibility("default")))
