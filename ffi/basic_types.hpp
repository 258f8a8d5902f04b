// SPDX-License-Identifier: BSD-3-Clause
// The types that C has a word, or several words in any order, for.
#pragma once

#include <cstdint>
#include <string_view>

#include <gangway/detail/ffi_value.hpp>

namespace gangway::ffi::detail {

// "unsigned", "long" ...: a number. Sums of up to seven of them tell which words they are of, in any order. 0 for any
// other word.
using word_sum = std::uint64_t;
inline constexpr int max_words = 4;

word_sum weight_of(std::string_view word);
// The type that words with this sum of weights name; none where they name no type of C.
value_kind kind_of_words(word_sum sum);
// The names of <stdint.h>, <stddef.h>, <uchar.h> and <sys/types.h>; none for any other.
value_kind kind_of_typedef(std::string_view name);

bool is_qualifier(std::string_view word);
// Words that may stand before a function's declaration and say nothing of its type.
bool is_storage_class(std::string_view word);
// Why a declaration with this word cannot be read; null for any other.
const char* refusal_of(std::string_view word);

}  // namespace gangway::ffi::detail
