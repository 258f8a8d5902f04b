// SPDX-License-Identifier: BSD-3-Clause
// Declarations as text: what is read, what types come of it, and what each mistake is told as.
#include <gangway/ffi.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "fixture.hpp"

namespace {

using gangway::ffi::error;
using gangway::ffi::function;
using gangway::ffi::type;

void some_function() {}

function declared(std::string_view text) {
    return function(reinterpret_cast<void*>(&some_function), text);
}

std::string error_of(std::string_view text) {
    try {
        declared(text);
    } catch (const error& e) {
        return e.what();
    }
    return "no error";
}

std::string type_error_of(std::string_view text) {
    try {
        const type t(text);
    } catch (const error& e) {
        return e.what();
    }
    return "no error";
}

// The whole text of an error: `what` about the declaration, with the caret at its character `at`.
std::string marked(const std::string& what, const std::string& text, std::size_t at) {
    return "gangway::ffi::function: " + what + "\n  " + text + "\n  " + std::string(at, ' ') + "^";
}

// `mark` is the declaration with the caret's line below it.
#define EXPECT_MARKED(what, text, caret) \
    EXPECT_EQ(error_of(text), marked(what, text, std::string_view(caret).find('^')))

struct laid_out {
    const char* text;
    std::size_t size;
    std::size_t alignment;
};
std::ostream& operator<<(std::ostream& to, const laid_out& l) {
    return to << l.text;
}

class layouts : public ::testing::TestWithParam<laid_out> {};
TEST_P(layouts, are_the_compilers) {
    const type t(GetParam().text);
    EXPECT_EQ(t.size(), GetParam().size);
    EXPECT_EQ(t.alignment(), GetParam().alignment);
}

#define AS_DECLARED(...)                                        \
    laid_out {                                                  \
        #__VA_ARGS__, sizeof(__VA_ARGS__), alignof(__VA_ARGS__) \
    }

INSTANTIATE_TEST_SUITE_P(
    scalars, layouts,
    ::testing::Values(AS_DECLARED(char), AS_DECLARED(signed char), AS_DECLARED(unsigned char), AS_DECLARED(short),
                      AS_DECLARED(unsigned short int), AS_DECLARED(int), AS_DECLARED(signed),
                      AS_DECLARED(unsigned), AS_DECLARED(long), AS_DECLARED(int long unsigned),
                      AS_DECLARED(long int long), AS_DECLARED(long unsigned int long), AS_DECLARED(float),
                      AS_DECLARED(double), AS_DECLARED(long double), AS_DECLARED(double long), AS_DECLARED(bool),
                      AS_DECLARED(const volatile int), AS_DECLARED(int const), AS_DECLARED(long const int),
                      AS_DECLARED(int8_t), AS_DECLARED(uint16_t), AS_DECLARED(int_fast16_t), AS_DECLARED(uint64_t),
                      AS_DECLARED(intmax_t), AS_DECLARED(intptr_t), AS_DECLARED(size_t), AS_DECLARED(ssize_t),
                      AS_DECLARED(ptrdiff_t), AS_DECLARED(wchar_t), AS_DECLARED(char16_t), AS_DECLARED(char32_t),
                      AS_DECLARED(off_t), AS_DECLARED(time_t)));

INSTANTIATE_TEST_SUITE_P(c_only, layouts,
                         ::testing::Values(laid_out{"_Bool", 1, 1}, laid_out{"float _Complex", 8, 4},
                                           laid_out{"_Complex double", 16, 8},
                                           laid_out{"long _Complex double", 32, 16}, laid_out{"__int128", 16, 16},
                                           laid_out{"unsigned __int128", 16, 16},
                                           laid_out{"double complex", 16, 8}, laid_out{"int (*[3])[4]", 24, 8},
                                           laid_out{"int[2][3]", 24, 4}, laid_out{"char[0x10]", 16, 1},
                                           laid_out{"char[010]", 8, 1}, laid_out{"char[3UL]", 3, 1},
                                           laid_out{"void", 0, 1}));

INSTANTIATE_TEST_SUITE_P(pointers, layouts,
                         ::testing::Values(AS_DECLARED(int*), AS_DECLARED(const char* const*), AS_DECLARED(void**),
                                           AS_DECLARED(int (*)(int, double)), AS_DECLARED(int (*)[3]),
                                           AS_DECLARED(void (*)(void)), AS_DECLARED(int (**)(void)),
                                           AS_DECLARED(int* [4]), AS_DECLARED(void (*(*)(int))(double))));

// Each is declared in C++ and read from the same characters.
#define SAME_STRUCT(name, ...)                   \
    struct name __VA_ARGS__;                     \
    TEST(struct_layout, name) {                  \
        const type t("struct " #__VA_ARGS__);    \
        EXPECT_EQ(t.size(), sizeof(name));       \
        EXPECT_EQ(t.alignment(), alignof(name)); \
    }
SAME_STRUCT(mixed, {
    char a;
    double b;
    short c;
})
SAME_STRUCT(arrays, {
    char a[3];
    int b[2][3];
    long double c;
    char d;
})
SAME_STRUCT(nested, {
    char a;
    struct {
        char b;
        int c;
    } d;
    struct {
        struct {
            short e;
        } f[3];
    } g;
})
SAME_STRUCT(with_union, {
    char a;
    union {
        int b;
        double c;
        char d[11];
    } e;
})
SAME_STRUCT(pointers, {
    void (*f)(int, ...);
    char c;
    int (*g[2])(void);
    int *h, i, *j[2];
})
SAME_STRUCT(lists, {
    int a, b, *c, d[3];
    unsigned long long e;
})

// Members of anonymous structs and unions are members like the others.
SAME_STRUCT(with_anonymous, {
    char a;
    union {
        int b;
        __extension__ struct {
            char c;
            short d;
        };
    };
    char e;
})

}  // namespace

TEST(struct_layout, offsets) {
    const type t(
        "struct { char a; union { int b; struct { char c; short d; }; }; double e[2]; struct { int a; } f; }");
    EXPECT_EQ(t.offset("a"), 0u);
    EXPECT_EQ(t.offset("b"), 4u);
    EXPECT_EQ(t.offset("c"), 4u);
    EXPECT_EQ(t.offset("d"), 6u);
    EXPECT_EQ(t.offset("e"), 8u);
    EXPECT_EQ(t.offset("f"), 24u);
}

TEST(struct_layout, no_such_member) {
    try {
        type("struct { int a; }").offset("b");
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(), "gangway::ffi::type::offset('b'): no such member");
    }
    try {
        type("int").offset("b");
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(), "gangway::ffi::type::offset('b'): the type is no struct or union");
    }
}

