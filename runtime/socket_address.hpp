// SPDX-License-Identifier: BSD-3-Clause
// "host:port" and its like, as socket addresses.
#pragma once

#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace gangway::runtime {

struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
};

// All that the text stands for, at least one. to_bind: no host means all interfaces, not this host. May park (a host name
// is looked up in C). Throws std::invalid_argument for a text of another form, std::system_error for a name unknown.
std::vector<socket_address> resolve(std::string_view text, bool to_bind);

}  // namespace gangway::runtime
