// SPDX-License-Identifier: Apache-2.0
// Which host register does what in generated code.
#pragma once

#include <array>
#include <span>

#include "emit/x64/host_features.h"

namespace kelvin::x64 {

/// Always points into the guest's state: see runtime.h.
inline constexpr Gpr kState = Gpr::rbp;

/// Hold the guest's hottest registers everywhere, hottest first. The first five survive calls of C++.
inline constexpr auto kPinGprs =
    std::to_array<Gpr>({Gpr::rbx, Gpr::r12, Gpr::r13, Gpr::r14, Gpr::r15, Gpr::rsi, Gpr::rdi, Gpr::r8, Gpr::r9});
inline constexpr unsigned kPinGprsSavedByCallee = 5;
/// Hold values within a block, in the order they are handed out: those with fixed uses last.
inline constexpr auto kLocalGprs = std::to_array<Gpr>({Gpr::r10, Gpr::r11, Gpr::rcx, Gpr::rdx, Gpr::rax});

inline constexpr auto kPinXmms =
    std::to_array<Xmm>({Xmm::xmm4, Xmm::xmm5, Xmm::xmm6, Xmm::xmm7, Xmm::xmm8, Xmm::xmm9, Xmm::xmm10, Xmm::xmm11,
                        Xmm::xmm12, Xmm::xmm13, Xmm::xmm14, Xmm::xmm15});
inline constexpr auto kWidePinXmms = std::to_array<Xmm>(
    {Xmm::xmm4,  Xmm::xmm5,  Xmm::xmm6,  Xmm::xmm7,  Xmm::xmm8,  Xmm::xmm9,  Xmm::xmm10, Xmm::xmm11, Xmm::xmm12,
     Xmm::xmm13, Xmm::xmm16, Xmm::xmm17, Xmm::xmm18, Xmm::xmm19, Xmm::xmm20, Xmm::xmm21, Xmm::xmm22, Xmm::xmm23,
     Xmm::xmm24, Xmm::xmm25, Xmm::xmm26, Xmm::xmm27, Xmm::xmm28, Xmm::xmm29, Xmm::xmm30, Xmm::xmm31});
/// What pins vectors on a host. xmm14 and xmm15 are the assembler's where instructions lack forms for others.
inline std::span<const Xmm> pin_xmms(const HostFeatures& host) {
    if (host.evex_everywhere) {
        return kWidePinXmms;
    }
    return {kPinXmms.begin(), kPinXmms.size() - (host.v3 ? 0 : 1)};
}

inline constexpr auto kLocalXmms = std::to_array<Xmm>({Xmm::xmm0, Xmm::xmm1, Xmm::xmm2, Xmm::xmm3});

}  // namespace kelvin::x64