TEST(declaration, parts_of_a_function) {
    const function f =
        declared("const char* find(const char *text, int c, double (*weigh)(int), struct {int x;} s)");
    EXPECT_EQ(f.name(), "find");
    EXPECT_EQ(f.parameters(), 4u);
    EXPECT_EQ(f.parameter(0).size(), 8u);
    EXPECT_EQ(f.parameter(1).size(), 4u);
    EXPECT_EQ(f.parameter(2).size(), 8u);
    EXPECT_EQ(f.parameter(3).offset("x"), 0u);
    EXPECT_EQ(f.result().size(), 8u);
    EXPECT_EQ(f.address(), reinterpret_cast<void*>(&some_function));
    EXPECT_EQ(f.declaration().substr(0, 16), "const char* find");
}

TEST(declaration, no_such_parameter) {
    const function f = declared("int f(int)");
    try {
        f.parameter(1);
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(),
                     "gangway::ffi::function::parameter: there is no parameter 1 of 1\n  int f(int)\n       ^");
    }
}

TEST(declaration, names_may_be_left_out) {
    EXPECT_EQ(declared("int (int, double)").parameters(), 2u);
    EXPECT_EQ(declared("int (int, double)").name(), "");
    EXPECT_EQ(declared("void*(size_t)").parameters(), 1u);
    EXPECT_EQ(declared("int f(int*, char[], int(*)(void), double*[3], int(void))").parameters(), 5u);
}

TEST(declaration, no_parameters) {
    EXPECT_EQ(declared("int f(void)").parameters(), 0u);
    EXPECT_EQ(declared("int f()").parameters(), 0u);
    EXPECT_EQ(declared("void (*f(void))(int)").parameters(), 0u);
}

TEST(declaration, as_headers_have_it) {
    EXPECT_EQ(declared("extern void qsort(void *base, size_t n, size_t size,\n"
                       "    int (*compare)(const void *, const void *)); // stdlib.h")
                  .parameters(),
              4u);
    EXPECT_EQ(declared("char *strcpy(char *restrict /* to */, const char *__restrict from);").parameters(), 2u);
    EXPECT_EQ(declared("void (*signal(int sig, void (*func)(int)))(int)").name(), "signal");
    EXPECT_EQ(declared("int (f)(int)").name(), "f");
    EXPECT_EQ(declared("int open(const char *pathname, int flags, ...)").parameters(), 2u);
}

