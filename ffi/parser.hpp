// SPDX-License-Identifier: BSD-3-Clause
// Recursive descent through a declaration: specifiers, then declarators, which nest in each other.
//
// What nests in the text recurses here, at most max_nesting deep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/declaration.hpp"
#include "ffi/lexer.hpp"
#include "ffi/node.hpp"

namespace gangway::ffi::detail {

inline constexpr unsigned max_nesting = 64;

// "const unsigned long", "struct point { int x; }".
struct specifiers {
    node_ptr type;
    std::size_t at = 0;
    bool untagged = false;  // a struct or union without a tag
};

// What a declarator makes of a type: "*", "[3]", "(int)".
struct derivation {
    enum class form : unsigned char { pointer, array, function };
    form what;
    std::size_t at;
    bool has_count = false;
    std::size_t count = 0;
    std::shared_ptr<parameter_list> parameters{};  // of a function
};

// In the order in which the derivations apply: "*a[3]" makes a pointer, then an array of it.
struct declarator {
    std::string name;
    std::size_t at = 0;
    std::vector<derivation> derivations;
};

// An object type, or a function's.
struct derived {
    node_ptr object;  // a function's result
    std::shared_ptr<parameter_list> function;
};

class parser {
public:
    explicit parser(const source& in) : lex_(in) {}
    node_ptr whole_type();
    function_declaration whole_function();

private:
    // parse_specifiers.cpp
    specifiers parse_specifiers();
    node_ptr parse_words();
    static bool starts_type(const token& t);
    void skip_qualifiers();

    // parse_struct.cpp
    struct tagged {
        std::shared_ptr<node> type;
        bool open = false;  // its members are being read
    };
    specifiers parse_struct();
    tagged& look_up_tag(const token& kind, const token& tag);
    void parse_body(node& in, std::size_t at);
    void parse_members(std::vector<member>& to);
    void parse_member(const specifiers& s, std::vector<member>& to);
    void check_names(const node& in, std::size_t at) const;

    // parse_declarator.cpp
    declarator parse_declarator();
    void parse_innermost(declarator& d, std::vector<derivation>& inner);
    derivation parse_array();
    std::size_t parse_count();
    derivation parse_function_suffix();
    parameter_list parse_parameters();
    parameter parse_parameter();
    derived derive(const node_ptr& base, const std::vector<derivation>& steps, bool is_parameter = false) const;
    void derive_array(derived& of, const derivation& step) const;
    void check_promoted(const parameter& p) const;

    void check_passed(const node_ptr& type, std::size_t at, const char* what) const;
    void expect_end();

    class nesting {
    public:
        nesting(parser& p, std::size_t at);
        ~nesting() { --p_.depth_; }
        nesting(const nesting&) = delete;
        nesting& operator=(const nesting&) = delete;

    private:
        parser& p_;
    };

    lexer lex_;
    unsigned depth_ = 0;
    std::map<std::string, tagged, std::less<>> tags_;
};

}  // namespace gangway::ffi::detail
