// SPDX-License-Identifier: BSD-3-Clause
// libjpeg, whose errors are longjmps within one call, over C's frames above and below which callbacks have waited.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../c/jpeg_shim.h"
#include "../fixture.hpp"

namespace {

constexpr unsigned width = 64;
constexpr unsigned height = 80;

std::string a_picture() {
    unsigned long size = 0;
    unsigned char* bytes = gangway::call<&::jpeg_make>(width, height, &size);
    std::string picture(reinterpret_cast<char*>(bytes), size);
    std::free(bytes);
    return picture;
}

using pull_fn = std::size_t(void*, const unsigned char**);
using line_fn = int(void*, const unsigned char*, unsigned);

// libjpeg's message, or "" when all went well. The file comes from a channel.
std::string decode(gangway::chan<std::string> file, std::function<int(const unsigned char*)> line) {
    std::string piece;
    gangway::userdata_callback<pull_fn, 0> pull([&](const unsigned char** at) {
        piece = file.recv().value_or("");
        *at = reinterpret_cast<const unsigned char*>(piece.data());
        return piece.size();
    });
    gangway::userdata_callback<line_fn, 0> push([&](const unsigned char* pixels, unsigned n) {
        EXPECT_EQ(width, n);
        return line(pixels);
    });
    const jpeg_client client{pull.fn(), pull.data(), push.fn(), push.data()};
    std::array<char, 200> message{};
    const int code = gangway::call<&::jpeg_read>(&client, message.data());
    EXPECT_EQ(code == 0, message[0] == '\0');
    return message.data();
}

void send_in_pieces(const std::string& s, gangway::chan<std::string> to, std::size_t piece) {
    for (std::size_t at = 0; at < s.size(); at += piece) to.send(s.substr(at, piece));
    to.close();
}

GOROUTINE_TEST(jpeg, a_file_that_comes_by_a_channel) {
    gangway::chan<std::string> file;
    auto sender = gangway::spawn([=] { send_in_pieces(a_picture(), file, 50); });
    unsigned y = 0;
    EXPECT_EQ("", decode(file, [&](const unsigned char* pixels) {
                  gangway::gosched();
                  for (unsigned x = 0; x < width; x++) EXPECT_NEAR(x + y, pixels[x], 4);
                  y++;
                  return 1;
              }));
    EXPECT_EQ(height, y);
    sender.join();
}

GOROUTINE_TEST(jpeg, a_file_that_is_none) {
    gangway::chan<std::string> file(1);
    file.send("GIF89a");
    int lines = 0;
    EXPECT_EQ("Not a JPEG file: starts with 0x47 0x49", decode(file, [&](auto) { return ++lines; }));
    EXPECT_EQ(0, lines);
}

// Cut at many places, and each error is one longjmp from below the source's frames.
GOROUTINE_TEST(jpeg, a_file_that_ends_too_early) {
    const std::string picture = a_picture();
    for (std::size_t size = 2; size < picture.size(); size += picture.size() / 20) {
        gangway::chan<std::string> file;
        auto sender = gangway::spawn([&, file] { send_in_pieces(picture.substr(0, size), file, 50); });
        EXPECT_EQ("Premature end of input file", decode(file, [](auto) {
                      gangway::gosched();
                      return 1;
                  }));
        sender.join();
    }
}

// The callback's on_error makes C jump out; then the call throws what the callback threw.
GOROUTINE_TEST(jpeg, an_exception_out_of_a_callback) {
    gangway::chan<std::string> file(1);
    file.send(a_picture());
    int lines = 0;
    try {
        decode(file, [&](auto) -> int {
            gangway::gosched();
            if (++lines == 7) throw std::runtime_error("line 7");
            return 1;
        });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("line 7", e.what());
    }
    EXPECT_EQ(7, lines);
}

// A picture within a line of another one: the inner error jumps over no frame of the outer call.
GOROUTINE_TEST(jpeg, nested) {
    const std::string picture = a_picture();
    int inner_lines = 0;
    gangway::chan<std::string> outer(1);
    outer.send(picture);
    EXPECT_EQ("", decode(outer, [&](auto) {
                  gangway::chan<std::string> inner(1);
                  inner.send(picture.substr(0, picture.size() / 2));
                  inner.close();
                  EXPECT_EQ("Premature end of input file", decode(inner, [&](auto) {
                                gangway::gosched();
                                return ++inner_lines;
                            }));
                  return 1;
              }));
    EXPECT_GT(inner_lines, static_cast<int>(height));
}

}  // namespace