TEST(declaration, arrays_and_functions_are_pointers_as_parameters) {
    const function f = declared(
        "void f(int a[], char b[static 8], double c[const 3][4], int d[2][3], void e(int), int g(int(int)))");
    ASSERT_EQ(f.parameters(), 6u);
    for (std::size_t i = 0; i < 6; i++) EXPECT_EQ(f.parameter(i).size(), sizeof(void*)) << i;
}

TEST(declaration, a_tag_is_what_it_was) {
    const function f = declared("struct p { int x, y; } move(struct p from, struct p *list, struct other *o)");
    EXPECT_EQ(f.result().size(), 8u);
    EXPECT_EQ(f.parameter(0).size(), 8u);
    EXPECT_EQ(type("struct node { struct node *next; int value; }").size(), 16u);
}

TEST(declaration, variadic_with_a_tail) {
    EXPECT_EQ(declared("int printf(const char*, ..., double, int)").parameters(), 3u);
    EXPECT_EQ(declared("int printf(const char*, ...)").parameters(), 1u);
    EXPECT_EQ(declared("int f(float, char, ..., char*, long double, struct { char c; })").parameters(), 5u);
}

TEST(declaration_error, quotes_and_marks) {
    EXPECT_EQ(error_of("int add(int, , int)"),
              "gangway::ffi::function: expected a type, not ','\n"
              "  int add(int, , int)\n"
              "               ^");
    EXPECT_EQ(type_error_of("struct { int x; doble y; }"),
              "gangway::ffi::type: unknown type 'doble': write the type that it stands for\n"
              "  struct { int x; doble y; }\n"
              "                  ^");
}

TEST(declaration_error, specifiers) {
    EXPECT_MARKED("expected a type, not the end", "", "^");
    EXPECT_MARKED("expected a type, not the end", "const", "     ^");
    EXPECT_MARKED("expected a type, not '('", "(int)", "^");
    EXPECT_MARKED("unknown type 'FILE': write the type that it stands for", "int f(FILE *)", "      ^");
    EXPECT_MARKED("'long char' is no type of C", "int f(long char)", "      ^");
    EXPECT_MARKED("'long long long' is no type of C", "long long long f()", "^");
    EXPECT_MARKED("'long long long long long' is no type of C", "long long long long long long f()", "^");
    EXPECT_MARKED("'unsigned float' is no type of C", "unsigned float f()", "^");
    EXPECT_MARKED("'_Complex' is no type of C", "_Complex f()", "^");
    EXPECT_MARKED("'_Complex int' is no type of C", "_Complex int f()", "^");
    EXPECT_MARKED("unexpected 'int': the type is whole without it", "int f(size_t int)", "             ^");
    EXPECT_MARKED("an enum's integer type is its compiler's choice: write int or unsigned int",
                  "int f(enum color c)", "      ^");
    EXPECT_MARKED("_Atomic types are not passed by value", "int f(_Atomic int)", "      ^");
    EXPECT_MARKED("attributes are not understood", "__attribute__((noreturn)) void f()", "^");
    EXPECT_MARKED("a va_list is its compiler's own and cannot be passed", "int vprintf(const char*, va_list)",
                  "                         ^");
}

TEST(declaration_error, signs) {
    EXPECT_MARKED("unexpected character '#'", "int f(#)", "      ^");
    EXPECT_EQ(error_of("int f(\x01)"), "gangway::ffi::function: unexpected character '?'\n  int f(?)\n        ^");
    EXPECT_MARKED("a comment without an end", "int f() /* ", "        ^");
    EXPECT_MARKED("expected ')' or ',' after a parameter, not the end", "int f(int", "         ^");
    EXPECT_MARKED("expected ')' or ',' after a parameter, not 'y'", "int f(int x y)", "            ^");
    EXPECT_MARKED("expected ')' after a declarator, not ';'", "int (*f;", "       ^");
    EXPECT_MARKED("unexpected '{'", "int f(int) { }", "           ^");
    EXPECT_MARKED("unexpected 'int'", "int f(int); int g(int);", "            ^");
}

