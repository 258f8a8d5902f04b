// SPDX-License-Identifier: BSD-3-Clause
// generate SEED: writes C functions of some thousand signatures to stdout, with tables of what they are
// (signatures.h). The same seed gives the same functions.
//
//   - 0 to 20 parameters of each scalar type
//   - every number of integers and doubles that fits in registers, with narrow types and floats among them, in any order
//   - structs of each size from 1 to 64 and of every class, as arguments at any place and as results
//   - 0 to 20 parameters of any type, and variadic functions with a tail of any promoted type
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

struct scalar {
    const char* text;
    const char* leaf;
    int size;
    bool complex = false;
    bool promoted = true;  // may stand after the dots
};

const scalar scalars[] = {
    {"_Bool", "leaf_bool", 1, false, false},
    {"int8_t", "leaf_signed", 1, false, false},
    {"uint8_t", "leaf_unsigned", 1, false, false},
    {"int16_t", "leaf_signed", 2, false, false},
    {"uint16_t", "leaf_unsigned", 2, false, false},
    {"int32_t", "leaf_signed", 4},
    {"uint32_t", "leaf_unsigned", 4},
    {"int64_t", "leaf_signed", 8},
    {"uint64_t", "leaf_unsigned", 8},
    {"void *", "leaf_unsigned", 8},
    {"float", "leaf_f32", 4, false, false},
    {"double", "leaf_f64", 8},
    {"long double", "leaf_f80", 16},
    {"float _Complex", "leaf_f32", 4, true},
    {"double _Complex", "leaf_f64", 8, true},
    {"long double _Complex", "leaf_f80", 16, true},
};
constexpr int scalar_count = static_cast<int>(std::size(scalars));
constexpr int first_floating = 10;
constexpr int first_in_memory = 12;

// One scalar of a type: its place, and the way to it in C.
struct leaf {
    const scalar* of;
    std::string path;  // ".a.b[2]"
    int part = -1;     // of a complex number: real, imaginary
};

struct type {
    std::string text;
    std::string name;  // in the C file
    std::vector<leaf> leaves;
    bool promoted = true;
};

std::mt19937_64 random_bits;

int below(int n) {
    return static_cast<int>(random_bits() % static_cast<std::uint64_t>(n));
}

std::vector<type> types;

void add_scalar_leaves(std::vector<leaf>& to, const scalar& s, const std::string& path) {
    if (!s.complex) to.push_back({&s, path});
    for (int part = 0; s.complex && part < 2; part++) to.push_back({&s, path, part});
}

// --- Types ---------------------------------------------------------------------------------------------------------

struct body {
    std::string text;
    std::vector<leaf> leaves;
    int size = 0;  // about
};

body random_body(int room, int depth, bool is_union);

// A member, and no larger than `room` if it can be helped.
body random_member(int room, int depth, const std::string& name, int only) {
    body m;
    if (depth < 3 && only < 0 && below(6) == 0) {
        const bool is_union = below(3) == 0;
        body inner = random_body(room, depth + 1, is_union);
        m.text = std::string(is_union ? "union" : "struct") + " { " + inner.text + "} " + name + "; ";
        for (leaf& l : inner.leaves) m.leaves.push_back({l.of, "." + name + l.path, l.part});
        m.size = inner.size;
        return m;
    }
    const scalar* s = &scalars[only >= 0 ? only : below(scalar_count)];
    int size = s->complex ? 2 * s->size : s->size;
    if (size > room && only < 0) {
        s = &scalars[1 + below(2)];
        size = 1;
    }
    const int most = std::max(1, room / size);
    const int count = below(3) == 0 ? 1 + below(std::min(most, 4)) : 1;
    m.text = std::string(s->text) + " " + name + (count > 1 ? "[" + std::to_string(count) + "]" : "") + "; ";
    for (int i = 0; i < count; i++) {
        add_scalar_leaves(m.leaves, *s, "." + name + (count > 1 ? "[" + std::to_string(i) + "]" : ""));
    }
    m.size = count * size;
    return m;
}

// A union's leaves are those of its first member.
body random_body(int room, int depth, bool is_union) {
    body all;
    for (int i = 0; i == 0 || (all.size < room && i < 6); i++) {
        body m = random_member(is_union ? room : room - all.size, depth,
                               std::string(1, static_cast<char>('a' + i)), -1);
        all.text += m.text;
        if (!is_union || i == 0) all.leaves.insert(all.leaves.end(), m.leaves.begin(), m.leaves.end());
        all.size = is_union ? std::max(all.size, m.size) : all.size + m.size;
        if (is_union && i == 2) break;
    }
    return all;
}

void add_struct(const body& b, const char* kind = "struct") {
    type t;
    t.text = std::string(kind) + " { " + b.text + "}";
    t.name = std::string(kind) + " s" + std::to_string(types.size());
    t.leaves = b.leaves;
    std::printf("%s { %s};\n", t.name.c_str(), b.text.c_str());
    types.push_back(t);
}

