// SPDX-License-Identifier: BSD-3-Clause
// Switching: leave a stack so that it can be gone back to.
//
// What stands on a stack that was left, from its saved sp upward; newproc builds the same for a goroutine that has
// not run yet (switch.hpp: left_frame):
//
//      +0   MXCSR (4 bytes)
//      +4   x87 control word (2 bytes)
//      +8   r15  r14  r13  r12  rbx  rbp
//      +56  the address to go on at
//
// The other registers are the caller's to save in a C call, and all three are called as C functions.
// Why not Boost.Context's: docs/switching.md.

        .text

// Pushes what SAVE_LEFT and RESTORE_LEFT agree on. The two control words are loaded only where they differ from the
// current ones: loading either costs more than all the rest, and goroutines rarely have their own.
        .macro SAVE_LEFT
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        .endm

// In: %rsp the stack to go on, %eax the current MXCSR, %cx the current x87 control word.
        .macro RESTORE_LEFT
        cmpl    (%rsp), %eax
        jne     .Lmxcsr\@
.Lmxcsr_same\@:
        cmpw    4(%rsp), %cx
        jne     .Lx87\@
.Lx87_same\@:
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        ret
        .cfi_adjust_cfa_offset 56
        .cfi_rel_offset rbp, 48
        .cfi_rel_offset rbx, 40
        .cfi_rel_offset r12, 32
        .cfi_rel_offset r13, 24
        .cfi_rel_offset r14, 16
        .cfi_rel_offset r15, 8
.Lmxcsr\@:
        ldmxcsr (%rsp)
        jmp     .Lmxcsr_same\@
.Lx87\@:
        fldcw   4(%rsp)
        jmp     .Lx87_same\@
        .endm

// void gangway_switch(void** save, void* sp)
//   %rdi where the sp that is left is kept, %rsi the saved sp to go on from.
//   Returns when somebody goes to *save, perhaps on another thread.
        .globl  gangway_switch
        .hidden gangway_switch
        .type   gangway_switch, @function
        .p2align 4
gangway_switch:
        .cfi_startproc
        SAVE_LEFT
        movl    (%rsp), %eax
        movzwl  4(%rsp), %ecx
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        RESTORE_LEFT
        .cfi_endproc
        .size   gangway_switch, .-gangway_switch

// void gangway_mcall(void** save, void* sp, void (*fn)(void*), void* arg)
//   Leaves this stack and runs fn(arg) from sp (16-aligned) downward. fn does not return.
//   Returns when somebody goes to *save, perhaps on another thread.
        .globl  gangway_mcall
        .hidden gangway_mcall
        .type   gangway_mcall, @function
        .p2align 4
gangway_mcall:
        .cfi_startproc
        SAVE_LEFT
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        movq    %rcx, %rdi
        .cfi_undefined rip              // from here on this is a root: nothing is above
        xorl    %ebp, %ebp
        callq   *%rdx
        ud2
        .cfi_endproc
        .size   gangway_mcall, .-gangway_mcall

// void gangway_mstart(void** save, void (*fn)(void*), void* arg)
//   Leaves this place on a thread's own stack and runs fn(arg) below it. fn does not return.
//   Returns when somebody goes to *save, on this thread.
        .globl  gangway_mstart
        .hidden gangway_mstart
        .type   gangway_mstart, @function
        .p2align 4
gangway_mstart:
        .cfi_startproc
        SAVE_LEFT
        movq    %rsp, (%rdi)            // 16-aligned: a return address and seven pushes
        movq    %rdx, %rdi
        callq   *%rsi
        ud2
        .cfi_endproc
        .size   gangway_mstart, .-gangway_mstart

// [[noreturn]] void gangway_gogo(void* sp)
//   Goes on from a saved sp; what is on this stack is abandoned.
        .globl  gangway_gogo
        .hidden gangway_gogo
        .type   gangway_gogo, @function
        .p2align 4
gangway_gogo:
        .cfi_startproc
        stmxcsr -8(%rsp)
        fnstcw  -4(%rsp)
        movl    -8(%rsp), %eax
        movzwl  -4(%rsp), %ecx
        movq    %rdi, %rsp
        .cfi_adjust_cfa_offset 56
        .cfi_rel_offset rbp, 48
        .cfi_rel_offset rbx, 40
        .cfi_rel_offset r12, 32
        .cfi_rel_offset r13, 24
        .cfi_rel_offset r14, 16
        .cfi_rel_offset r15, 8
        RESTORE_LEFT
        .cfi_endproc
        .size   gangway_gogo, .-gangway_gogo

// Where a new goroutine starts: newproc puts this address into its left_frame. %rsp is 16-aligned here.
        .globl  gangway_goroutine_start
        .hidden gangway_goroutine_start
        .type   gangway_goroutine_start, @function
        .p2align 4
        .cfi_startproc
        .cfi_undefined rip              // the root of the goroutine's trace
        nop                             // an unwinder looks one byte before a return address
gangway_goroutine_start:
        xorl    %ebp, %ebp
        callq   gangway_goroutine_main
        ud2
        .cfi_endproc
        .size   gangway_goroutine_start, .-gangway_goroutine_start

// The way out of capture.cpp's signal handler, which libc does not know of: rt_sigreturn.
        .globl  gangway_sigreturn
        .hidden gangway_sigreturn
        .type   gangway_sigreturn, @function
gangway_sigreturn:
        movl    $15, %eax
        syscall
        .size   gangway_sigreturn, .-gangway_sigreturn

        .section .note.GNU-stack,"",@progbits