TEST(declaration_error, what_is_not_a_function) {
    EXPECT_MARKED("expected a function's parameters in parentheses", "int", "   ^");
    EXPECT_MARKED("expected a function's parameters in parentheses", "int add", "    ^");
    EXPECT_MARKED("expected a function's parameters in parentheses", "int (*add)(int)", "      ^");
    EXPECT_MARKED("a function cannot return a function", "int f(int)(int)", "     ^");
    EXPECT_MARKED("a function cannot return an array", "int f(int)[3]", "     ^");
    EXPECT_MARKED("an array of functions", "int f[3](int)", "     ^");
    EXPECT_EQ(type_error_of("int(int)"), "gangway::ffi::type: a function's type has no size\n  int(int)\n     ^");
    EXPECT_EQ(type_error_of("int x"), "gangway::ffi::type: a type has no name: unexpected 'x'\n  int x\n      ^");
    EXPECT_EQ(type_error_of("struct point"),
              "gangway::ffi::type: 'struct point' is incomplete: give its members, or pass a pointer\n"
              "  struct point\n  ^");
}

TEST(declaration_error, parameters) {
    EXPECT_MARKED("a parameter cannot be void", "int f(int, void)", "           ^");
    EXPECT_MARKED("a parameter cannot be void", "int f(void x)", "      ^");
    EXPECT_MARKED("'struct s' is incomplete: give its members, or pass a pointer", "int f(struct s)", "      ^");
    EXPECT_MARKED("'struct s' is incomplete: give its members, or pass a pointer", "struct s f(void)", "^");
    EXPECT_MARKED("an array's element cannot be void", "int f(void x[3])", "            ^");
    EXPECT_MARKED("an array's size is a number, not 'n'", "int f(int n, int a[n])", "                   ^");
    EXPECT_MARKED("an array without a size", "int f(int a[3][])", "              ^");
    EXPECT_MARKED("expected a name, not 'size_t'", "int f(int size_t)", "          ^");
}

TEST(declaration_error, after_the_dots) {
    EXPECT_MARKED("a variadic function has a parameter before the dots", "int f(...)", "      ^");
    EXPECT_MARKED("after the dots the default promotions apply: float is passed as double",
                  "int f(int, ..., float)", "                ^");
    EXPECT_MARKED("after the dots the default promotions apply: signed char is passed as int",
                  "int f(int, ..., double, char c)", "                        ^");
    EXPECT_MARKED("after the dots the default promotions apply: unsigned short is passed as int",
                  "int f(int, ..., unsigned short)", "                ^");
    EXPECT_MARKED("after the dots the default promotions apply: _Bool is passed as int", "int f(int, ..., _Bool)",
                  "                ^");
    EXPECT_MARKED("expected a type, not '...'", "int f(int, ..., ...)", "                ^");
}

TEST(declaration_error, members) {
    EXPECT_MARKED("a struct or union without members", "int f(struct {})", "              ^");
    EXPECT_MARKED("bit-fields have no layout that all compilers share", "int f(struct { int a : 3; })",
                  "                     ^");
    EXPECT_MARKED("bit-fields have no layout that all compilers share", "int f(struct { int : 3; })",
                  "                   ^");
    EXPECT_MARKED("a flexible array member has no size to pass", "int f(struct { int n; char a[]; })",
                  "                            ^");
    EXPECT_MARKED("an array of no elements", "int f(struct { char a[0]; })", "                      ^");
    EXPECT_MARKED("a member cannot be a function", "int f(struct { int g(void); })", "                   ^");
    EXPECT_MARKED("a member cannot be void", "int f(struct { void v; })", "               ^");
    EXPECT_MARKED("a member without a name", "int f(struct { int; })", "               ^");
    EXPECT_MARKED("two members named 'a'", "int f(struct { int a; union { int b, a; }; })", "      ^");
    EXPECT_MARKED("expected ';' after a member, not '}'", "int f(struct { int a })", "                     ^");
    EXPECT_MARKED("'struct s' is incomplete: give its members, or pass a pointer",
                  "int f(struct s { struct s x; })", "                 ^");
    EXPECT_MARKED("'s' is defined already", "int f(struct s { int x; }, struct s { int y; })",
                  "                                  ^");
    EXPECT_MARKED("'s' is defined already", "int f(struct s { struct s { int y; } x; })",
                  "                        ^");
    EXPECT_MARKED("'struct s' is what 's' was before", "int f(struct s *, union s *)",
                  "                        ^");
    EXPECT_MARKED("expected a tag or '{', not ')'", "int f(struct)", "            ^");
}

