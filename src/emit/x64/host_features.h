// SPDX-License-Identifier: Apache-2.0
// What of the instruction set this host has beyond what generated code always needs: x86-64-v2, of which that is
// SSE4.2, POPCNT, CMPXCHG16B and LAHF.
#pragma once

#include <optional>
#include <string_view>

#include "emit/x64/registers.h"

namespace kelvin::x64 {

/// Microarchitecture levels (x86-64 psABI, section 3.1.1), by what code uses of them.
enum class HostLevel : u8 {
    v2,
    v3,  ///< AVX2, FMA, F16C, BMI1, BMI2, LZCNT
    v4,  ///< AVX-512 F, VL, BW, DQ and CD
};

std::optional<HostLevel> host_level(std::string_view name);

/// What CPUID and XGETBV say; registers that the processor has not are 0.
struct CpuId {
    u32 leaf1_ecx = 0;
    u32 leaf7_ebx = 0;
    u32 leaf7_ecx = 0;
    u32 extended_ecx = 0;  ///< of leaf 80000001
    u64 xcr0 = 0;          ///< registers that the operating system keeps

    static CpuId read();

    /// It is an x86-64-v2.
    bool can_run_code() const;
};

/// A value-initialised one is the least host. Any combination must give correct code, so that each can be tested.
struct HostFeatures {
    bool v3 = false;
    bool avx512 = false;           ///< v4; only with v3
    bool avx512_bitalg = false;    ///< counts of bits in bytes; only with avx512
    bool evex_everywhere = false;  ///< what has a VEX form of registers has an EVEX one too; only with avx512
    bool gfni = false;
    bool aes = false;
    bool pclmul = false;
    bool sha = false;

    static HostFeatures of(const CpuId& cpu);
    /// Of this host.
    static HostFeatures detect() { return of(CpuId::read()); }

    HostLevel level() const { return avx512 ? HostLevel::v4 : v3 ? HostLevel::v3 : HostLevel::v2; }
    /// Without what a higher level has. Extensions that belong to no level stay.
    HostFeatures up_to(HostLevel most) const;

    Encoding encoding() const { return v3 ? Encoding::vex : Encoding::legacy; }
};

}  // namespace kelvin::x64
