// SPDX-License-Identifier: Apache-2.0
// Random sequences of ops, with many values alive, against the interpreter; and sequences that emitters look at as a
// whole.
#include "emit/x64/lowering_rig.h"
#include "ir/interpreter.h"
#include "ir/op_format.h"

namespace kelvin::x64::testing {

namespace {

/// No region here touches memory.
class NoMemory : public ir::MemoryPort {
  public:
    bool load(u64, ir::MemInfo, V128&) override { return false; }
    bool store(u64, ir::MemInfo, const V128&) override { return false; }
    bool load_exclusive(u64, ir::MemInfo, V128&) override { return false; }
    bool store_exclusive(u64, ir::MemInfo, const V128&, u32&) override { return false; }
    void clear_exclusive() override {}
    bool atomic_rmw(u64, ir::MemInfo, ir::AtomicKind, u64, u64&) override { return false; }
    bool compare_and_swap(u64, ir::MemInfo, const V128&, const V128&, V128&) override { return false; }
};

RigState interpret(const ir::Region& region, RigState state) {
    NoMemory memory;
    ir::Interpreter interpreter(&state, &state, memory);
    interpreter.run(
        region, 0, +[](void*) { return false; });
    return state;
}

/// Values whose results never are the smallest normal number, the one place where the host may differ.
class Sequence {
  public:
    explicit Sequence(u32 seed) : random_(seed) {}

    ir::Region make() {
        ir::Region region;
        region.guest = &kRigGuest;
        region.fp.fpcr = pick(8) == 0 ? 1u << 25 : 0;
        region_ = &region;
        vectors_.clear();
        integers_.clear();
        flags_ = push({IrOp::sub_flags, Type::i64, 0, integer(), integer(), ir::kNoValue, 0});
        const unsigned count = 5 + pick(40);
        for (unsigned i = 0; i < count; i++) {
            step();
        }
        push({IrOp::exit_state});
        region.blocks.push_back({0, static_cast<u32>(region.ops.size())});
        return region;
    }

    RigState state() {
        RigState state;
        for (V128& vector : state.v) {
            vector = v128(random_(), random_());
            if (pick(2) == 0) {
                const float numbers[] = {1.5f, -3.25f, static_cast<float>(pick(1000)), 0.5f};
                std::memcpy(&vector, numbers, sizeof vector);
            }
        }
        for (u64& x : state.x) {
            x = random_() >> pick(64);
        }
        for (u64& field : state.fields) {
            field = random_();
        }
        return state;
    }

  private:
    unsigned pick(unsigned end) { return static_cast<unsigned>(random_() % end); }

    Value push(const ir::Op& op) {
        region_->ops.push_back(op);
        return Value{static_cast<u32>(region_->ops.size() - 1)};
    }

    Value vector() {
        if (vectors_.empty() || pick(3) == 0) {
            vectors_.push_back(
                push({IrOp::get, Type::v128, 0, ir::kNoValue, ir::kNoValue, ir::kNoValue, pick(kRigVectors)}));
            return vectors_.back();
        }
        return vectors_[vectors_.size() - 1 - pick(static_cast<unsigned>(std::min<std::size_t>(vectors_.size(), 7)))];
    }
    Value integer() {
        if (integers_.empty() || pick(3) == 0) {
            integers_.push_back(
                push({IrOp::get, Type::i64, 0, ir::kNoValue, ir::kNoValue, ir::kNoValue, kRigX + pick(4)}));
            return integers_.back();
        }
        return integers_[integers_.size() - 1 -
                         pick(static_cast<unsigned>(std::min<std::size_t>(integers_.size(), 5)))];
    }

    void set(u32 slot, Value value) { push({IrOp::set, Type::none, 0, value, ir::kNoValue, ir::kNoValue, slot}); }

    void step() {
        switch (pick(9)) {
            case 0:
                set(pick(kRigVectors), vector());
                return;
            case 1:
                set(kRigX + pick(4), integer());
                return;
            case 2:
                if (pick(3) == 0) {
                    set(kRigFlags, flags_);
                    return;
                }
                break;
            case 3:
                push({IrOp::store_field, Type::none, 3, integer(), ir::kNoValue, ir::kNoValue, field()});
                return;
            case 4:
                use_field();
                return;
            case 5:
                return compute_integer();
            case 6:
                return compute_integer();
            default:
                break;
        }
        compute();
    }

    u64 field() { return offsetof(RigState, fields) + 8 * pick(4); }

