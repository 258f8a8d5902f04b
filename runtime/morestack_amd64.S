// SPDX-License-Identifier: BSD-3-Clause
// __morestack, for code built with -fsplit-stack by GCC or Clang. In a library of its own, gangway_preemptible, that is
// linked into such code.
//
// A function's prologue, and where it goes when the guard says no:
//
//         cmpq  %fs:0x70, %rsp     (or sp less the frame)
//         jb    1f
//      2: ...
//      1: movl  $frame, %r10d
//         movl  $arguments, %r11d
//         call  __morestack
//         ret
//         (leaq 24(%rbp), %r11)    in a variadic one, from GCC: the address of its stack arguments
//         jmp   2b
//
// The stack is never changed here, so after the check it goes on one byte after the return address, past the ret, with
// every register as it was. In the variadic form %rbp would have to be __morestack's own frame; so that instruction is
// done here and skipped.

        .text

// %r10 the frame's size; all argument registers are kept, vectors too. May return on another thread.
        .globl  __morestack
        .hidden __morestack
        .type   __morestack, @function
        .p2align 4
__morestack:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        pushq   %rbx
        .cfi_offset rbx, -24
        pushq   %rax                    // al: how many vector registers a variadic call uses; or the static chain
        pushq   %rdi
        pushq   %rsi
        pushq   %rdx
        pushq   %rcx
        pushq   %r8
        pushq   %r9
        movq    %rsp, %rbx              // what is restored from

        movq    gangway_vector_state@GOTPCREL(%rip), %r11
        movl    4(%r11), %ecx
        subq    %rcx, %rsp
        andq    $-64, %rsp
        movl    (%r11), %eax
        testl   %eax, %eax
        jz      .Lfxsave
        xorl    %edx, %edx
        movq    %rdx, 512(%rsp)         // XSAVE writes one word of its header, XRSTOR wants all of it
        movq    %rdx, 520(%rsp)
        movq    %rdx, 528(%rsp)
        movq    %rdx, 536(%rsp)
        movq    %rdx, 544(%rsp)
        movq    %rdx, 552(%rsp)
        movq    %rdx, 560(%rsp)
        movq    %rdx, 568(%rsp)
        xsave   (%rsp)
        call    .Lnewstack
        movq    gangway_vector_state@GOTPCREL(%rip), %r11
        movl    (%r11), %eax
        xorl    %edx, %edx
        xrstor  (%rsp)
        jmp     .Lrestore
.Lfxsave:
        fxsave  (%rsp)
        call    .Lnewstack
        fxrstor (%rsp)
.Lrestore:
        movq    %rbx, %rsp
        popq    %r9
        popq    %r8
        popq    %rcx
        popq    %rdx
        popq    %rsi
        popq    %rdi
        popq    %rax
        popq    %rbx
        .cfi_restore rbx
        popq    %rbp
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        movq    (%rsp), %r10
        cmpl    $0x185d8d4c, 1(%r10)    // leaq 24(%rbp), %r11
        je      .Lvariadic
        addq    $1, (%rsp)
        ret
.Lvariadic:
        leaq    16(%rsp), %r11          // past both return addresses
        addq    $5, (%rsp)
        ret

// Aligns the call: the area is 64-aligned, and this return address took 8.
.Lnewstack:
        .cfi_def_cfa rbp, 16
        .cfi_offset rbp, -16
        .cfi_offset rbx, -24
        subq    $8, %rsp
        leaq    16(%rbp), %rdi          // sp at the function's entry
        movq    %r10, %rsi
        call    gangway_newstack@PLT
        addq    $8, %rsp
        ret
        .cfi_endproc
        .size   __morestack, .-__morestack

// What gold and lld call instead in a function that calls code without such prologues.
        .globl  __morestack_non_split
        .hidden __morestack_non_split
        .set    __morestack_non_split, __morestack

// void* __morestack_allocate_stack_space(size_t size)
        .globl  __morestack_allocate_stack_space
        .hidden __morestack_allocate_stack_space
        .type   __morestack_allocate_stack_space, @function
        .p2align 4
__morestack_allocate_stack_space:
        .cfi_startproc
        movq    %rdi, %rsi
        leaq    8(%rsp), %rdi           // the caller's sp
        jmp     gangway_allocate_stack_space@PLT
        .cfi_endproc
        .size   __morestack_allocate_stack_space, .-__morestack_allocate_stack_space

        .section .note.GNU-stack,"",@progbits
