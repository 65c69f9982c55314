// SPDX-License-Identifier: Apache-2.0
// Exclusive and atomic accesses, on the fast path and on each of the slow ones, against the interpreter; and from two
// threads at once.
#include <barrier>
#include <thread>

#include "emit/x64/memory_rig.h"

namespace kelvin::x64::testing {

namespace {

constexpr u32 kPosition = 0x48;

enum class Path {
    hit,        ///< the page slot serves the page
    refill,     ///< the TLB does
    call,       ///< only C++ does
    misaligned  ///< the slot serves the page, but not this address
};

struct Form {
    IrOp code;
    u8 aux = 0;
    u8 size_log2 = 3;
    bool aligned = true;
};

/// One op on random operands in random places, with values of all kinds alive around it.
class Case {
  public:
    Case(Form form, Path path, u32 seed) : form_(form), path_(path), random_(seed) {
        memory_.size_log2 = form.size_log2;
        memory_.aligned = form.aligned;
        memory_.unprivileged = pick(4) == 0;
        memory_.base = pick(2) == 0 ? MemInfo::kNoBase : static_cast<u8>(kRigX + pick(4));
        address_ = kData + (pick(16) == 0 ? 4096 - size() : pick(4096 / size()) * size());
        if (path == Path::misaligned) {
            address_ = kData + 64 + 1 + pick(size() - 1);
        }
        make_region();
        make_state();
    }

    void check(Code& code) {
        code.compile(region_);
        auto machine = std::make_unique<Machine>();
        auto touched = std::make_unique<Memory>(content_);
        machine->state = before_;
        machine->memory = touched.get();
        machine->runtime.exclusive_address = content_.monitor;
        machine->runtime.exclusive_value = content_.monitored;
        if (path_ == Path::hit || path_ == Path::misaligned) {
            machine->fill_slots();
        } else if (path_ == Path::refill) {
            machine->fill_tlb();
        }
        code.run(*machine);

        auto expected = std::make_unique<Memory>(content_);
        RigState after = before_;
        ir::Interpreter interpreter(&after, &after, *expected);
        const ir::RegionExit exit = interpreter.run(
            region_, kCode, +[](void*) { return false; });
        ASSERT_TRUE(Rig::is_same(after, machine->state)) << Rig::describe(region_, before_, after, machine->state);
        ASSERT_EQ(touched->bytes, expected->bytes) << ir::print(region_);
        ASSERT_EQ(machine->runtime.exclusive_address, expected->monitor) << ir::print(region_);
        ASSERT_EQ(std::memcmp(&machine->runtime.exclusive_value, &expected->monitored, size()), 0);
        if (exit.kind == ir::RegionExit::Kind::fault) {
            ASSERT_EQ(machine->state.pc, kCode + kPosition);
        }
        const bool accesses = form_.code != IrOp::fence && form_.code != IrOp::clear_exclusive;
        const bool by_call = path_ == Path::call || (path_ == Path::misaligned && form_.aligned);
        ASSERT_EQ(machine->calls, accesses && by_call ? 1u : 0u) << ir::print(region_);
    }

  private:
    unsigned pick(unsigned end) { return static_cast<unsigned>(random_() % end); }
    unsigned size() const { return 1u << form_.size_log2; }

    Value push(const ir::Op& op) {
        region_.ops.push_back(op);
        return Value{static_cast<u32>(region_.ops.size() - 1)};
    }
    Value get(u32 slot) { return push({.code = IrOp::get, .type = kRigSlots[slot].type, .imm = slot}); }
    void set(u32 slot, Value value) {
        push({.code = IrOp::set, .type = kRigSlots[slot].type, .a = value, .imm = slot});
    }

    /// The content of a general register plus `distance`, in that register or in one of its own.
    Value integer(u32 slot, u64& distance) {
        const Value value = get(slot);
        distance = pick(2) == 0 ? 0 : 1 + pick(100);
        if (distance == 0) {
            return value;
        }
        const Value constant = push({.code = IrOp::constant, .type = Type::i64, .imm = distance});
        const Value sum = push({.code = IrOp::add, .type = Type::i64, .a = value, .b = constant});
        wanted_.push_back(sum);
        return sum;
    }
    Value operand(char kind, unsigned i) {
        if (kind == 'V') {
            const Value value = get(vectors_[i]);
            return pick(2) == 0 ? value : push({.code = IrOp::vor, .type = Type::v128, .a = value, .b = value});
        }
        if (pick(8) == 0) {
            return push({.code = IrOp::constant, .type = Type::i64, .imm = random_() >> pick(64)});
        }
        return integer(kRigX + registers_[i], distances_[i]);
    }

