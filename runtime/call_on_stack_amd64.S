// SPDX-License-Identifier: BSD-3-Clause
// The one stub for both directions of the bridge.

        .text

// uint64_t gangway_call_on_stack(uint64_t (*fn)(void*), void* arg, void* sp, void** save)
//   Calls fn(arg) on the stack that ends at sp (16-aligned), and returns on the caller's, with fn's result still in rax.
//   %rdi fn   %rsi arg   %rdx sp   %rcx save: gets this stack's sp, below which the other direction may build.
//
//   the caller's stack            the other stack
//   | return address |            | (sp)           |
//   | rbp            | <- *save   | return address |
//   (a callback's frames)         | fn's frame     |
//
// rbp is kept by fn as by any C function and says the way back; the CFI walks from fn through here to the caller.
        .globl  gangway_call_on_stack
        .hidden gangway_call_on_stack
        .type   gangway_call_on_stack, @function
        .p2align 4
gangway_call_on_stack:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        movq    %rsp, (%rcx)            // 16-aligned: entered with a return address, then one push
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsp              // from here the caller's stack is left alone below *save
        callq   *%rax
        movq    %rbp, %rsp
        popq    %rbp
        .cfi_def_cfa rsp, 8
        ret
        .cfi_endproc
        .size   gangway_call_on_stack, .-gangway_call_on_stack

        .section .note.GNU-stack,"",@progbits
