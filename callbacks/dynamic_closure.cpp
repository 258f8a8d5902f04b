// SPDX-License-Identifier: BSD-3-Clause
// ffi::closure.
#include <gangway/callback.hpp>
#include <gangway/ffi.hpp>

#include <cstring>
#include <memory>
#include <utility>

#include "callbacks/cif.hpp"
#include "callbacks/closure.hpp"
#include "ffi/mark.hpp"

namespace gangway::ffi {

namespace {

using function_of_pointers = std::function<void(void* result, void* const* args)>;

class target final : public gangway::detail::closure_target {
public:
    target(function_of_pointers f, const detail::value_type& result)
        : f_(std::move(f)), result_size_(result.kind == detail::value_kind::void_ ? 0 : result.size) {}

    void call(void* result, void* const* args) override {
        bool done = false;
        gangway::detail::enter_goroutine<void>(
            [&] {
                f_(result_size_ != 0 ? result : nullptr, args);
                done = true;
            },
            [] {});
        if (!done && result_size_ != 0) std::memset(result, 0, result_size_);
    }

private:
    function_of_pointers f_;
    std::size_t result_size_;
};

}  // namespace

closure::closure(std::string_view declaration, function_of_pointers f, gangway::detail::place where) {
    // On g0, for the parser recurses as deep as the declaration nests.
    const auto* of = gangway::leaf_call([&] {
        return &runtime::description_of({"gangway::ffi::closure", declaration});
    });
    if (f == nullptr) throw error("gangway::ffi::closure: the function is empty");
    closure_.reset(runtime::new_closure(*of, std::make_unique<target>(std::move(f), of->result->value), where));
}

void* closure::code() const noexcept {
    return gangway::detail::code_of(closure_.get());
}

}  // namespace gangway::ffi
