// SPDX-License-Identifier: Apache-2.0
// Accesses that one check serves: random ones off two bases, in a page, across two and where C++ changes what is
// mapped, against the interpreter.
#include "emit/x64/address_groups.h"

#include "emit/x64/memory_rig.h"

namespace kelvin::x64::testing {

namespace {

/// Notes what comes to it. From `bad` on nothing can be accessed.
class NotedMemory : public Memory {
  public:
    std::vector<u64> seen;
    u64 bad = ~u64{0};
    Machine* forgets = nullptr;  ///< no page is known there any more after each access

    bool load(u64 address, MemInfo info, V128& value) override {
        return note(address, info) && Memory::load(address, info, value);
    }
    bool store(u64 address, MemInfo info, const V128& value) override {
        return note(address, info) && Memory::store(address, info, value);
    }

  private:
    bool note(u64 address, MemInfo info) {
        seen.push_back(address);
        if (forgets != nullptr) {
            forgets->forget_slots();
            std::ranges::fill(forgets->tlb, TlbEntry{kInvalidTag, 0});
        }
        return address + (u64{1} << info.size_log2) <= bad;
    }
};

struct Setting {
    u64 first_base;
    u64 second_base;
    bool slots = true;
    bool tlb = true;
    bool writable = true;
    bool scattered = false;
    u64 bad = ~u64{0};
    bool forgets = false;
};

class Accesses {
  public:
    explicit Accesses(u32 seed, bool scattered) : random_(seed), scattered_(scattered) {
        region_.guest = &kRigGuest;
        bases_ = {get(kRigX), get(kRigX + 3)};
        const unsigned count = 2 + pick(8);
        for (unsigned i = 0; i < count; i++) {
            push({.code = IrOp::insn_start, .imm = 4 * i});
            access();
        }
        push({.code = IrOp::exit_state});
        region_.blocks.push_back({0, static_cast<u32>(region_.ops.size())});
    }

    void check(Code& code, const Setting& setting) {
        code.compile(region_);
        RigState before;
        before.x[0] = setting.first_base;
        before.x[1] = random_();
        before.x[2] = random_();
        before.x[3] = setting.second_base;
        NotedMemory expected;
        expected.bad = setting.bad;
        for (unsigned i = 0; i < expected.bytes.size(); i++) {
            expected.bytes[i] = static_cast<u8>(i * 7 + i / 256);
        }
        NotedMemory touched = expected;
        auto machine = std::make_unique<Machine>();
        machine->state = before;
        machine->memory = &touched;
        touched.forgets = setting.forgets ? machine.get() : nullptr;
        prepare(*machine, setting);
        code.run(*machine);

        RigState after = before;
        ir::Interpreter interpreter(&after, &after, expected);
        const ir::RegionExit exit = interpreter.run(
            region_, kCode, +[](void*) { return false; });
        ASSERT_TRUE(Rig::is_same(after, machine->state)) << Rig::describe(region_, before, after, machine->state);
        ASSERT_EQ(touched.bytes, expected.bytes) << ir::print(region_);
        if (exit.kind == ir::RegionExit::Kind::fault) {
            ASSERT_EQ(machine->state.pc, after.pc) << ir::print(region_);
            ASSERT_EQ(touched.seen.back(), expected.seen.back()) << ir::print(region_);
        }
        calls = touched.seen.size();
        if (setting.forgets) {
            // Once C++ has run all the rest comes to it.
            ASSERT_LE(calls, expected.seen.size());
            expected.seen.erase(expected.seen.begin(), expected.seen.end() - static_cast<std::ptrdiff_t>(calls));
            ASSERT_EQ(touched.seen, expected.seen) << ir::print(region_);
        }
    }

    std::size_t calls = 0;  ///< that the last check has made

  private:
    unsigned pick(unsigned end) { return static_cast<unsigned>(random_() % end); }
    Value push(const ir::Op& op) {
        region_.ops.push_back(op);
        return Value{static_cast<u32>(region_.ops.size() - 1)};
    }
    Value get(u32 slot) { return push({.code = IrOp::get, .type = kRigSlots[slot].type, .imm = slot}); }
    void set(u32 slot, Value value) {
        push({.code = IrOp::set, .type = kRigSlots[slot].type, .a = value, .imm = slot});
    }

    static void prepare(Machine& machine, const Setting& setting) {
        if (setting.slots) {
            machine.fill_slots();
        }
        if (setting.tlb) {
            machine.fill_tlb();
        }
        if (!setting.writable) {
            machine.runtime.tlb_write->tag = kInvalidTag;
            for (PageSlot& slot : machine.runtime.slots) {
                slot.write_tag = kInvalidTag;
            }
        }
    }

