// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/unwind.hpp"

#include <cstring>
#include <dlfcn.h>
#include <libunwind-x86_64.h>

#include "runtime/switch.hpp"
#include "runtime/throw.hpp"

extern "C" int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t*, unw_proc_info_t*,
                                                  int, void*);

namespace gangway::runtime {

namespace {

constexpr int most_frames = 1'000'000;  // of a stack that leads round in a circle

unw_addr_space_t space;  // set once, at start

struct walk_state {
    const registers* from;
    memory_reader* memory;
    std::uintptr_t object_lo = 0, object_hi = 0;  // the loaded object that the frame's function is in
    std::uintptr_t function = 0;                  // 0: it has no call frame information
};

// PT_GNU_EH_FRAME as ld writes it: a table sorted by address, its offsets relative to its own start.
struct eh_frame_hdr {
    unsigned char version;
    unsigned char eh_frame_ptr_encoding;
    unsigned char fde_count_encoding;
    unsigned char table_encoding;
    std::int32_t eh_frame_ptr;
    std::uint32_t fde_count;
};
constexpr unsigned char udata4 = 0x03, datarel_sdata4 = 0x3b, pcrel_sdata4 = 0x1b;

int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t* info, int need_unwind_info, void* arg) {
    auto* state = static_cast<walk_state*>(arg);
    dl_find_object object{};
    if (_dl_find_object(reinterpret_cast<void*>(ip), &object) != 0 || object.dlfo_eh_frame == nullptr)
        return -UNW_ENOINFO;
    const auto* header = static_cast<const eh_frame_hdr*>(object.dlfo_eh_frame);
    if (header->version != 1 || header->eh_frame_ptr_encoding != pcrel_sdata4 ||
        header->fde_count_encoding != udata4 || header->table_encoding != datarel_sdata4)
        return -UNW_ENOINFO;
    state->object_lo = reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
    state->object_hi = reinterpret_cast<std::uintptr_t>(object.dlfo_map_end);
    unw_dyn_info_t table{};
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = state->object_lo;
    table.end_ip = state->object_hi;
    table.u.rti.segbase = reinterpret_cast<unw_word_t>(header);
    table.u.rti.table_data = reinterpret_cast<unw_word_t>(header + 1);
    table.u.rti.table_len = header->fde_count * 8UL / sizeof(unw_word_t);
    int result = UNW_OBJ(dwarf_search_unwind_table)(as, ip, &table, info, need_unwind_info, arg);
    if (result == 0) state->function = info->start_ip;
    return result;
}

void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}

int no_dynamic_info(unw_addr_space_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
}

// A running goroutine's registers may make no sense, and lead into the object's variables, which others write.
using unaligned_word [[gnu::may_alias, gnu::aligned(1)]] = unw_word_t;
__attribute__((noinline, no_sanitize("thread"))) unw_word_t word_at(unw_word_t at) {
    return *reinterpret_cast<const volatile unaligned_word*>(at);
}

// Loaded objects are read where they lie: their tables are looked up often, and they are there as long as a frame is.
int access_mem(unw_addr_space_t, unw_word_t at, unw_word_t* value, int write, void* arg) {
    auto* state = static_cast<walk_state*>(arg);
    if (write != 0) return -UNW_EINVAL;
    if (at >= state->object_lo && at + sizeof *value <= state->object_hi) {
        *value = word_at(at);
        return 0;
    }
    std::uint64_t word = 0;
    if (!state->memory->word(at, word)) return -UNW_EINVAL;
    *value = word;
    return 0;
}

int access_reg(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write, void* arg) {
    auto* state = static_cast<walk_state*>(arg);
    if (write != 0 || reg < 0 || reg >= static_cast<int>(registers::count)) return -UNW_EBADREG;
    *value = state->from->value[reg];
    return 0;
}

int no_fpreg(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
    return -UNW_EBADREG;
}

int no_resume(unw_addr_space_t, unw_cursor_t*, void*) {
    return -UNW_EINVAL;
}

int no_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
}

