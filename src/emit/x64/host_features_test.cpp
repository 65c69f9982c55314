// SPDX-License-Identifier: Apache-2.0
// Registers of CPUID as real processors have them, and as hypervisors and operating systems cut them.
#include "emit/x64/host_features.h"

#include <gtest/gtest.h>

namespace kelvin::x64 {
namespace {

constexpr u64 kSseState = 0x3;
constexpr u64 kAvxState = 0x7;
constexpr u64 kAvx512State = 0xe7;

constexpr CpuId kNehalem{0x009ce3bd, 0, 0, 0x1, 0};
constexpr CpuId kSandyBridge{0x1fbae3ff, 0, 0, 0x1, kAvxState};
constexpr CpuId kHaswell{0x7ffafbff, 0x2fbb, 0, 0x21, kAvxState};
constexpr CpuId kZen4{0x7ef8320b, 0xf1bf97a9, 0x405fce, 0x75c237ff, kAvx512State};

TEST(HostFeatures, Levels) {
    EXPECT_TRUE(kNehalem.can_run_code());
    EXPECT_EQ(HostFeatures::of(kNehalem).level(), HostLevel::v2);
    EXPECT_FALSE(HostFeatures::of(kNehalem).aes);
    EXPECT_EQ(HostFeatures::of(kSandyBridge).level(), HostLevel::v2) << "AVX without AVX2";
    EXPECT_TRUE(HostFeatures::of(kSandyBridge).pclmul);
    EXPECT_EQ(HostFeatures::of(kHaswell).level(), HostLevel::v3);
    EXPECT_EQ(HostFeatures::of(kZen4).level(), HostLevel::v4);
}

TEST(HostFeatures, ExtensionsBesideTheLevels) {
    const HostFeatures zen4 = HostFeatures::of(kZen4);
    EXPECT_TRUE(zen4.aes && zen4.pclmul && zen4.sha && zen4.gfni && zen4.avx512_bitalg && zen4.evex_everywhere);
    const HostFeatures haswell = HostFeatures::of(kHaswell);
    EXPECT_TRUE(haswell.aes && haswell.pclmul);
    EXPECT_FALSE(haswell.sha || haswell.gfni || haswell.avx512_bitalg || haswell.evex_everywhere);
}

TEST(HostFeatures, RegistersThatTheSystemDoesNotKeepAreNotUsed) {
    CpuId cpu = kZen4;
    cpu.xcr0 = kAvxState;
    EXPECT_EQ(HostFeatures::of(cpu).level(), HostLevel::v3);
    EXPECT_FALSE(HostFeatures::of(cpu).avx512_bitalg || HostFeatures::of(cpu).evex_everywhere);
    cpu.xcr0 = kSseState;
    EXPECT_EQ(HostFeatures::of(cpu).level(), HostLevel::v2);
    EXPECT_TRUE(HostFeatures::of(cpu).gfni);
}

TEST(HostFeatures, OneMissingInstructionMakesItALowerLevel) {
    CpuId cpu = kHaswell;
    cpu.leaf7_ebx &= ~(1u << 8);  // BMI2
    EXPECT_EQ(HostFeatures::of(cpu).level(), HostLevel::v2);
    cpu = kHaswell;
    cpu.extended_ecx &= ~(1u << 5);  // LZCNT
    EXPECT_EQ(HostFeatures::of(cpu).level(), HostLevel::v2);
    cpu.leaf1_ecx &= ~(1u << 20);  // SSE4.2
    EXPECT_FALSE(cpu.can_run_code());
    cpu = kHaswell;
    cpu.extended_ecx = 0;  // LAHF, which the first processors with 64 bits lack
    EXPECT_FALSE(cpu.can_run_code());
}

TEST(HostFeatures, AreCutDownToALevel) {
    const HostFeatures v3 = HostFeatures::of(kZen4).up_to(HostLevel::v3);
    EXPECT_TRUE(v3.v3 && v3.gfni && v3.sha && v3.aes);
    EXPECT_FALSE(v3.avx512 || v3.avx512_bitalg || v3.evex_everywhere);
    const HostFeatures v2 = HostFeatures::of(kZen4).up_to(HostLevel::v2);
    EXPECT_TRUE(v2.gfni && v2.aes);
    EXPECT_FALSE(v2.v3 || v2.avx512);
    EXPECT_EQ(v2.encoding(), Encoding::legacy);
    EXPECT_EQ(HostFeatures::of(kHaswell).up_to(HostLevel::v4).level(), HostLevel::v3);
}

TEST(HostFeatures, Names) {
    EXPECT_EQ(host_level("v2"), HostLevel::v2);
    EXPECT_EQ(host_level("v3"), HostLevel::v3);
    EXPECT_EQ(host_level("v4"), HostLevel::v4);
    EXPECT_FALSE(host_level("v1") || host_level("avx2") || host_level(""));
}

TEST(HostFeatures, ThisHostIsAsTheCompilersRuntimeSeesIt) {
    const HostFeatures host = HostFeatures::detect();
    EXPECT_EQ(host.v3, __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                           __builtin_cpu_supports("bmi2") != 0);
    EXPECT_EQ(host.avx512, __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0);
    EXPECT_EQ(host.gfni, __builtin_cpu_supports("gfni") != 0);
    EXPECT_EQ(host.aes, __builtin_cpu_supports("aes") != 0);
}

}  // namespace
}  // namespace kelvin::x64
