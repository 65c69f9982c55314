// SPDX-License-Identifier: Apache-2.0
// Instruction set extensions of this machine beyond what all hosts have (AVX2, FMA, F16C, BMI2).
#pragma once

namespace kelvin::x64 {

/// A value-initialised one is the least host. Any combination must give correct code, so that each can be tested.
struct HostFeatures {
    bool avx512 = false;         ///< F, VL, BW, DQ and CD
    bool avx512_bitalg = false;  ///< counts of bits in bytes; only with avx512
    bool gfni = false;
    bool aes = false;
    bool pclmul = false;
    bool sha = false;

    /// What the processor has and the operating system supports.
    static HostFeatures detect();
};

}  // namespace kelvin::x64
