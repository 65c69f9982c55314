// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>

#include "ir/pass/pass.h"

namespace kelvin::pass {

namespace {

using ir::Op;
using ir::Opcode;

static_assert(ir::GuestDesc::kMaxSlots <= 128, "registers are bits of a u128");

enum class Role : u8 {
    none,
    removable,  ///< without effects
    get,
    set,
    leaves,
    call,
};

constexpr Role role_of(const ir::OpInfo& op) {
    // What reads state and gives a value, does nothing else.
    const bool only_reads = op.effects == ir::kReadsState && op.result != ir::ResultKind::N;
    if (only_reads || ((op.effects & ir::kPure) != 0 && (op.effects & ir::kFp) == 0)) {
        return Role::removable;
    }
    return (op.effects & ir::kMayFault) != 0 ? Role::leaves : Role::none;
}

constexpr auto kRoles = [] {
    std::array<Role, ir::kOpInfo.size()> roles{};
    std::ranges::transform(ir::kOpInfo, roles.begin(), role_of);
    roles[static_cast<std::size_t>(Opcode::get)] = Role::get;
    roles[static_cast<std::size_t>(Opcode::set)] = Role::set;
    roles[static_cast<std::size_t>(Opcode::call)] = Role::call;
    return roles;
}();

/// Backwards through a region, with the set of registers that are set again before anyone looks, and the set of values
/// that are used.
class Walk {
  public:
    Walk(ir::Region& region, Scratch& scratch, Dead kinds) : region_(region), scratch_(scratch), kinds_(kinds) {}

    void run() {
        const std::size_t count = region_.blocks.size();
        ops_ = region_.ops;
        scratch_.used.assign(ops_.size(), 0);
        used_ = scratch_.used;
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
        const ir::Block range = region_.blocks[block];
        for (u32 i = range.end; i-- > range.first;) {
            Op& op = ops_[i];
            if (is_dead(op, dead, used_[i] != 0)) {
                op = {.code = Opcode::nop};
            } else {
                use_operands(op);
            }
        }
        return dead;
    }

    /// Also brings `dead` from behind the op to before it.
    bool is_dead(const Op& op, u128& dead, bool used) const {
        switch (kRoles[static_cast<std::size_t>(op.code)]) {
            case Role::none:
                return false;
            case Role::removable:
                return kinds_.code && !used;
            case Role::get: {
                const bool unused = kinds_.code && !used;
                dead &= unused ? dead : ~(u128{1} << op.imm);
                return unused;
            }
            case Role::set: {
                const u128 slot = u128{1} << op.imm;
                const bool unseen = kinds_.state && (dead & slot) != 0;
                dead |= slot;
                return unseen;
            }
            case Role::leaves:
                dead = 0;
                return false;
            case Role::call: {
                const bool pure = region_.calls[op.imm].helper->effects == ir::kHelperPure;
                dead = pure ? dead : 0;
                return pure && kinds_.code && !used;
            }
        }
        return false;
    }

    void use_operands(const Op& op) {
        if (op.code == Opcode::call) {
            const ir::Call& call = region_.calls[op.imm];
            for (unsigned k = 0; k < call.helper->argument_count; ++k) {
                used_[ir::index(call.arguments[k])] = 1;
            }
            return;
        }
        const ir::Value operands[] = {op.a, op.b, op.c};
        for (unsigned k = 0; k < ir::operand_count(op.code); ++k) {
            used_[ir::index(operands[k])] = 1;
        }
    }

    ir::Region& region_;
    Scratch& scratch_;
    std::span<Op> ops_;
    std::span<u8> used_;
    const Dead kinds_;
};

}  // namespace

void remove_dead(ir::Region& region, Scratch& scratch, Dead kinds) {
    Walk(region, scratch, kinds).run();
}

}  // namespace kelvin::pass
