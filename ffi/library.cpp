// SPDX-License-Identifier: BSD-3-Clause
// Loading and unloading run the library's own code, so they are C calls: on g0, over the bridge.
#include <dlfcn.h>

#include <string>

#include "ffi/prepared.hpp"

namespace gangway::ffi {

namespace {

// dlerror() is the thread's: read in the same crossing.
struct looked_up {
    void* value;
    std::string wrong;  // empty: nothing is
};

looked_up open(const char* path) {
    return call([path]() -> looked_up {
        void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        return {handle, handle == nullptr ? dlerror() : ""};
    });
}

looked_up look_up(void* handle, const char* name) {
    return call([=]() -> looked_up {
        dlerror();  // a symbol's value may be null, so the error has to tell
        void* value = dlsym(handle, name);
        const char* wrong = dlerror();
        return {value, wrong != nullptr ? wrong : ""};
    });
}

void close(void* handle) {
    call([handle] { dlclose(handle); });
}

}  // namespace

library::library(const char* path) : path_(path != nullptr ? detail::quoted(path) : "nullptr") {
    const looked_up opened = open(path);
    if (!opened.wrong.empty()) throw error("gangway::ffi::library(" + path_ + "): " + opened.wrong);
    handle_ = std::shared_ptr<void>(opened.value, &close);
}

void* library::symbol(const char* name) const {
    const looked_up found = look_up(handle_.get(), name);
    if (!found.wrong.empty())
        throw error("gangway::ffi::library(" + path_ + "): symbol " + detail::quoted(name) + ": " + found.wrong);
    return found.value;
}

function library::operator[](std::string_view declaration) const {
    constexpr std::string_view here = "gangway::ffi::library::operator[]";
    auto made =
        std::make_shared<detail::prepared>(detail::source{here, declaration}, detail::way::planned_where_possible);
    const std::string& name = made->declared.name;
    if (name.empty()) detail::fail_at({here, declaration}, made->declared.at, "the function has no name");
    made->call.address = symbol(name.c_str());
    made->library = handle_;
    return function(std::move(made));
}

}  // namespace gangway::ffi
