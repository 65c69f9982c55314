// SPDX-License-Identifier: Apache-2.0
// What CPUID says (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
#pragma once

#include <array>
#include <optional>
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
    /// Until the next is added. `index` counts where the leaf looks at it.
    CpuidLeaf& add(u32 function, u32 index = 0, const std::array<u32, 4>& registers = {});

  private:
    std::vector<CpuidLeaf> leaves_;
};

/// Where a processor is. Its number is its local APIC's, in which threads, cores and sockets have fields of whole bits.
struct Placement {
    u32 number = 0;
    u32 cores = 1;    ///< of a socket
    u32 threads = 1;  ///< of a core

    u32 of_socket() const { return cores * threads; }
    u32 thread_width() const;
    u32 socket_width() const;  ///< of a processor's number within its socket
};

/// What is different in each processor, and how many there are.
void place_processor(Cpuid& cpuid, const Placement& place);

}  // namespace kelvin::x86
