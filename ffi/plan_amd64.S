// SPDX-License-Identifier: BSD-3-Clause
// The stub that makes a planned call.
#include "ffi/register_offsets.h"

        .text

// void gangway_ffi_call_registers(register_file* file)
//   Loads the registers, calls, and keeps both registers that a result may be in. Any C stack; the callee has no
//   arguments on it.
//   %rdi file, then %rbx: kept by the callee.   The AMD64 ABI's: rsp 16-aligned at the call, al with the number of
//   vector registers (a variadic callee saves no more of them than that), the direction flag clear.
//
//   | return address |
//   | rbx            | <- rsp at the call
//
// The callee may throw: the CFI walks from it through here to the caller.
        .globl  gangway_ffi_call_registers
        .hidden gangway_ffi_call_registers
        .type   gangway_ffi_call_registers, @function
        .p2align 4
gangway_ffi_call_registers:
        .cfi_startproc
        pushq   %rbx
        .cfi_def_cfa_offset 16
        .cfi_offset rbx, -16
        movq    %rdi, %rbx
        movl    GANGWAY_FFI_VECTORS(%rbx), %eax
        testl   %eax, %eax
        jz      .Lintegers
        movsd   GANGWAY_FFI_VECTOR+0(%rbx), %xmm0
        movsd   GANGWAY_FFI_VECTOR+8(%rbx), %xmm1
        movsd   GANGWAY_FFI_VECTOR+16(%rbx), %xmm2
        movsd   GANGWAY_FFI_VECTOR+24(%rbx), %xmm3
        movsd   GANGWAY_FFI_VECTOR+32(%rbx), %xmm4
        movsd   GANGWAY_FFI_VECTOR+40(%rbx), %xmm5
        movsd   GANGWAY_FFI_VECTOR+48(%rbx), %xmm6
        movsd   GANGWAY_FFI_VECTOR+56(%rbx), %xmm7
.Lintegers:
        movq    0(%rbx), %rdi
        movq    8(%rbx), %rsi
        movq    16(%rbx), %rdx
        movq    24(%rbx), %rcx
        movq    32(%rbx), %r8
        movq    40(%rbx), %r9
        callq   *GANGWAY_FFI_ADDRESS(%rbx)
        movq    %rax, GANGWAY_FFI_INTEGER_RESULT(%rbx)
        movsd   %xmm0, GANGWAY_FFI_VECTOR_RESULT(%rbx)
        popq    %rbx
        .cfi_def_cfa_offset 8
        .cfi_restore rbx
        ret
        .cfi_endproc
        .size   gangway_ffi_call_registers, .-gangway_ffi_call_registers

        .section .note.GNU-stack,"",@progbits
