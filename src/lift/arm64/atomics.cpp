// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: atomic memory operations (FEAT_LSE).
#include "lift/arm64/decoder.h"
#include "lift/arm64/register_pair.h"

namespace kelvin::arm64 {

namespace {

using ir::AtomicKind;
using ir::Type;

/// A is the higher of the two bits, R the lower.
ir::MemInfo atomic(const Lifter& t, RegSp base, unsigned size_log2, Flag acquire, Flag release) {
    ir::MemInfo info = t.memory(base, size_log2);
    info.aligned = true;
    info.order = static_cast<ir::Order>(acquire.value | release.value << 1);
    return info;
}
static_assert(static_cast<u8>(ir::Order::acquire) == 1 && static_cast<u8>(ir::Order::release) == 2 &&
              static_cast<u8>(ir::Order::acquire_release) == 3);

Type element_type(Size size) {
    return size.value == 3 ? Type::i64 : Type::i32;
}

/// The host cannot add big-endian numbers in memory: computes from a plain load, stores if memory is unchanged, else
/// executes the instruction again.
template <AtomicKind Kind>
void big_endian_arithmetic(Lifter& t, Size size, Reg rs, RegSp rn, Reg rt, ir::MemInfo info) {
    const Type type = element_type(size);
    const unsigned width = 8u << size.value;
    const ir::Value address = t.get(rn);
    const ir::Value raw = t.ir.load(type, address, 0, info);
    const ir::Value old = t.endian(raw, size.value);
    ir::Value result;
    if constexpr (Kind == AtomicKind::add) {
        result = t.ir.add(type, old, t.get(rs));
    } else {
        constexpr bool kSigned = Kind == AtomicKind::smax || Kind == AtomicKind::smin;
        constexpr bool kMost = Kind == AtomicKind::smax || Kind == AtomicKind::umax;
        const auto extend = [&](ir::Value value) {
            return kSigned ? t.ir.sign_extend(type, value, width) : t.ir.zero_extend(type, value, width);
        };
        const ir::Value a = extend(old);
        const ir::Value b = extend(t.get(rs));
        const ir::Value flags = t.ir.sub_flags(type, a, b);
        result = t.ir.select(type, kSigned ? ir::Cond::gt : ir::Cond::hi, flags, kMost ? a : b, kMost ? b : a);
    }
    const ir::Value swapped = t.endian(result, size.value);
    const ir::Value found = t.ir.atomic_cas(type, address, raw, t.ir.zero_extend(type, swapped, width), info);
    const ir::Value same = t.ir.sub_flags(type, found, raw);
    t.set(rt, t.ir.select(Type::i64, ir::Cond::eq, same, old, t.get(rt)));
    const u32 done = t.ir.reserve_block();
    const u32 again = t.ir.reserve_block();
    t.ir.branch(ir::Cond::eq, same, done, again);
    t.ir.place_block(done);
    t.branch_direct(4);
    t.ir.place_block(again);
    t.branch_direct(0);
}

template <AtomicKind Kind>
void atomic_operation(Lifter& t, Size size, Flag acquire, Flag release, Reg rs, RegSp rn, Reg rt) {
    const ir::MemInfo info = atomic(t, rn, size.value, acquire, release);
    constexpr bool kArithmetic = Kind == AtomicKind::add || Kind >= AtomicKind::smax;
    if (kArithmetic && Kind != AtomicKind::swap && t.big_endian() && size.value != 0) {
        return big_endian_arithmetic<Kind>(t, size, rs, rn, rt, info);
    }
    const ir::Value operand = t.endian(t.get(rs), size.value);
    const ir::Value old = t.ir.atomic_rmw(Kind, element_type(size), t.get(rn), operand, info);
    t.set(rt, t.endian(old, size.value));
}

void compare_and_swap(Lifter& t, Size size, Flag acquire, Reg rs, Flag release, RegSp rn, Reg rt) {
    const Type type = element_type(size);
    const auto operand = [&](Reg reg) {
        return t.ir.zero_extend(type, t.endian(t.get(reg), size.value), 8u << size.value);
    };
    const ir::MemInfo info = atomic(t, rn, size.value, acquire, release);
    const ir::Value expected = operand(rs);
    const ir::Value desired = operand(rt);
    t.set(rs, t.endian(t.ir.atomic_cas(type, t.get(rn), expected, desired, info), size.value));
}

void compare_and_swap_pair(Lifter& t, Sf sf, Flag acquire, Reg rs, Flag release, RegSp rn, Reg rt) {
    if (((rs.value | rt.value) & 1) != 0) {
        return t.undefined();
    }
    const ir::MemInfo info = atomic(t, rn, sf.value != 0 ? 4 : 3, acquire, release);
    const Reg rs2{rs.value + 1};
    const ir::Value expected = make_pair(t, sf, rs, rs2);
    const ir::Value desired = make_pair(t, sf, rt, Reg{rt.value + 1});
    split_pair(t, sf, t.ir.vatomic_cas(t.get(rn), expected, desired, info), rs, rs2);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"ss 111 0 00 a r 1 xxxxx 0 000 00 nnnnn ttttt", &atomic_operation<AtomicKind::add>>("LDADD",
                                                                                                    Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 001 00 nnnnn ttttt", &atomic_operation<AtomicKind::clear>>("LDCLR",
                                                                                                      Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 010 00 nnnnn ttttt", &atomic_operation<AtomicKind::exclusive_or>>(
        "LDEOR", Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 011 00 nnnnn ttttt", &atomic_operation<AtomicKind::set>>("LDSET",
                                                                                                    Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 100 00 nnnnn ttttt", &atomic_operation<AtomicKind::smax>>("LDSMAX",
                                                                                                     Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 101 00 nnnnn ttttt", &atomic_operation<AtomicKind::smin>>("LDSMIN",
                                                                                                     Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 110 00 nnnnn ttttt", &atomic_operation<AtomicKind::umax>>("LDUMAX",
                                                                                                     Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 0 111 00 nnnnn ttttt", &atomic_operation<AtomicKind::umin>>("LDUMIN",
                                                                                                     Feature::lse),
    instruction<"ss 111 0 00 a r 1 xxxxx 1 000 00 nnnnn ttttt", &atomic_operation<AtomicKind::swap>>("SWP",
                                                                                                     Feature::lse),
    instruction<"ss 001000 1 a 1 xxxxx r 11111 nnnnn ttttt", &compare_and_swap>("CAS", Feature::lse),
    instruction<"0z 001000 0 a 1 xxxxx r 11111 nnnnn ttttt", &compare_and_swap_pair>("CASP", Feature::lse),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_atomics() {
    return kInstructions;
}

}  // namespace kelvin::arm64
