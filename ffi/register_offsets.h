/* SPDX-License-Identifier: BSD-3-Clause */
/* Where plan_amd64.S finds the fields of register_file. plan.cpp asserts them. */
#pragma once

#define GANGWAY_FFI_VECTOR 48
#define GANGWAY_FFI_ADDRESS 112
#define GANGWAY_FFI_VECTORS 120
#define GANGWAY_FFI_INTEGER_RESULT 128
#define GANGWAY_FFI_VECTOR_RESULT 136