void add_array_struct(const scalar& s, int count) {
    body b;
    b.text = std::string(s.text) + " a[" + std::to_string(count) + "]; ";
    for (int i = 0; i < count; i++) add_scalar_leaves(b.leaves, s, ".a[" + std::to_string(i) + "]");
    add_struct(b);
}

void add_pair(const scalar& first, const scalar& second) {
    body b;
    b.text = std::string(first.text) + " a; " + second.text + " b; ";
    add_scalar_leaves(b.leaves, first, ".a");
    add_scalar_leaves(b.leaves, second, ".b");
    add_struct(b);
}

void add_types() {
    for (const scalar& s : scalars) {
        type t{s.text, s.text, {}, s.promoted};
        add_scalar_leaves(t.leaves, s, "");
        types.push_back(t);
    }
    for (int size = 1; size <= 64; size++) {
        add_array_struct(scalars[2], size);
        for (const scalar& s : scalars) {
            const int whole = s.complex ? 2 * s.size : s.size;
            if (whole > 1 && size % whole == 0) add_array_struct(s, size / whole);
        }
        for (int i = 0; i < 3; i++) add_struct(random_body(size, 0, false));
        if (size % 4 == 0) add_struct(random_body(size, 0, true), "union");
    }
    for (const scalar& first : scalars) {
        for (const scalar& second : scalars) add_pair(first, second);
    }
}

void write_type_table() {
    for (std::size_t i = 0; i < types.size(); i++) {
        const type& t = types[i];
        std::printf("static const struct leaf leaves%zu[] = {", i);
        for (const leaf& l : t.leaves) {
            const std::string offset = l.path.empty() ? "0" : "offsetof(" + t.name + ", " + l.path.substr(1) + ")";
            std::printf("{%s, %d, %s + %d},", l.of->leaf, l.of->size, offset.c_str(), l.part > 0 ? l.of->size : 0);
        }
        std::printf("};\n");
    }
    std::printf("const struct signature_type signature_types[] = {\n");
    for (std::size_t i = 0; i < types.size(); i++) {
        const type& t = types[i];
        std::printf("{\"%s\", sizeof(%s), _Alignof(%s), leaves%zu, %zu},\n", t.text.c_str(), t.name.c_str(),
                    t.name.c_str(), i, t.leaves.size());
    }
    std::printf("};\n");
}

// --- Functions -----------------------------------------------------------------------------------------------------

struct function {
    int result = -1;
    std::vector<int> parameters;
    int fixed = 0;  // those before the dots, where there are any
    bool variadic = false;
};

std::vector<function> functions;

std::string reach(const leaf& l, const std::string& variable) {
    return (l.part < 0 ? "" : l.part == 0 ? "__real__ " : "__imag__ ") + variable + l.path;
}

bool is_floating(const leaf& l) {
    return std::string(l.of->leaf).starts_with("leaf_f");
}

void write_hash_of(const type& t, const std::string& variable) {
    for (const leaf& l : t.leaves) {
        const std::string value = reach(l, variable);
        if (is_floating(l)) {
            std::printf("  h = signature_mix(h, (uint64_t)(int64_t)((%s) * 2));\n", value.c_str());
        } else {
            std::printf("  h = signature_mix(h, (uint64_t)(%s));\n", value.c_str());
        }
    }
}

void write_result(const type& t) {
    std::printf("  %s r;\n", t.name.c_str());
    int n = 0;
    for (const leaf& l : t.leaves) {
        const std::string value = "signature_result(h, " + std::to_string(n++) + ")";
        if (is_floating(l)) {
            const char* real = l.of->size == 4 ? "float" : l.of->size == 8 ? "double" : "long double";
            std::printf("  %s = (%s)signature_halves(%s) / 2;\n", reach(l, "r").c_str(), real, value.c_str());
        } else if (std::string(l.of->leaf) == "leaf_bool") {
            std::printf("  %s = %s & 1;\n", reach(l, "r").c_str(), value.c_str());
        } else {
            const char* text = l.of->text;
            std::printf("  %s = (%s)%s;\n", reach(l, "r").c_str(), text, value.c_str());
        }
    }
    std::printf("  return r;\n");
}

