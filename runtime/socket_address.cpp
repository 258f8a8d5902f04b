// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/socket_address.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <gangway/call.hpp>
#include <memory>
#include <netdb.h>
#include <stdexcept>
#include <sys/un.h>
#include <system_error>

namespace gangway::runtime {

namespace {

[[noreturn]] void bad(std::string_view text, const char* why) {
    throw std::invalid_argument("gangway: address \"" + std::string(text) + "\": " + why);
}

socket_address unix_address(std::string_view text) {
    std::string_view path = text.substr(std::strlen("unix:"));
    sockaddr_un un{};
    if (path.empty()) bad(text, "no path after unix:");
    if (path.size() >= sizeof un.sun_path) bad(text, "the path is too long");
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    bool abstract = path[0] == '@';
    if (abstract) un.sun_path[0] = '\0';
    socket_address a;
    a.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
    std::memcpy(&a.storage, &un, sizeof un);
    return a;
}

struct host_port {
    std::string host;
    std::string port;
};

host_port split(std::string_view text) {
    std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) bad(text, "not of the form host:port");
    std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        bad(text, "an IPv6 host stands in brackets: [::1]:port");
    }
    if (port.empty()) bad(text, "no port after the colon");
    return {std::string(host), std::string(port)};
}

class name_error_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "getaddrinfo"; }
    std::string message(int code) const override { return gai_strerror(code); }
};

const std::error_category& name_errors() {
    static const name_error_category category;
    return category;
}

}  // namespace

std::vector<socket_address> resolve(std::string_view text, bool to_bind) {
    if (text.starts_with("unix:")) return {unix_address(text)};
    host_port hp = split(text);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = to_bind ? AI_PASSIVE : AI_ADDRCONFIG;
    if (hp.host == "127.0.0.1" || hp.host == "::1") hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    auto [status, error] =
        call_errno<&::getaddrinfo>(hp.host.empty() ? nullptr : hp.host.c_str(), hp.port.c_str(), &hints, &found);
    std::string what = "gangway: address \"" + std::string(text) + "\"";
    if (status == EAI_SYSTEM) throw std::system_error(error, std::generic_category(), what);
    if (status != 0) throw std::system_error(status, name_errors(), what);
    std::unique_ptr<addrinfo, decltype([](addrinfo* a) { freeaddrinfo(a); })> owned(found);
    std::vector<socket_address> all;
    for (addrinfo* a = found; a != nullptr; a = a->ai_next) {
        socket_address one;
        std::memcpy(&one.storage, a->ai_addr, a->ai_addrlen);
        one.size = a->ai_addrlen;
        all.push_back(one);
    }
    return all;
}

}  // namespace gangway::runtime
