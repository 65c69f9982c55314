// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/host_features.h"

#include <cpuid.h>

namespace kelvin::x64 {

namespace {

constexpr u32 bits(std::initializer_list<unsigned> numbers) {
    u32 mask = 0;
    for (const unsigned number : numbers) {
        mask |= u32{1} << number;
    }
    return mask;
}

constexpr bool has(u64 value, u64 mask) {
    return (value & mask) == mask;
}

// Intel SDM vol. 2, CPUID; AMD's extended leaves are in its APM, vol. 3, appendix E.
constexpr u32 kV2Leaf1 = bits({0, 9, 13, 19, 20, 23});  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT
constexpr u32 kV2Extended = bits({0});                  // LAHF
constexpr u32 kV3Leaf1 = bits({12, 27, 28, 29});        // FMA, OSXSAVE, AVX, F16C
constexpr u32 kV3Leaf7 = bits({3, 5, 8});               // BMI1, AVX2, BMI2
constexpr u32 kV3Extended = bits({5});                  // LZCNT
constexpr u32 kV4Leaf7 = bits({16, 17, 28, 30, 31});    // AVX-512 F, DQ, CD, BW, VL
constexpr u64 kXmmYmm = bits({1, 2});
constexpr u64 kMaskZmm = bits({5, 6, 7});

u64 read_xcr0() {
    u32 low = 0;
    u32 high = 0;
    asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

}  // namespace

std::optional<HostLevel> host_level(std::string_view name) {
    if (name == "v2") {
        return HostLevel::v2;
    }
    if (name == "v3") {
        return HostLevel::v3;
    }
    return name == "v4" ? std::optional(HostLevel::v4) : std::nullopt;
}

CpuId CpuId::read() {
    CpuId cpu;
    u32 a = 0;
    u32 b = 0;
    u32 c = 0;
    u32 d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0) {
        cpu.leaf1_ecx = c;
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
        cpu.leaf7_ebx = b;
        cpu.leaf7_ecx = c;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) != 0) {
        cpu.extended_ecx = c;
    }
    if (has(cpu.leaf1_ecx, bits({27}))) {
        cpu.xcr0 = read_xcr0();
    }
    return cpu;
}

bool CpuId::can_run_code() const {
    return has(leaf1_ecx, kV2Leaf1) && has(extended_ecx, kV2Extended);
}

HostFeatures HostFeatures::of(const CpuId& cpu) {
    HostFeatures features;
    features.v3 = has(cpu.leaf1_ecx, kV3Leaf1) && has(cpu.leaf7_ebx, kV3Leaf7) && has(cpu.extended_ecx, kV3Extended) &&
                  has(cpu.xcr0, kXmmYmm);
    features.avx512 = features.v3 && has(cpu.leaf7_ebx, kV4Leaf7) && has(cpu.xcr0, kMaskZmm);
    features.avx512_bitalg = features.avx512 && has(cpu.leaf7_ecx, bits({12}));
    features.evex_everywhere = features.avx512 && has(cpu.leaf7_ecx, bits({9, 10}));  // VAES, VPCLMULQDQ
    features.gfni = has(cpu.leaf7_ecx, bits({8}));
    features.aes = has(cpu.leaf1_ecx, bits({25}));
    features.pclmul = has(cpu.leaf1_ecx, bits({1}));
    features.sha = has(cpu.leaf7_ebx, bits({29}));
    return features;
}

HostFeatures HostFeatures::up_to(HostLevel most) const {
    HostFeatures features = *this;
    features.v3 = v3 && most >= HostLevel::v3;
    features.avx512 = avx512 && most >= HostLevel::v4;
    features.avx512_bitalg = avx512_bitalg && features.avx512;
    features.evex_everywhere = evex_everywhere && features.avx512;
    return features;
}

}  // namespace kelvin::x64