    Type result_type(ir::ResultKind kind) {
        if (kind == ir::ResultKind::V) {
            return Type::v128;
        }
        if (kind == ir::ResultKind::N) {
            return form_.code == IrOp::store ? Type::i64 : Type::none;
        }
        const bool status = form_.code == IrOp::store_exclusive || form_.code == IrOp::vstore_exclusive;
        return status || (form_.size_log2 < 3 && pick(2) != 0) ? Type::i32 : Type::i64;
    }

    void make_region() {
        const ir::OpInfo& info = ir::info(form_.code);
        region_.guest = &kRigGuest;
        registers_ = {static_cast<u8>(pick(4)), static_cast<u8>(pick(4)), static_cast<u8>(pick(4))};
        vectors_ = {0, static_cast<u8>(pick(8)), static_cast<u8>(pick(8))};
        push({.code = IrOp::insn_start, .imm = kPosition});
        std::vector<Value> locals;
        for (unsigned i = pick(4); i-- > 0;) {
            locals.push_back(push({.code = IrOp::add, .type = Type::i64, .a = get(kRigX + 2), .b = get(kRigX + 3)}));
        }
        Value vectors[4];
        const unsigned vector_count = pick(5);
        for (unsigned i = 0; i < vector_count; i++) {
            vectors[i] = push({.code = IrOp::vdup_gpr,
                               .type = Type::v128,
                               .aux = static_cast<u8>(pick(4)),
                               .a = get(kRigX + pick(4))});
        }
        std::array<Value, 3> operands{ir::kNoValue, ir::kNoValue, ir::kNoValue};
        for (unsigned i = 0; i < info.arguments.size(); i++) {
            operands[i] = i == 0 ? integer(kRigX + registers_[0], distances_[0]) : operand(info.arguments[i], i);
        }
        const Value flags =
            push({.code = IrOp::sub_flags, .type = Type::i64, .a = get(kRigX + 2), .b = get(kRigX + 3)});
        ir::Op op{.code = form_.code, .aux = form_.aux, .a = operands[0], .b = operands[1], .c = operands[2]};
        if (!info.arguments.empty()) {
            offset_ = pick(4) == 0 ? 8 : 0;
            op.imm = ir::pack_memory(memory_, offset_);
        }
        op.type = result_type(info.result);
        const Value result = push(op);
        if (info.result != ir::ResultKind::N && pick(3) != 0) {
            set(info.result == ir::ResultKind::V ? pick(8) : kRigX + pick(4), result);
        }
        set(kRigFlags, flags);
        for (const Value value : locals) {
            set(kRigX + 3, value);
        }
        for (const Value value : wanted_) {
            if (pick(2) == 0) {
                set(kRigX + pick(4), value);
            }
        }
        for (unsigned i = 0; i < vector_count; i++) {
            set(9 - i, vectors[i]);
        }
        push({IrOp::exit_state});
        region_.blocks.push_back({0, static_cast<u32>(region_.ops.size())});
    }

    void make_state() {
        for (std::size_t i = 0; i < content_.bytes.size(); i += 8) {
            const u64 number = random_();
            std::memcpy(&content_.bytes[i], &number, 8);
        }
        for (V128& vector : before_.v) {
            vector = v128(random_(), random_());
        }
        for (u64& x : before_.x) {
            x = random_() >> pick(64);
        }
        V128 there{};
        std::memcpy(&there, &content_.bytes[address_ - kData], size());
        // Often what is there is what is expected, or equal to the operand.
        if (pick(2) == 0) {
            before_.v[vectors_[1]] = v128(there.d[0], pick(4) == 0 ? 0 : there.d[1]);
            before_.x[registers_[1]] = there.d[0] - distances_[1];
        }
        before_.x[registers_[0]] = address_ - distances_[0] - static_cast<u64>(i64{offset_});
        content_.monitor = pick(4) == 0 ? ~u64{0} : pick(4) == 0 ? address_ + size() : address_;
        content_.monitored = pick(4) == 0 ? v128(there.d[0], ~there.d[1]) : there;
    }

