// SPDX-License-Identifier: BSD-3-Clause
// Expat: an XML parser whose handlers are goroutine code.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <expat.h>

#include "../fixture.hpp"

namespace {

// The handlers of a parser get one pointer: this. What they tell goes to another goroutine.
class parser {
public:
    explicit parser(gangway::chan<std::string> events) : events_(std::move(events)) {
        gangway::call([this] {
            xml_ = XML_ParserCreate(nullptr);
            XML_SetUserData(xml_, this);
            XML_SetElementHandler(xml_, gangway::exported<&start>, gangway::exported<&end>);
            XML_SetCharacterDataHandler(xml_, gangway::exported<&text>);
        });
    }
    ~parser() { gangway::call<&::XML_ParserFree>(xml_); }
    parser(const parser&) = delete;
    parser& operator=(const parser&) = delete;

    XML_Status parse(const std::string& s, bool last = true) {
        return gangway::call<&::XML_Parse>(xml_, s.data(), static_cast<int>(s.size()), last);
    }
    XML_Status resume() { return gangway::call<&::XML_ResumeParser>(xml_); }
    XML_Error error() { return gangway::leaf_call<&::XML_GetErrorCode>(xml_); }

private:
    // <parse>: parses its text by a parser of its own, within this one's handler. <pause>, <stop>, <throw>: do that.
    static void start(void* self, const char* name, const char**) {
        auto& p = *static_cast<parser*>(self);
        p.text_.clear();
        p.events_.send(std::string("<") + name);
        if (name == std::string("pause")) gangway::call<&::XML_StopParser>(p.xml_, XML_TRUE);
        if (name == std::string("stop")) gangway::call<&::XML_StopParser>(p.xml_, XML_FALSE);
        if (name == std::string("throw")) throw std::runtime_error("an element that must not be");
        if (name == std::string("stop_and_throw")) {
            gangway::call<&::XML_StopParser>(p.xml_, XML_FALSE);
            throw std::runtime_error("an element that must not be");
        }
    }
    static void end(void* self, const char* name) {
        auto& p = *static_cast<parser*>(self);
        if (!p.text_.empty()) p.events_.send(p.text_);
        if (name == std::string("parse")) {
            EXPECT_EQ(XML_STATUS_OK, parser(p.events_).parse(p.text_));
        }
        p.text_.clear();
        p.events_.send(std::string(">") + name);
    }
    static void text(void* self, const char* s, int n) {
        static_cast<parser*>(self)->text_.append(s, static_cast<std::size_t>(n));
        gangway::gosched();
    }

    gangway::chan<std::string> events_;
    std::string text_;
    XML_Parser xml_ = nullptr;
};

// What parse tells over an unbuffered channel, so that each handler waits.
template <class Parse>
std::vector<std::string> events_of(Parse parse) {
    gangway::chan<std::string> events;
    auto parsing = gangway::spawn([&] {
        struct at_end {
            gangway::chan<std::string>& events;
            ~at_end() { events.close(); }
        } close_after{events};
        parser p(events);
        parse(p);
    });
    std::vector<std::string> all;
    for (std::string& e : events) all.push_back(e);
    parsing.join();
    return all;
}

using list = std::vector<std::string>;

GOROUTINE_TEST(expat, handlers_wait_for_another_goroutine) {
    EXPECT_EQ((list{"<a", "<b", "x & y", ">b", "<c", ">c", ">a"}), events_of([](parser& p) {
                  EXPECT_EQ(XML_STATUS_OK, p.parse("<a><b>x &am", false));
                  gangway::gosched();
                  EXPECT_EQ(XML_STATUS_OK, p.parse("p; y</b><c/></a>"));
              }));
}

GOROUTINE_TEST(expat, a_parser_inside_a_handler) {
    const std::string inner = "<parse>&lt;parse&gt;&amp;lt;leaf/&amp;gt;&lt;/parse&gt;</parse>";
    EXPECT_EQ((list{"<parse", "<parse>&lt;leaf/&gt;</parse>", "<parse", "<leaf/>", "<leaf", ">leaf", ">parse",
                    ">parse"}),
              events_of([&](parser& p) { EXPECT_EQ(XML_STATUS_OK, p.parse(inner)); }));
}

GOROUTINE_TEST(expat, paused_in_a_handler_and_resumed_by_a_later_call) {
    EXPECT_EQ((list{"<a", "<pause", ">pause", "<b", ">b", ">a"}), events_of([](parser& p) {
                  EXPECT_EQ(XML_STATUS_SUSPENDED, p.parse("<a><pause></pause><b/></a>"));
                  gangway::gosched();
                  EXPECT_EQ(XML_STATUS_OK, p.resume());
              }));
}

GOROUTINE_TEST(expat, stopped_in_a_handler) {
    EXPECT_EQ((list{"<a", "<stop"}), events_of([](parser& p) {
                  EXPECT_EQ(XML_STATUS_ERROR, p.parse("<a><stop></stop><b/></a>"));
                  EXPECT_EQ(XML_ERROR_ABORTED, p.error());
              }));
}

// A handler has no result by which Expat could be told to stop: it parses to the end, and then the exception comes.
GOROUTINE_TEST(expat, an_exception_out_of_a_handler) {
    EXPECT_EQ((list{"<a", "<throw", ">throw", "<b", ">b", ">a"}), events_of([](parser& p) {
                  EXPECT_THROW(p.parse("<a><throw/><b/></a>"), std::runtime_error);
                  EXPECT_EQ(XML_ERROR_NONE, p.error());
              }));
}

GOROUTINE_TEST(expat, an_exception_out_of_a_handler_that_stopped_the_parser) {
    EXPECT_EQ((list{"<a", "<stop_and_throw"}), events_of([](parser& p) {
                  EXPECT_THROW(p.parse("<a><stop_and_throw></stop_and_throw><b/></a>"), std::runtime_error);
                  EXPECT_EQ(XML_ERROR_ABORTED, p.error());
              }));
}

// One document for each of many goroutines, all within their handlers at the same time.
GOROUTINE_TEST(expat, many_parsers_at_once) {
    constexpr int n = 50;
    gangway::wait_group all;
    std::vector<gangway::chan<std::string>> events(n);
    for (auto& e : events) {
        e = gangway::chan<std::string>();  // each its own, not copies of one
        all.go([e] { EXPECT_EQ(XML_STATUS_OK, parser(e).parse("<a><b>text</b></a>")); });
    }
    ASSERT_TRUE(test::until_parked(n, "chan send"));
    for (const char* expected : {"<a", "<b", "text", ">b", ">a"}) {
        for (auto& e : events) EXPECT_EQ(expected, e.recv());
    }
    all.wait();
}

}  // namespace
