// SPDX-License-Identifier: Apache-2.0
// Accesses join groups (address_groups.h) as they are emitted, if a register is to be had for the addend.
#include "emit/x64/emitter.h"

namespace kelvin::x64 {

GroupUse Emitter::hold_addend(u32 index, unsigned size) {
    const GroupUse use = groups_.find(index, size, false);
    if (use.role == GroupUse::Role::follows) {
        gprs_.locked |= 1u << number(use.addend);
    }
    return use;
}

GroupUse Emitter::join_group(u32 index, unsigned size, bool write) {
    const GroupUse use = groups_.find(index, size, write);
    const AccessPlan& plan = groups_.plan_of(index);
    if (use.role == GroupUse::Role::follows || !plan.leads()) {
        return use;
    }
    for (const Gpr reg : AddressGroups::kRegisters) {
        const Value owner = gprs_.owner[number(reg)];
        const bool free = owner == ir::kNoValue || state_of(owner).uses == 0 || state_of(owner).home != kNothing ||
                          is_constant(owner);
        if ((gprs_.locked >> number(reg) & 1) == 0 && free && !groups_.holds(reg, index)) {
            evict(reg);
            return groups_.lead(index, reg);
        }
    }
    return use;
}

}  // namespace kelvin::x64
