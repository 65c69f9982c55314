// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ir/pass/pass.h"

namespace kelvin::pass {

namespace {

using ir::Op;
using ir::Opcode;

static_assert(ir::GuestDesc::kMaxSlots <= 128, "registers are bits of a u128");

enum class Role : u8 { none, get, set, leaves, call };

constexpr auto kRoles = [] {
    std::array<Role, ir::kOpInfo.size()> roles{};
    for (std::size_t i = 0; i < roles.size(); ++i) {
        roles[i] = (ir::kOpInfo[i].effects & ir::kMayFault) != 0 ? Role::leaves : Role::none;
    }
    roles[static_cast<std::size_t>(Opcode::get)] = Role::get;
    roles[static_cast<std::size_t>(Opcode::set)] = Role::set;
    roles[static_cast<std::size_t>(Opcode::call)] = Role::call;
    return roles;
}();

/// Backwards through a region, with the set of registers that are set again before anyone looks.
class Walk {
  public:
    Walk(ir::Region& region, Scratch& scratch) : region_(region), scratch_(scratch) {}

    void run() {
        const std::size_t count = region_.blocks.size();
        scratch_.dead.assign(count, 0);
        scratch_.loop_headers.assign(count, 0);
        scratch_.order.resize(count);
        for (u32 i = 0; i < count; ++i) {
            scratch_.order[i] = i;
        }
        const auto later = [&](u32 a, u32 b) { return region_.blocks[a].first > region_.blocks[b].first; };
        std::sort(scratch_.order.begin(), scratch_.order.end(), later);
        for (const u32 block : scratch_.order) {
            const u128 dead = walk(block);
            scratch_.dead[block] = scratch_.loop_headers[block] != 0 ? 0 : dead;
        }
    }

  private:
    u128 dead_after(u32 block) {
        const Op& last = region_.ops[region_.blocks[block].end - 1];
        switch (last.code) {
            case Opcode::jump:
                return dead_in(static_cast<u32>(last.imm), block);
            case Opcode::branch:
            case Opcode::branch_zero:
            case Opcode::branch_bit:
                return dead_in(static_cast<u32>(last.imm), block) & dead_in(ir::index(last.c), block);
            default:
                return 0;
        }
    }

    /// Registers that are dead where `target` begins, for a branch to it from `source`.
    u128 dead_in(u32 target, u32 source) {
        if (region_.blocks[target].first <= region_.blocks[source].first) {
            scratch_.loop_headers[target] = 1;
            return 0;
        }
        return scratch_.dead[target];
    }

    u128 walk(u32 block) {
        u128 dead = dead_after(block);
        for (u32 i = region_.blocks[block].end; i-- > region_.blocks[block].first;) {
            Op& op = region_.ops[i];
            switch (kRoles[static_cast<std::size_t>(op.code)]) {
                case Role::none:
                    break;
                case Role::get:
                    dead &= ~(u128{1} << op.imm);
                    break;
                case Role::set:
                    if ((dead >> op.imm & 1) != 0) {
                        op = {.code = Opcode::nop};
                    } else {
                        dead |= u128{1} << op.imm;
                    }
                    break;
                case Role::leaves:
                    dead = 0;
                    break;
                case Role::call:
                    dead = region_.calls[op.imm].helper->effects == ir::kHelperPure ? dead : 0;
                    break;
            }
        }
        return dead;
    }

    ir::Region& region_;
    Scratch& scratch_;
};

}  // namespace

void dead_state(ir::Region& region, Scratch& scratch) {
    Walk(region, scratch).run();
}

}  // namespace kelvin::pass