    /// A field for the next op, and sometimes for others.
    void use_field() {
        const Value left = integer();
        integers_.push_back(push({IrOp::load_field, Type::i64, 3, ir::kNoValue, ir::kNoValue, ir::kNoValue, field()}));
        constexpr IrOp kOps[] = {IrOp::add, IrOp::sub, IrOp::and_, IrOp::or_, IrOp::xor_, IrOp::mul, IrOp::andn};
        const Value right = integers_.back();
        if (pick(4) != 0) {
            integers_.pop_back();
        }
        integers_.push_back(push({kOps[pick(std::size(kOps))], Type::i64, 0, left, right, ir::kNoValue, 0}));
    }

    void compute_integer() {
        constexpr IrOp kWide[] = {IrOp::umulh, IrOp::smulh, IrOp::mulfold, IrOp::bswap32};
        constexpr IrOp kAny[] = {
            IrOp::add,       IrOp::sub,       IrOp::mul,       IrOp::and_,      IrOp::or_,    IrOp::xor_,    IrOp::andn,
            IrOp::not_,      IrOp::neg,       IrOp::shl,       IrOp::shr,       IrOp::sar,    IrOp::ror,     IrOp::clz,
            IrOp::cls,       IrOp::rbit,      IrOp::bswap,     IrOp::adc,       IrOp::sbc,    IrOp::udiv,    IrOp::sdiv,
            IrOp::add_flags, IrOp::sub_flags, IrOp::adc_flags, IrOp::sbc_flags, IrOp::select, IrOp::cond_set};
        const bool wide = pick(6) == 0;
        ir::Op op{.code = wide ? kWide[pick(std::size(kWide))] : kAny[pick(std::size(kAny))],
                  .type = wide || pick(2) != 0 ? Type::i64 : Type::i32};
        op.aux = ir::aux_kind(op.code) == ir::AuxKind::cond ? static_cast<u8>(pick(14)) : u8{0};
        const ir::OpInfo& info = ir::info(op.code);
        Value* operands[] = {&op.a, &op.b, &op.c};
        for (std::size_t i = 0; i < info.arguments.size(); i++) {
            *operands[i] = info.arguments[i] == 'I' ? integer() : flags_;
        }
        const Value result = push(op);
        if (info.result == ir::ResultKind::F) {
            flags_ = result;
        } else {
            integers_.push_back(result);
        }
    }

    /// An op without attributes that restrict each other, on values made before.
    void compute() {
        static constexpr IrOp kOps[] = {
            IrOp::vand,         IrOp::vandn,    IrOp::vnot,        IrOp::vselect,        IrOp::vadd,
            IrOp::vsub,         IrOp::vneg,     IrOp::vabs,        IrOp::vsmin,          IrOp::vcmphi,
            IrOp::vcmphs,       IrOp::vcmpge,   IrOp::vtable,      IrOp::vtrn1,          IrOp::vuzp1,
            IrOp::vuzp2,        IrOp::vaddpair, IrOp::vqadd_s,     IrOp::vushl,          IrOp::vsshl,
            IrOp::vclz,         IrOp::vuhadd,   IrOp::vfrom_gpr,   IrOp::vextract,       IrOp::vdup_gpr,
            IrOp::aes_encrypt,  IrOp::aes_mix,  IrOp::sha256_hash, IrOp::sha256_update1, IrOp::fadd,
            IrOp::fsub,         IrOp::fmul,     IrOp::fdiv,        IrOp::fsqrt,          IrOp::fmuladd,
            IrOp::fmin,         IrOp::fmaxnm,   IrOp::fneg,        IrOp::fcmpge,         IrOp::fround,
            IrOp::fto_int,      IrOp::fvto_int, IrOp::ffrom_int,   IrOp::fvfrom_int,     IrOp::fcompare,
            IrOp::vselect_cond, IrOp::cond_set, IrOp::sha1_choose,
        };
        ir::Op op{.code = kOps[pick(std::size(kOps))]};
        const ir::OpInfo& info = ir::info(op.code);
        op.type = info.result == ir::ResultKind::I ? (pick(2) != 0 ? Type::i64 : Type::i32) : Type::v128;
        const bool scalar_only = op.code == IrOp::fto_int || op.code == IrOp::ffrom_int || op.code == IrOp::fcompare;
        switch (ir::aux_kind(op.code)) {
            case ir::AuxKind::lane:
                op.aux = static_cast<u8>(pick(4));
                break;
            case ir::AuxKind::shape:
                op.aux = static_cast<u8>(scalar_only ? 1 + pick(2) : pick(8));
                break;
            case ir::AuxKind::cond:
                op.aux = static_cast<u8>(pick(14));
                break;
            default:
                break;
        }
        op.imm = op.code == IrOp::fmuladd ? pick(4) : op.code == IrOp::fcompare ? pick(2) : 0;
        Value* operands[] = {&op.a, &op.b, &op.c};
        for (std::size_t i = 0; i < info.arguments.size(); i++) {
            *operands[i] = info.arguments[i] == 'V' ? vector() : info.arguments[i] == 'I' ? integer() : flags_;
        }
        const Value result = push(op);
        if (info.result == ir::ResultKind::V) {
            vectors_.push_back(result);
        } else if (info.result == ir::ResultKind::I) {
            integers_.push_back(result);
        } else {
            flags_ = result;
        }
    }