TEST(declaration_error, sizes_do_not_overflow) {
    EXPECT_MARKED("the array is too large", "int f(struct { char a[99999999999999999999]; })",
                  "                      ^");
    EXPECT_MARKED("the array is too large", "int f(struct { char a[9223372036854775808]; })",
                  "                      ^");
    EXPECT_MARKED("the type is too large", "int f(struct { int a[9223372036854775807]; })",
                  "                    ^");
    EXPECT_MARKED("the type is too large", "int f(struct { char a[9223372036854775807]; char b; })", "      ^");
    EXPECT_MARKED("the type is too large", "int f(struct { char a[9223372036854775807]; int b; })", "      ^");
    EXPECT_MARKED("'12x' is no whole number", "int f(struct { char a[12x]; })", "                      ^");
    EXPECT_MARKED("'0x' is no whole number", "int f(struct { char a[0x]; })", "                      ^");
    EXPECT_MARKED("the arguments are more than 1048576 bytes", "int f(int, struct { char a[1048577]; })",
                  "           ^");
    EXPECT_EQ(type("struct { char a[9223372036854775807]; }").size(), 9223372036854775807u);
}

namespace {

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; i++) all += text;
    return all;
}

// The error's line before the quote.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

TEST(declaration_error, nesting_has_a_limit) {
    const std::string too_deep = "gangway::ffi::function: nested more deeply than 64";
    EXPECT_EQ(first_line(error_of("int " + repeated("(", 10000) + "f")), too_deep);
    EXPECT_EQ(first_line(error_of("int f" + repeated("(int (*)", 10000))), too_deep);
    EXPECT_EQ(first_line(error_of("int f(" + repeated("struct { ", 10000))), too_deep);
    EXPECT_EQ(error_of("int " + repeated("(", 64) + "f" + repeated(")", 64) + "(int)"), "no error");
    EXPECT_EQ(error_of("int f(int " + repeated("*", 10000) + ")"), "no error");
    EXPECT_EQ(first_line(type_error_of("int" + repeated("[1]", 10000))),
              "gangway::ffi::type: types nested more deeply than 64");
    // Depth by tags: nothing nests in the text.
    std::string chain = "struct s0 { char c; } f(";
    for (int i = 1; i < 100; i++) {
        const std::string before = std::to_string(i - 1);
        chain += "struct s" + std::to_string(i) + " { struct s" + before + " m; } *, ";
    }
    EXPECT_EQ(first_line(error_of(chain + "int)")), "gangway::ffi::function: types nested more deeply than 64");
}

TEST(declaration_error, work_does_not_double_with_each_tag) {
    std::string chain = "union u0 { char c; } f(";
    for (int i = 1; i < 60; i++) {
        const std::string before = "union u" + std::to_string(i - 1);
        chain += "union u" + std::to_string(i) + " { " + before + " a, b; }, ";
    }
    EXPECT_EQ(declared(chain + "int)").result().size(), 1u);
}

TEST(declaration_error, parameters_have_a_limit) {
    EXPECT_EQ(declared("int f(int" + repeated(", int", 1023) + ")").parameters(), 1024u);
    EXPECT_EQ(first_line(error_of("int f(int" + repeated(", int", 1024) + ")")),
              "gangway::ffi::function: more than 1024 parameters");
}

TEST(declaration_error, long_ones_are_quoted_around_the_place) {
    const std::string what = error_of("int f(" + repeated("int, ", 100) + "?" + repeated(", int", 100) + ")");
    const std::size_t quote = what.find("\n  ...") + 3;
    const std::size_t mark = what.rfind("\n  ") + 3;
    ASSERT_NE(what.find('^'), std::string::npos);
    EXPECT_EQ(what[quote + what.find('^') - mark], '?');
    EXPECT_LT(what.size(), 500u);
}

TEST(declaration_error, several_lines_are_quoted_as_one) {
    EXPECT_EQ(error_of("int f(\n\tint,\n\tfoo)"),
              "gangway::ffi::function: unknown type 'foo': write the type that it stands for\n"
              "  int f(  int,  foo)\n"
              "                ^");
}

TEST(declaration_error, an_address_that_is_null) {
    try {
        function(nullptr, "int f(int)");
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(), "gangway::ffi::function: the address is null\n  int f(int)\n      ^");
    }
}

// A small stack: what nests is read on g0.
GOROUTINE_TEST(declaration, on_a_goroutine) {
    const std::string deep = "int f(" + repeated("struct { ", 60) + "int x; " + repeated("} m; ", 59) + "})";
    EXPECT_EQ(declared(deep).parameter(0).size(), 4u);
    EXPECT_EQ(error_of("int f(foo)"),
              "gangway::ffi::function: unknown type 'foo': write the type that it stands for\n"
              "  int f(foo)\n"
              "        ^");
}