void write_function(const function& f, std::size_t number) {
    const std::string result = f.result < 0 ? "void" : types[static_cast<std::size_t>(f.result)].name;
    std::printf("static %s f%zu(", result.c_str(), number);
    const std::size_t named = f.variadic ? static_cast<std::size_t>(f.fixed) : f.parameters.size();
    for (std::size_t i = 0; i < named; i++) {
        std::printf("%s%s a%zu", i > 0 ? ", " : "", types[static_cast<std::size_t>(f.parameters[i])].name.c_str(),
                    i);
    }
    std::printf("%s) {\n  uint64_t h = %zu;\n", f.variadic ? ", ..." : named == 0 ? "void" : "", number);
    if (f.variadic) std::printf("  va_list v;\n  va_start(v, a%zu);\n", named - 1);
    for (std::size_t i = 0; i < f.parameters.size(); i++) {
        const type& t = types[static_cast<std::size_t>(f.parameters[i])];
        const std::string variable = "a" + std::to_string(i);
        if (i >= named)
            std::printf("  %s %s = va_arg(v, %s);\n", t.name.c_str(), variable.c_str(), t.name.c_str());
        write_hash_of(t, variable);
    }
    if (f.variadic) std::printf("  va_end(v);\n");
    std::printf("  signature_hash = h;\n");
    if (f.result >= 0) write_result(types[static_cast<std::size_t>(f.result)]);
    std::printf("}\n");
}

void write_declaration(const function& f) {
    std::printf("%s f(", f.result < 0 ? "void" : types[static_cast<std::size_t>(f.result)].text.c_str());
    for (std::size_t i = 0; i < f.parameters.size(); i++) {
        if (i > 0) std::printf(", ");
        if (f.variadic && i == static_cast<std::size_t>(f.fixed)) std::printf("..., ");
        std::printf("%s", types[static_cast<std::size_t>(f.parameters[i])].text.c_str());
    }
    std::printf("%s)", f.variadic && f.parameters.size() == static_cast<std::size_t>(f.fixed) ? ", ..." : "");
}

void write_function_table() {
    for (std::size_t i = 0; i < functions.size(); i++) {
        write_function(functions[i], i);
        std::printf("static const int types%zu[] = {%d", i, functions[i].result);
        for (const int p : functions[i].parameters) std::printf(", %d", p);
        std::printf("};\n");
    }
    std::printf("const struct signature signatures[] = {\n");
    for (std::size_t i = 0; i < functions.size(); i++) {
        std::printf("{(void (*)(void))f%zu, \"", i);
        write_declaration(functions[i]);
        std::printf("\", types%zu, %zu},\n", i, functions[i].parameters.size());
    }
    std::printf("};\nconst size_t signature_count = %zu;\n", functions.size());
}

int any_type() {
    return below(2) == 0 ? below(first_in_memory) : below(static_cast<int>(types.size()));
}

int any_result() {
    return below(8) == 0 ? -1 : any_type();
}

void add_of_one_type() {
    for (int t = 0; t < scalar_count; t++) {
        for (int n = 0; n <= 20; n++) functions.push_back({t, std::vector<int>(static_cast<std::size_t>(n), t)});
    }
}

void add_in_registers() {
    for (int integers = 0; integers <= 6; integers++) {
        for (int vectors = 0; vectors <= 8; vectors++) {
            for (int i = 0; i < 5; i++) {
                function f;
                f.result = i == 0 ? -1 : below(first_in_memory);
                for (int k = 0; k < integers; k++) f.parameters.push_back(below(first_floating));
                for (int k = 0; k < vectors; k++) f.parameters.push_back(first_floating + below(2));
                std::ranges::shuffle(f.parameters, random_bits);
                functions.push_back(f);
            }
        }
    }
}

void add_each_struct() {
    for (int t = scalar_count; t < static_cast<int>(types.size()); t++) {
        functions.push_back({t, {t}});
        function f;
        f.result = any_result();
        const int n = below(10);
        for (int k = 0; k < n; k++) f.parameters.push_back(below(first_in_memory));
        f.parameters.insert(f.parameters.begin() + below(n + 1), t);
        functions.push_back(f);
    }
}

void add_mixtures() {
    for (int n = 0; n <= 20; n++) {
        for (int i = 0; i < 40; i++) {
            function f;
            f.result = any_result();
            for (int k = 0; k < n; k++) f.parameters.push_back(any_type());
            functions.push_back(f);
        }
    }
}

// C leaves open what becomes of a last named parameter that is promoted.
void add_variadic() {
    for (int n = 1; n <= 20; n++) {
        for (int i = 0; i < 10; i++) {
            function f;
            f.variadic = true;
            f.fixed = 1 + below(n);
            f.result = any_result();
            while (static_cast<int>(f.parameters.size()) < n) {
                const int t = any_type();
                const int place = static_cast<int>(f.parameters.size());
                if (place >= f.fixed - 1 && !types[static_cast<std::size_t>(t)].promoted) continue;
                f.parameters.push_back(t);
            }
            functions.push_back(f);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned long seed = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
    random_bits.seed(seed);
    std::printf("// Generated, with seed %lu.\n#include \"signatures.h\"\n\n#include <stdarg.h>\n\n", seed);
    std::printf("const unsigned long signature_seed = %lu;\nuint64_t signature_hash;\n", seed);
    add_types();
    write_type_table();
    add_of_one_type();
    add_in_registers();
    add_each_struct();
    add_mixtures();
    add_variadic();
    write_function_table();
    return 0;
}