    std::mt19937_64 random_;
    ir::Region* region_ = nullptr;
    std::vector<Value> vectors_;
    std::vector<Value> integers_;
    Value flags_{};
};

TEST(LowerSequence, RandomOnesAreAsInterpreted) {
    constexpr u32 kUnderflow = 8;
    for (const HostFeatures& features : feature_sets()) {
        Rig rig(features);
        for (u32 seed = 0; seed < 5000; seed++) {
            Sequence sequence(seed);
            const ir::Region region = sequence.make();
            rig.compile(region);
            for (unsigned i = 0; i < 3; i++) {
                const RigState before = sequence.state();
                RigState got = rig.run(before, region.fp.fpcr);
                RigState expected = interpret(region, before);
                // Tininess is seen at different times.
                expected.fpsr &= ~kUnderflow;
                got.fpsr &= ~kUnderflow;
                ASSERT_TRUE(Rig::is_same(expected, got)) << "seed " << seed << "\n"
                                                         << Rig::describe(region, before, expected, got);
            }
        }
    }
}

TEST(LowerSequence, CodeThatDoesNotFitIsRefused) {
    Rig rig(HostFeatures::detect());
    const ir::Region region = Sequence(3).make();
    bool fitted = false;
    for (std::size_t size = 16; size < 8192; size += 3) {
        const bool fits = rig.fits(region, size);
        ASSERT_TRUE(fits || !fitted);
        fitted = fits;
    }
    EXPECT_TRUE(fitted);
}

void expect_as_interpreted(const HostFeatures& features, std::string_view text) {
    auto region = ir::parse(text, kRigGuest);
    ASSERT_TRUE(region) << region.error().message();
    Rig rig(features);
    rig.compile(*region);
    Sequence numbers(1);
    for (unsigned i = 0; i < 50; i++) {
        const RigState before = numbers.state();
        const RigState got = rig.run(before, 0);
        const RigState expected = interpret(*region, before);
        ASSERT_TRUE(Rig::is_same(expected, got)) << Rig::describe(*region, before, expected, got);
    }
}

TEST(LowerSequence, AesRoundsAreJoined) {
    for (const HostFeatures& features : feature_sets()) {
        expect_as_interpreted(features,
                              "b0:\n"
                              "  v0 = get v0\n"
                              "  v1 = get v4\n"
                              "  v2 = aes_encrypt v0, v1\n"
                              "  insn_start 0x4\n"
                              "  v4 = aes_mix v2\n"
                              "  set v0, v4\n"
                              "  v6 = aes_decrypt v4, v1\n"
                              "  v7 = aes_inverse_mix v6\n"
                              "  set v4, v7\n"
                              "  v9 = aes_encrypt v7, v1\n"
                              "  v10 = aes_mix v9\n"
                              "  set v1, v9\n"
                              "  set v2, v10\n"
                              "  exit_state\n");
    }
}

TEST(LowerSequence, ChecksumsOfEverySize) {
    for (const std::string op : {"crc32", "crc32c"}) {
        for (const std::string bytes : {"1", "2", "4", "8"}) {
            for (const HostFeatures& features : feature_sets()) {
                expect_as_interpreted(features,
                                      "b0:\n"
                                      "  v0 = get x0\n"
                                      "  v1 = get x1\n"
                                      "  v2 = " +
                                          op + ".i32 v0, v1, " + bytes +
                                          "\n"
                                          "  set x2, v2\n"
                                          "  exit_state\n");
            }
        }
    }
}

TEST(LowerSequence, EveryConditionHoldsOfComparisons) {
    for (const char* cond : {"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"}) {
        const std::string name = cond;
        for (const HostFeatures& features : feature_sets()) {
            expect_as_interpreted(features,
                                  "b0:\n"
                                  "  v0 = get v0\n"
                                  "  v1 = get v4\n"
                                  "  v2 = fcompare.s v0, v1, 0\n"
                                  "  v3 = cond_set.i64." +
                                      name +
                                      " v2\n"
                                      "  set x0, v3\n"
                                      "  v5 = vselect_cond." +
                                      name +
                                      " v2, v0, v1\n"
                                      "  set v2, v5\n"
                                      "  v7 = fcompare.s v1, v1, 1\n"
                                      "  v8 = cond_set.i64." +
                                      name +
                                      " v7\n"
                                      "  set flags, v7\n"
                                      "  set x2, v8\n"
                                      "  exit_state\n");
        }
    }
}

}  // namespace

}  // namespace kelvin::x64::testing
