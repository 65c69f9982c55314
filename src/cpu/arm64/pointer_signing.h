// SPDX-License-Identifier: Apache-2.0
// Pointer authentication (ARM ARM D8.9): codes in the unused bits of addresses.
#pragma once

#include "cpu/arm64/state.h"

namespace kelvin::arm64 {

/// Index into State::apkey.
enum class SigningKey : u8 { instruction_a, instruction_b, data_a, data_b, generic };

/// Index into State::code_bits: what signs and authenticates with each of the first four keys, and what strips.
enum class CodeBitsUse : u8 { instruction_a, instruction_b, data_a, data_b, strip_instruction, strip_data, count };

/// Derives State::code_bits from SCTLR_EL1 and TCR_EL1.
void derive_code_bits(State& state);

/// Whether the top byte of no address, used for instructions or for data, is ignored. Bit 63 of what is signed then
/// says which half it belongs to, and not bit 55 (AddPAC).
bool top_byte_counts(u64 tcr, bool data);

}  // namespace kelvin::arm64
