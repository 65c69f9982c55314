// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/stubs.h"

#include <algorithm>

#include "emit/x64/memory_rig.h"

namespace kelvin::x64::testing {

namespace {

/// Accesses the first byte of the data once, off a base whose slot knows nothing. Returns the slot then.
PageSlot slot_after(IrOp access, void (*prepare)(Machine&)) {
    ir::Region region;
    region.guest = &kRigGuest;
    region.ops.push_back({.code = IrOp::insn_start, .imm = 0});
    region.ops.push_back({.code = IrOp::get, .type = Type::i64, .imm = kRigX});
    MemInfo memory;
    memory.base = kRigX;
    region.ops.push_back({.code = access,
                          .type = Type::i64,
                          .a = Value{1},
                          .b = access == IrOp::store ? Value{1} : ir::kNoValue,
                          .imm = ir::pack_memory(memory, 0)});
    if (access == IrOp::load) {
        region.ops.push_back({.code = IrOp::set, .type = Type::i64, .a = Value{2}, .imm = kRigX + 1});
    }
    region.ops.push_back({.code = IrOp::exit_state});
    region.blocks.push_back({0, static_cast<u32>(region.ops.size())});

    Memory data;
    auto machine = std::make_unique<Machine>();
    machine->memory = &data;
    machine->state.x[0] = kData;
    machine->fill_tlb();
    prepare(*machine);
    Code code;
    code.compile(region);
    code.run(*machine);
    const auto& slots = machine->runtime.slots;
    const auto* const known = std::ranges::find_if(
        slots, [](const PageSlot& slot) { return slot.read_tag == kData || slot.write_tag == kData; });
    EXPECT_NE(known, std::end(slots));
    EXPECT_EQ(machine->calls, 0u);
    return *known;
}

TEST(Stubs, AMissMakesTheSlotServeBothDirections) {
    for (const IrOp access : {IrOp::load, IrOp::store}) {
        const PageSlot slot = slot_after(
            access, +[](Machine&) {});
        EXPECT_EQ(slot.read_tag, kData);
        EXPECT_EQ(slot.write_tag, kData);
    }
}

TEST(Stubs, AMissOfAReadGivesNoRightToWrite) {
    PageSlot slot = slot_after(
        IrOp::load, +[](Machine& machine) { machine.runtime.tlb_write->tag = kInvalidTag; });
    EXPECT_EQ(slot.read_tag, kData);
    EXPECT_EQ(slot.write_tag, kInvalidTag);
    slot = slot_after(
        IrOp::load, +[](Machine& machine) { machine.runtime.tlb_write->addend += 4096; });
    EXPECT_EQ(slot.write_tag, kInvalidTag);
}

}  // namespace

}  // namespace kelvin::x64::testing
