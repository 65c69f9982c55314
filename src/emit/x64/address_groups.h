// SPDX-License-Identifier: Apache-2.0
// Groups of accesses off one base, within a block, that one check serves. The first of them, the leader, checks that
// the bytes of all are in the page that it finds, and leaves the addend in a register; to those that follow the
// register is enough. It is zero if there is no such addend: they are not all in one page, or C++ has run since, which
// may have changed what is mapped. Then each looks for itself, off the fast path.
//
// The register is lent: who needs it for a value takes it, and what would have followed checks again.
#pragma once

#include <array>
#include <vector>

#include "emit/x64/registers.h"
#include "ir/region.h"

namespace kelvin::x64 {

/// A load or store that is neither exclusive nor atomic.
constexpr bool is_access(ir::Opcode code) {
    return code == ir::Opcode::load || code == ir::Opcode::vload || code == ir::Opcode::store ||
           code == ir::Opcode::vstore;
}

/// Of an access, and of those in its block that could follow it.
struct AccessPlan {
    ir::Value root = ir::kNoValue;  ///< the base, before constants were added to it; none: the access is on its own
    i32 place = 0;                  ///< of the access, from there
    i32 low = 0;                    ///< bounds of it and of those that could follow
    i32 high = 0;
    u32 own_end = 0;  ///< the access's last op, and that of the last one that could follow
    u32 end = 0;
    bool write = false;  ///< there are stores among them

    bool leads() const { return end > own_end; }
};

/// What an access is to its group.
struct GroupUse {
    enum class Role : u8 { none, leads, follows };
    Role role = Role::none;
    bool write = false;  ///< pages must be writable, as there are stores in the group
    Gpr addend{};        ///< where it is kept
    i32 low = 0;         ///< of a leader: where the group begins, from the access,
    u32 length = 0;      ///< and how many bytes it has
};

class AddressGroups {
  public:
    /// Which the emitter hands out late, and fixed uses seldom take.
    static constexpr auto kRegisters = std::to_array<Gpr>({Gpr::rcx, Gpr::r11});

    void begin_region(const ir::Region& region) {
        number_.assign(region.ops.size(), 0);
        plans_.resize(1);
    }
    void begin_block() {
        forget_all();
        known_.fill(AccessPlan{});
    }
    /// Behind such an op nothing follows what came before it: C++ may have changed what is mapped.
    static bool ends_groups(const ir::Op& op) { return (ir::effects(op.code) & (ir::kCall | ir::kBarrier)) != 0; }
    /// For the ops of a block that are accesses or end groups, last to first. `pair`: the next op accesses what lies
    /// behind, in the same check.
    void plan(const ir::Region& region, u32 index, bool pair);
    const AccessPlan& plan_of(u32 index) const { return plans_[number_[index]]; }

    /// If the access of `size` bytes at `index` is one of a group whose addend is there: it follows.
    GroupUse find(u32 index, unsigned size, bool write) const;
    /// It leads a group from now on.
    GroupUse lead(u32 index, Gpr addend);
    /// `reg` holds an addend that is wanted at `index` or behind.
    bool holds(Gpr reg, u32 index) const { return has(reg) && live_[place_of(reg)].end >= index; }
    void forget(Gpr reg) { registers_ &= ~(1u << number(reg)); }
    void forget_all() { registers_ = 0; }
    /// Those with addends, a bit each.
    u32 registers() const { return registers_; }

  private:
    static std::size_t place_of(Gpr reg) { return reg == kRegisters[0] ? 0 : 1; }
    bool has(Gpr reg) const { return (registers_ >> number(reg) & 1) != 0; }

    std::vector<u32> number_;                         ///< by op
    std::vector<AccessPlan> plans_{1};                ///< [0] is that of what is on its own
    std::array<AccessPlan, 4> known_;                 ///< while planning: the first access, so far, off some roots
    unsigned next_ = 0;                               ///< of them to be replaced
    std::array<AccessPlan, kRegisters.size()> live_;  ///< whose addend is in each register of registers_
    u32 registers_ = 0;
};

}  // namespace kelvin::x64