    Form form_;
    Path path_;
    MemInfo memory_;
    std::mt19937_64 random_;
    u64 address_ = 0;
    i32 offset_ = 0;
    ir::Region region_;
    RigState before_;
    Memory content_;
    std::array<u8, 3> registers_{};
    std::array<u8, 3> vectors_{};
    std::array<u64, 3> distances_{};
    std::vector<Value> wanted_;
};

void check(Code& code, Form form) {
    for (const Path path : {Path::hit, Path::refill, Path::call, Path::misaligned}) {
        if (path == Path::misaligned && form.size_log2 == 0) {
            continue;
        }
        for (u32 seed = 0; seed < 100; seed++) {
            Case(form, path, seed).check(code);
            ASSERT_FALSE(::testing::Test::HasFailure()) << "path " << static_cast<int>(path) << " seed " << seed;
        }
    }
}

TEST(LowerAtomic, ReadModifyWriteIsAsInterpreted) {
    Code code;
    for (const bool aligned : {true, false}) {
        for (u8 size = 0; size < 4; size++) {
            for (u8 kind = 0; kind <= static_cast<u8>(AtomicKind::swap); kind++) {
                check(code, {IrOp::atomic_rmw, kind, size, aligned});
            }
        }
    }
}

TEST(LowerAtomic, CompareAndSwapIsAsInterpreted) {
    Code code;
    for (u8 size = 0; size < 4; size++) {
        check(code, {IrOp::atomic_cas, 0, size});
        check(code, {IrOp::atomic_cas, 0, size, false});
    }
    check(code, {IrOp::vatomic_cas, 0, 3});
    check(code, {IrOp::vatomic_cas, 0, 4});
}

TEST(LowerAtomic, ExclusivesAreAsInterpreted) {
    Code code;
    for (u8 size = 0; size < 4; size++) {
        check(code, {IrOp::load_exclusive, 0, size});
        check(code, {IrOp::store_exclusive, 0, size});
    }
    for (u8 size = 3; size < 5; size++) {
        check(code, {IrOp::vload_exclusive, 0, size});
        check(code, {IrOp::vstore_exclusive, 0, size});
    }
    check(code, {IrOp::clear_exclusive});
}

TEST(LowerAtomic, PlainAccessesAreAsInterpreted) {
    Code code;
    for (u8 size = 0; size < 4; size++) {
        check(code, {IrOp::load, 0, size});
        check(code, {IrOp::store, 0, size, false});
    }
    for (u8 size = 0; size < 5; size++) {
        check(code, {IrOp::vload, 0, size});
        check(code, {IrOp::vstore, 0, size, false});
    }
}

TEST(LowerAtomic, FencesChangeNothing) {
    Code code;
    for (u8 kind = 0; kind <= static_cast<u8>(ir::FenceKind::full); kind++) {
        check(code, {IrOp::fence, kind});
    }
}

constexpr unsigned kRounds = 100'000;

/// Two threads run `text` on the memory that x0 points to until x3 has been 0 kRounds times.
void race(Memory& memory, std::string_view text, void (*look)(const RigState&, u64 thread)) {
    auto region = ir::parse(text, kRigGuest);
    ASSERT_TRUE(region) << region.error().message();
    Code code;
    code.compile(*region);
    std::barrier start(2);
    const auto run = [&](u64 thread) {
        auto machine = std::make_unique<Machine>();
        machine->memory = &memory;
        machine->fill_slots();
        machine->state.x[0] = kData;
        machine->state.x[1] = u64{1} << thread;
        start.arrive_and_wait();
        for (unsigned done = 0; done < kRounds;) {
            code.run(*machine);
            done += machine->state.x[3] == 0;
            look(machine->state, thread);
        }
    };
    std::thread other(run, 1);
    run(0);
    other.join();
}

std::string with_size(std::string text, unsigned size) {
    for (std::size_t at = text.find("SIZE"); at != std::string::npos; at = text.find("SIZE")) {
        text.replace(at, 4, std::to_string(size));
    }
    return text;
}

constexpr auto kNothing = +[](const RigState&, u64) {};

TEST(LowerAtomic, AddsOfTwoThreadsAllCount) {
    for (unsigned size = 1; size <= 8; size *= 2) {
        auto memory = std::make_unique<Memory>();
        race(*memory,
             with_size("b0:\n"
                       "  v0 = get x0\n"
                       "  v1 = get x1\n"
                       "  v2 = atomic_rmw.i64.add [v0], v1 {size SIZE, aligned}\n"
                       "  set x2, v2\n"
                       "  exit_state\n",
                       size),
             kNothing);
        u64 sum = 0;
        std::memcpy(&sum, memory->bytes.data(), 8);
        EXPECT_EQ(sum, size == 8 ? 3 * kRounds : 3 * kRounds & ((u64{1} << 8 * size) - 1));
    }
}

TEST(LowerAtomic, BitsOfOneThreadAreLeftAloneByTheOther) {
    auto memory = std::make_unique<Memory>();
    race(
        *memory,
        "b0:\n"
        "  v0 = get x0\n"
        "  v1 = get x1\n"
        "  v2 = atomic_rmw.i64.set [v0], v1 {size 8, aligned}\n"
        "  v3 = atomic_rmw.i64.clear [v0], v1 {size 8, aligned}\n"
        "  v4 = atomic_rmw.i64.exclusive_or [v0], v1 {size 8, aligned}\n"
        "  v5 = atomic_rmw.i64.clear [v0], v1 {size 8, aligned}\n"
        "  set x2, v2\n"
        "  exit_state\n",
        +[](const RigState& state, u64 thread) { EXPECT_EQ(state.x[2] >> thread & 1, 0u); });
    EXPECT_EQ(memory->bytes[0], 0);
}

TEST(LowerAtomic, StoresExclusiveOfTwoThreadsAllCount) {
    for (unsigned size = 1; size <= 8; size *= 2) {
        auto memory = std::make_unique<Memory>();
        race(*memory,
             with_size("b0:\n"
                       "  v0 = get x0\n"
                       "  v1 = get x1\n"
                       "  v2 = load_exclusive.i64 [v0] {size SIZE, aligned}\n"
                       "  v3 = add.i64 v2, v1\n"
                       "  v4 = store_exclusive.i32 [v0], v3 {size SIZE, aligned}\n"
                       "  set x3, v4\n"
                       "  exit_state\n",
                       size),
             kNothing);
        u64 sum = 0;
        std::memcpy(&sum, memory->bytes.data(), 8);
        EXPECT_EQ(sum, size == 8 ? 3 * kRounds : 3 * kRounds & ((u64{1} << 8 * size) - 1));
    }
}

/// v0 is added to a pair of counters, which are equal whenever somebody looks.
constexpr auto kPairIsWhole = +[](const RigState& state, u64) { EXPECT_EQ(state.v[1].d[0], state.v[1].d[1]); };

TEST(LowerAtomic, PairsAreStoredExclusiveAsAWhole) {
    auto memory = std::make_unique<Memory>();
    race(*memory,
         "b0:\n"
         "  v0 = get x0\n"
         "  v1 = get x1\n"
         "  v2 = vdup_gpr.d v1\n"
         "  v3 = vload_exclusive [v0] {size 16, aligned}\n"
         "  v4 = vadd.d v3, v2\n"
         "  v5 = vstore_exclusive.i32 [v0], v4 {size 16, aligned}\n"
         "  set v1, v3\n"
         "  set x3, v5\n"
         "  exit_state\n",
         kPairIsWhole);
    EXPECT_EQ(memory->bytes[0], static_cast<u8>(3 * kRounds));
    EXPECT_EQ(std::memcmp(&memory->bytes[0], &memory->bytes[8], 8), 0);
}

TEST(LowerAtomic, PairsAreSwappedAsAWhole) {
    auto memory = std::make_unique<Memory>();
    race(*memory,
         "b0:\n"
         "  v0 = get x0\n"
         "  v1 = get x1\n"
         "  v2 = vdup_gpr.d v1\n"
         "  v3 = get v1\n"
         "  v4 = vadd.d v3, v2\n"
         "  v5 = vatomic_cas [v0], v3, v4 {size 16, aligned}\n"
         "  v6 = vextract.i64.d v5, 0\n"
         "  v7 = vextract.i64.d v3, 0\n"
         "  v8 = sub.i64 v6, v7\n"
         "  set v1, v5\n"
         "  set x3, v8\n"
         "  exit_state\n",
         kPairIsWhole);
    EXPECT_EQ(std::memcmp(&memory->bytes[0], &memory->bytes[8], 8), 0);
    u64 sum = 0;
    std::memcpy(&sum, memory->bytes.data(), 8);
    EXPECT_EQ(sum, 3 * kRounds);
}

}  // namespace

}  // namespace kelvin::x64::testing
