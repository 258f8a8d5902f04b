// SPDX-License-Identifier: BSD-3-Clause
// For CMake, which precompiles headers for a target that has a source.