    /// One or two accesses side by side, off a base or a constant behind it, which the base may become.
    void access() {
        const unsigned which = pick(4) == 0 ? 1 : 0;
        Value address = bases_[which];
        i32 offset = static_cast<i32>(pick(96));
        if (pick(3) == 0) {
            const Value constant = push({.code = IrOp::constant, .type = Type::i64, .imm = pick(64)});
            address =
                push({.code = pick(2) == 0 ? IrOp::add : IrOp::sub, .type = Type::i64, .a = address, .b = constant});
        }
        MemInfo memory;
        memory.scattered = scattered_;
        memory.base = static_cast<u8>(which == 0 ? kRigX : kRigX + 3);
        const bool vector = pick(4) == 0;
        memory.size_log2 = static_cast<u8>(pick(vector ? 5 : 4));
        const bool store = pick(2) == 0;
        const unsigned count = 1 + pick(2);
        std::array<Value, 2> values{};
        for (unsigned i = 0; i < count && store; i++) {
            values[i] = get(vector ? pick(kRigVectors) : kRigX + pick(4));
        }
        for (unsigned i = 0; i < count; i++) {
            const u64 imm = ir::pack_memory(memory, offset);
            offset += 1 << memory.size_log2;
            if (store) {
                push({.code = vector ? IrOp::vstore : IrOp::store,
                      .type = vector ? Type::v128 : Type::i64,
                      .a = address,
                      .b = values[i],
                      .imm = imm});
            } else {
                values[i] = push({.code = vector ? IrOp::vload : IrOp::load,
                                  .type = vector ? Type::v128 : Type::i64,
                                  .a = address,
                                  .imm = imm});
            }
        }
        for (unsigned i = 0; i < count && !store; i++) {
            set(vector ? pick(kRigVectors) : kRigX + 1 + pick(2), values[i]);
        }
        if (address != bases_[which] && pick(2) == 0) {
            set(memory.base, address);
        }
    }

    ir::Region region_;
    std::array<Value, 2> bases_{};
    std::mt19937_64 random_;
    bool scattered_;
};

constexpr u64 kMiddle = kData + 2048;
constexpr u64 kEnd = kData + 4096;

class Groups : public ::testing::Test {
  protected:
    /// All cases; how many calls of C++ they have made.
    std::size_t run(const Setting& setting, unsigned cases = 400) {
        std::size_t calls = 0;
        for (u32 seed = 0; seed < cases && !HasFatalFailure(); seed++) {
            Accesses accesses(seed, setting.scattered);
            accesses.check(code_, setting);
            calls += accesses.calls;
        }
        return calls;
    }

    Code code_;
};

TEST_F(Groups, WithinAPageNeedNoCall) {
    EXPECT_EQ(run({.first_base = kMiddle, .second_base = kMiddle + 500}), 0u);
    EXPECT_EQ(run({.first_base = kMiddle, .second_base = kMiddle + 500, .slots = false}), 0u);
    EXPECT_EQ(run({.first_base = kMiddle, .second_base = kMiddle + 500, .scattered = true}), 0u);
}

TEST_F(Groups, AcrossPagesCallForWhatTheTlbHasNot) {
    for (u64 base = kEnd - 160; base < kEnd + 64; base += 8) {
        for (const bool scattered : {false, true}) {
            run({.first_base = base, .second_base = kMiddle, .scattered = scattered}, 40);
            run({.first_base = kMiddle, .second_base = base, .slots = false, .scattered = scattered}, 40);
        }
    }
}

TEST_F(Groups, InAPageThatIsNotWritableStoresCall) {
    EXPECT_NE(run({.first_base = kMiddle, .second_base = kMiddle, .writable = false}), 0u);
}

TEST_F(Groups, FaultWhereTheyAre) {
    for (u64 base = kEnd - 128; base < kEnd + 64; base += 4) {
        run({.first_base = base, .second_base = kEnd - 90, .bad = kEnd + 24}, 40);
    }
}

TEST_F(Groups, DoNotOutliveACall) {
    for (u64 base = kEnd - 160; base < kEnd + 64; base += 8) {
        run({.first_base = kMiddle, .second_base = base, .forgets = true}, 40);
        run({.first_base = base, .second_base = kMiddle, .forgets = true}, 40);
    }
}

TEST(AddressGroups, AreOfAccessesOffOneRootThatLieTogether) {
    ir::Region region;
    region.guest = &kRigGuest;
    const auto push = [&](const ir::Op& op) {
        region.ops.push_back(op);
        return Value{static_cast<u32>(region.ops.size() - 1)};
    };
    const auto load = [&](Value base, i32 offset) {
        push({.code = IrOp::load, .type = Type::i64, .a = base, .imm = ir::pack_memory({}, offset)});
        return static_cast<u32>(region.ops.size() - 1);
    };
    const Value base = push({.code = IrOp::get, .type = Type::i64, .imm = kRigX});
    const Value eight = push({.code = IrOp::constant, .type = Type::i64, .imm = 8});
    const Value behind = push({.code = IrOp::add, .type = Type::i64, .a = base, .b = eight});
    const u32 first = load(base, 16);
    const u32 second = load(behind, -8);
    const u32 far = load(base, 400);
    push({.code = IrOp::fence});
    const u32 last = load(base, 408);
    AddressGroups groups;
    groups.begin_region(region);
    groups.begin_block();
    for (u32 i = static_cast<u32>(region.ops.size()); i-- > 0;) {
        groups.plan(region, i, false);
    }
    EXPECT_FALSE(groups.plan_of(far).leads());
    EXPECT_FALSE(groups.plan_of(last).leads());
    EXPECT_FALSE(groups.plan_of(second).leads());
    ASSERT_TRUE(groups.plan_of(first).leads());
    const GroupUse use = groups.lead(first, Gpr::r11);
    EXPECT_EQ(use.low, -16);
    EXPECT_EQ(use.length, 24u);
    EXPECT_EQ(groups.find(second, 8, false).role, GroupUse::Role::follows);
    EXPECT_EQ(groups.find(second, 8, true).role, GroupUse::Role::none);
    EXPECT_EQ(groups.find(far, 8, false).role, GroupUse::Role::none);
    EXPECT_TRUE(groups.holds(Gpr::r11, second));
    EXPECT_FALSE(groups.holds(Gpr::r11, second + 1));
    groups.forget(Gpr::r11);
    EXPECT_EQ(groups.find(second, 8, false).role, GroupUse::Role::none);
}

}  // namespace

}  // namespace kelvin::x64::testing
