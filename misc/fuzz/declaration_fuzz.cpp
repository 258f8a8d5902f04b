// SPDX-License-Identifier: BSD-3-Clause
// Any text as a declaration: it is refused with an error that marks a place, or is a type with a layout, or a function
// that can be called. The call gets arguments of their exact sizes, so that AddressSanitizer sees a byte read beyond.
#include <gangway/ffi.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/prepared.hpp"

namespace {

using gangway::ffi::error;
using gangway::ffi::function;
using gangway::ffi::made_by_libffi;
using gangway::ffi::type;

constexpr std::size_t max_result = std::size_t{1} << 20;

void require(bool holds) {
    if (!holds) std::abort();
}

// As a callee: ignores its arguments and leaves the result to what the registers have.
void nothing() {}

// Three lines: what is wrong, the declaration, and the caret below a character of it or right after it.
void check_error(const error& e, std::string_view call) {
    const std::string_view what = e.what();
    require(what.starts_with(call));
    const std::size_t quote = what.find('\n');
    require(quote != what.npos);
    const std::size_t mark = what.find('\n', quote + 1);
    require(mark != what.npos && what.back() == '^');
    require(what.size() - mark <= mark - quote + 1);
    for (const char c : what) require((c >= ' ' && c <= '~') || c == '\n');
}

void try_type(std::string_view text) {
    try {
        const type t(text);
        const std::size_t alignment = t.alignment();
        require(alignment >= 1 && alignment <= 16 && (alignment & (alignment - 1)) == 0);
        require(t.size() % alignment == 0);
    } catch (const error& e) {
        check_error(e, "gangway::ffi::type: ");
    }
}

void call_with_zeros(const function& f) {
    if (f.result().size() > max_result) return;
    std::vector<std::unique_ptr<char[]>> values;
    std::vector<void*> args;
    for (std::size_t i = 0; i < f.parameters(); i++) {
        values.push_back(std::make_unique<char[]>(f.parameter(i).size()));
        args.push_back(values.back().get());
    }
    const auto result = std::make_unique<char[]>(f.result().size());
    f.invoke(result.get(), args.data());
}

void try_function(std::string_view text) {
    auto* address = reinterpret_cast<void*>(&nothing);
    try {
        const function f(address, text);
        require(f.declaration() == text);
        require(text.find(f.name()) != text.npos);
        call_with_zeros(f);
        call_with_zeros(made_by_libffi::from(address, text));
    } catch (const error& e) {
        check_error(e, "gangway::ffi::function: ");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try_type(text);
    try_function(text);
    return 0;
}
