// SPDX-License-Identifier: Apache-2.0
// Host code of a region as a person reads it: jumps by label, places in the state and the runtime, stubs and helpers by
// name, so that the same code gives the same text wherever it lies. For logs and tests only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "accel/translator/disassembler.h"
#include "emit/x64/backend.h"

namespace kelvin::translator {

class HostListing {
  public:
    struct Part {
        std::string text;           ///< a line an instruction, and one a label
        unsigned instructions = 0;  ///< without padding
    };
    /// The paths by which a region is left before it is linked are all alike, and not shown: jumps to them lead to
    /// "exit_0x10", the place in the page.
    struct Parts {
        Part hot;
        Part cold;
    };

    explicit HostListing(const x64::Backend& backend);

    /// `code` is where it can be read, `address` where it runs.
    Parts list(const ir::Region& region, const x64::CompiledRegion& compiled, const u8* code, const u8* address);

  private:
    using Instruction = Disassembler::Instruction;

    void decode(const ir::Region& region, const x64::CompiledRegion& compiled, const u8* code, u64 address);
    void name_places(const x64::CompiledRegion& compiled);
    void note_functions(const ir::Region& region);
    std::string text_of(std::size_t line) const;
    std::string operands(std::size_t line) const;
    std::string target_name(u64 address) const;
    std::string slot_in_rax(std::size_t line) const;
    std::string place_name(i64 displacement) const;

    const x64::Stubs& stubs_;
    const ir::GuestDesc& guest_;
    std::map<i64, std::string> state_names_;  ///< by offset: what the guest's description has not
    Disassembler disassembler_{Disassembler::Architecture::x64};

    // Of the region at hand.
    u64 start_ = 0, end_ = 0, cold_start_ = 0;
    std::vector<Instruction> lines_;
    std::set<u64> targets_;             ///< within the region
    std::set<u64> records_;             ///< places of fallback records, which are no code
    std::map<u64, std::string> names_;  ///< of targets
    std::map<u64, std::string> functions_;
};

}  // namespace kelvin::translator
