// SPDX-License-Identifier: Apache-2.0
// What a processor has or has not, by name.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/x86/cpuid.h"

namespace kelvin::x86 {

/// A model-specific register that only says what the processor is like, as CPUID does.
struct FeatureRegister {
    u32 index = 0;
    u64 value = 0;
};
constexpr u32 kCoreCapabilities = 0xcf;   // SDM volume 4: IA32_CORE_CAPABILITIES
constexpr u32 kArchCapabilities = 0x10a;  // IA32_ARCH_CAPABILITIES

/// All that a guest can ask a processor about itself.
struct Processor {
    Cpuid cpuid;
    std::vector<FeatureRegister> registers;
};

/// One bit that says that the processor has something.
struct Feature {
    std::string_view name;  ///< QEMU's
    u32 function;           ///< of CPUID, and its index
    u32 index;
    CpuidRegister where;
    u32 msr;  ///< not 0: it is there instead
    u8 bit;
};

/// In order of leaves.
const std::vector<Feature>& features();
/// Null if there is none of that name.
const Feature* find_feature(std::string_view name);
std::vector<std::string_view> feature_names();

bool has_feature(const Processor& processor, const Feature& feature);
/// Makes leaf or register if need be.
void set_feature(Processor& processor, const Feature& feature, bool on);

}  // namespace kelvin::x86
