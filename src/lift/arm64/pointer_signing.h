// SPDX-License-Identifier: Apache-2.0
// Pointer authentication (ARM ARM D8.9): codes in the unused bits of addresses. The code itself is IMPLEMENTATION
// DEFINED: a cheap hash of address, modifier and key. It keeps nobody out who can run code on the host.
#pragma once

#include "cpu/arm64/state.h"

namespace kelvin::arm64 {

/// Index into State::apkey.
enum class SigningKey : u8 { instruction_a, instruction_b, data_a, data_b, generic };

/// AddPACIA and its kin: unchanged where SCTLR_EL1 disables the key.
u64 sign_pointer(const State& state, u64 pointer, u64 modifier, SigningKey key);
/// AuthIA and its kin (without FEAT_FPAC): on failure the address is made one that faults when used.
u64 authenticate_pointer(const State& state, u64 pointer, u64 modifier, SigningKey key);
/// Strip: the code replaced by the extension bits. `data`: as a data address.
u64 strip_pointer(const State& state, u64 pointer, bool data);
/// PACGA.
u64 generic_code(const State& state, u64 value, u64 modifier);

}  // namespace kelvin::arm64