template <class F>
std::uintptr_t address_of(F* f) {
    return reinterpret_cast<std::uintptr_t>(f);
}

// mov $15, %rax; syscall: where a signal's handler returns to. pc is in a loaded object.
bool is_signal_trampoline(std::uintptr_t pc) {
    static constexpr unsigned char code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
    return std::memcmp(reinterpret_cast<const void*>(pc), code, sizeof code) == 0;
}

bool is_own_assembly(std::uintptr_t function) {
    return function == address_of(&gangway_switch) || function == address_of(&gangway_mcall) ||
           function == address_of(&gangway_mstart) || function == address_of(&gangway_gogo) ||
           function == address_of(&gangway_call_on_stack) ||
           function == address_of(&gangway_goroutine_start) - 1;  // its information starts one byte early
}

}  // namespace

void unwind_init() {
    unw_accessors_t accessors{};
    accessors.find_proc_info = find_proc_info;
    accessors.put_unwind_info = put_unwind_info;
    accessors.get_dyn_info_list_addr = no_dynamic_info;
    accessors.access_mem = access_mem;
    accessors.access_reg = access_reg;
    accessors.access_fpreg = no_fpreg;
    accessors.resume = no_resume;
    accessors.get_proc_name = no_name;
    space = unw_create_addr_space(&accessors, 0);
    check(space != nullptr, "start: no memory for the unwinder");
    unw_set_caching_policy(space, UNW_CACHE_NONE);
}

bool is_code(std::uintptr_t pc) {
    dl_find_object object{};
    return _dl_find_object(reinterpret_cast<void*>(pc), &object) == 0;
}

registers left_registers(const left_frame& f, std::uintptr_t sp) {
    registers r;
    auto word = [](auto* p) { return reinterpret_cast<std::uint64_t>(p); };
    r.value[registers::rbx] = word(f.rbx);
    r.value[registers::rbp] = word(f.rbp);
    r.value[registers::r12] = word(f.r12);
    r.value[registers::r13] = word(f.r13);
    r.value[registers::r14] = word(f.r14);
    r.value[registers::r15] = word(f.r15);
    r.value[registers::rip] = word(f.rip);
    r.value[registers::rsp] = sp + sizeof f;
    r.returning = true;
    return r;
}

bool called_registers(memory_reader& memory, std::uintptr_t syscallsp, registers& to) {
    to = registers{};
    to.value[registers::rsp] = syscallsp + 16;
    to.returning = true;
    return memory.word(syscallsp, to.value[registers::rbp]) &&
           memory.word(syscallsp + 8, to.value[registers::rip]);
}

walk_end walk(const registers& from, memory_reader& memory, frame_visitor f, void* arg) {
    if (space == nullptr) return walk_end::no_info;
    walk_state state{&from, &memory};
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, space, &state) < 0) return walk_end::broken;
    bool returning = from.returning;
    for (int i = 0; i < most_frames; i++) {
        unw_word_t ip = 0, sp = 0, next_sp = 0;
        unw_get_reg(&cursor, UNW_X86_64_RIP, &ip);
        unw_get_reg(&cursor, UNW_X86_64_RSP, &sp);
        if (ip == 0) return walk_end::root;
        state.function = 0;
        int stepped = unw_step(&cursor);
        // Without call frame information the library guesses. Not here: a wrong frame is worse than none.
        bool known = state.function != 0;
        bool trampoline = known && is_signal_trampoline(ip);
        bool assembly = known && is_own_assembly(state.function);
        if (!f({returning ? ip - 1 : ip, sp, state.function, assembly || trampoline}, arg))
            return walk_end::stopped;
        if (!known) return walk_end::no_info;
        if (stepped == 0) return walk_end::root;
        if (stepped < 0) return walk_end::broken;
        unw_get_reg(&cursor, UNW_X86_64_RSP, &next_sp);
        if (next_sp <= sp && !assembly && !trampoline) return walk_end::broken;  // only those change stacks
        returning = !trampoline;
    }
    return walk_end::broken;
}

}  // namespace gangway::runtime
