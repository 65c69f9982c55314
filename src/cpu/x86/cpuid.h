// SPDX-License-Identifier: Apache-2.0
// What CPUID says (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::x86 {

enum class CpuidRegister : u8 { eax, ebx, ecx, edx };

struct CpuidLeaf {
    u32 function = 0;
    std::optional<u32> index;  ///< ECX, where the leaf looks at it
    std::array<u32, 4> registers{};

    u32& operator[](CpuidRegister which) { return registers[static_cast<unsigned>(which)]; }
    u32 operator[](CpuidRegister which) const { return registers[static_cast<unsigned>(which)]; }
    bool operator==(const CpuidLeaf&) const = default;
};

class Cpuid {
  public:
    Cpuid() = default;
    explicit Cpuid(std::vector<CpuidLeaf> leaves) : leaves_(std::move(leaves)) {}

    const std::vector<CpuidLeaf>& leaves() const { return leaves_; }
    /// Null if there is none. `index` counts where the leaf looks at it.
    CpuidLeaf* find(u32 function, u32 index = 0);
    const CpuidLeaf* find(u32 function, u32 index = 0) const { return const_cast<Cpuid*>(this)->find(function, index); }
    void remove(u32 function) {
        std::erase_if(leaves_, [=](const CpuidLeaf& leaf) { return leaf.function == function; });
    }
    void add(const CpuidLeaf& leaf) { leaves_.push_back(leaf); }

  private:
    std::vector<CpuidLeaf> leaves_;
};

/// One bit of one leaf that says that the processor has something.
struct Feature {
    std::string_view name;  ///< QEMU's
    u32 function;
    u32 index;
    CpuidRegister where;
    u8 bit;
};

/// Null if there is none of that name.
const Feature* find_feature(std::string_view name);
std::vector<std::string_view> feature_names();

bool has_feature(const Cpuid& cpuid, const Feature& feature);
void set_feature(Cpuid& cpuid, const Feature& feature, bool on);

/// What is different in each of `count` processors of one socket: their numbers, and how many there are.
void place_processor(Cpuid& cpuid, u32 number, u32 count);

}  // namespace kelvin::x86
