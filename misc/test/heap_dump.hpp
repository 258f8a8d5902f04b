// SPDX-License-Identifier: BSD-3-Clause
// A heap dump, read by a strict parser.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <gangway/debug.hpp>

namespace test {

using json = nlohmann::json;

// What write_heap_dump() writes.
inline std::string heap_dump_text() {
    const int fd = ::memfd_create("heap_dump", MFD_CLOEXEC);
    EXPECT_GE(fd, 0);
    gangway::write_heap_dump(fd);
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(static_cast<ssize_t>(text.size()), ::pread(fd, text.data(), text.size(), 0));
    ::close(fd);
    return text;
}

// Its objects. The test fails where a line is no object with a "type".
inline std::vector<json> parse_lines(const std::string& text) {
    std::vector<json> lines;
    std::istringstream in(text);
    EXPECT_TRUE(!text.empty() && text.back() == '\n');
    for (std::string line; std::getline(in, line);) {
        json parsed = json::parse(line, nullptr, false);
        EXPECT_TRUE(parsed.is_object() && parsed.contains("type")) << line;
        lines.push_back(std::move(parsed));
    }
    return lines;
}

inline std::vector<json> of_type(const std::vector<json>& lines, const std::string& type) {
    std::vector<json> found;
    for (const json& line : lines)
        if (line["type"] == type) found.push_back(line);
    return found;
}

// The one of that type with that value, or null.
template <class Value>
json find(const std::vector<json>& lines, const std::string& type, const std::string& key, const Value& value) {
    for (const json& line : lines)
        if (line["type"] == type && line.contains(key) && line[key] == value) return line;
    return nullptr;
}

}  // namespace test
