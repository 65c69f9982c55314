// SPDX-License-Identifier: Apache-2.0
// A region: the unit of translation. One entry, a list of blocks of ops, values named by the index of the op that makes
// them.
#pragma once

#include <array>
#include <vector>

#include "base/assert.h"
#include "ir/guest_desc.h"
#include "ir/helper.h"
#include "ir/op.h"

namespace kelvin::ir {

/// A contiguous run of ops, the last of which is the terminator. Values do not cross blocks: what must survive is in
/// the state.
struct Block {
    u32 first = 0;
    u32 end = 0;
};

struct Call {
    const Helper* helper = nullptr;
    std::array<Value, kMaxCallArguments> arguments{};
};

/// Reused from one translation to the next, so that translating allocates nothing once warm. Block 0 is the entry.
struct Region {
    const GuestDesc* guest = nullptr;
    FpMode fp;
    u32 branch_type = 0;  ///< how it was branched to: what GuestDesc::branch_type_offset is to have if nothing was done
    std::vector<Op> ops;
    std::vector<Block> blocks;
    std::vector<Call> calls;

    void clear() {
        ops.clear();
        blocks.clear();
        calls.clear();
    }
    const Op& op(Value value) const { return ops[index(value)]; }
    bool is_constant(Value value) const { return value != kNoValue && op(value).code == Opcode::constant; }
    /// The value of a constant op.
    u64 constant(Value value) const {
        KELVIN_ASSERT(is_constant(value));
        return op(value).imm;
    }
};

/// The type of the value that `op` makes; Type::none if it makes none.
Type result_type(const Region& region, const Op& op);

}  // namespace kelvin::ir
