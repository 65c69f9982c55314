// SPDX-License-Identifier: Apache-2.0
// ARM ARM C6: the instructions of FEAT_PAuth. Their helpers are called pure though they read keys and control bits of
// the state: those change by writes to system registers, which later instructions need not see before the region ends.
#include "cpu/arm64/cpu.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"
#include "lift/arm64/loads_stores.h"
#include "lift/arm64/pointer_signing.h"

namespace kelvin::arm64 {

namespace {

using ir::JumpKind;
using ir::Type;

u64 sign(State& state, u64 pointer, u64 modifier, u32 key) {
    return sign_pointer(state, pointer, modifier, static_cast<SigningKey>(key));
}
constexpr ir::Helper kSign = ir::helper<&sign>("pac", ir::kHelperPure);

u64 authenticate(State& state, u64 pointer, u64 modifier, u32 key) {
    return authenticate_pointer(state, pointer, modifier, static_cast<SigningKey>(key));
}
constexpr ir::Helper kAuthenticate = ir::helper<&authenticate>("aut", ir::kHelperPure);

u64 strip(State& state, u64 pointer, u32 data) {
    return strip_pointer(state, pointer, data != 0);
}
constexpr ir::Helper kStrip = ir::helper<&strip>("xpac", ir::kHelperPure);

u64 generic(State& state, u64 value, u64 modifier) {
    return generic_code(state, value, modifier);
}
constexpr ir::Helper kGeneric = ir::helper<&generic>("pacga", ir::kHelperPure);

void exception_return_to(State& state, u64 target) {
    state.cpu->exception_return(target);
}
constexpr ir::Helper kExceptionReturnTo = ir::helper<&exception_return_to>("eretaa", kHelperTakesException);

constexpr Reg kLink{30};
constexpr Reg kX16{16};
constexpr Reg kX17{17};
constexpr RegSp kStackPointer{31};

/// A key named by one bit, among the instruction keys or the data keys.
SigningKey instruction_key(Flag b) {
    return b ? SigningKey::instruction_b : SigningKey::instruction_a;
}
SigningKey data_key(Flag b) {
    return b ? SigningKey::data_b : SigningKey::data_a;
}

ir::Value signed_value(Lifter& t, ir::Value pointer, ir::Value modifier, SigningKey key) {
    return t.ir.call(kSign, {pointer, modifier, t.ir.i32c(static_cast<u8>(key))});
}
ir::Value authenticated(Lifter& t, ir::Value pointer, ir::Value modifier, SigningKey key) {
    return t.ir.call(kAuthenticate, {pointer, modifier, t.ir.i32c(static_cast<u8>(key))});
}

// PACIA to AUTDB: two bits name the key, IA IB DA DB.
void sign_register(Lifter& t, Imm<2> key, RegSp rn, Reg rd) {
    t.set(rd, signed_value(t, t.get(rd), t.get(rn), static_cast<SigningKey>(key.value)));
}
void sign_register_zero(Lifter& t, Imm<2> key, Reg rd) {
    t.set(rd, signed_value(t, t.get(rd), t.ir.i64c(0), static_cast<SigningKey>(key.value)));
}
void authenticate_register(Lifter& t, Imm<2> key, RegSp rn, Reg rd) {
    t.set(rd, authenticated(t, t.get(rd), t.get(rn), static_cast<SigningKey>(key.value)));
}
void authenticate_register_zero(Lifter& t, Imm<2> key, Reg rd) {
    t.set(rd, authenticated(t, t.get(rd), t.ir.i64c(0), static_cast<SigningKey>(key.value)));
}
void strip_register(Lifter& t, Flag data, Reg rd) {
    t.set(rd, t.ir.call(kStrip, {t.get(rd), t.ir.i32c(data.value)}));
}

/// Those encoded as hints.
void sign_1716(Lifter& t, Flag b) {
    t.set(kX17, signed_value(t, t.get(kX17), t.get(kX16), instruction_key(b)));
}
void authenticate_1716(Lifter& t, Flag b) {
    t.set(kX17, authenticated(t, t.get(kX17), t.get(kX16), instruction_key(b)));
}
void sign_link(Lifter& t, Flag b, Flag with_sp) {
    const ir::Value modifier = with_sp ? t.get(kStackPointer) : t.ir.i64c(0);
    t.set(kLink, signed_value(t, t.get(kLink), modifier, instruction_key(b)));
}
void authenticate_link(Lifter& t, Flag b, Flag with_sp) {
    const ir::Value modifier = with_sp ? t.get(kStackPointer) : t.ir.i64c(0);
    t.set(kLink, authenticated(t, t.get(kLink), modifier, instruction_key(b)));
}

void load_authenticated(Lifter& t, Flag b, Flag sign_bit, Imm<9> imm, Flag write_back, RegSp rn, Reg rt) {
    const ir::Value base = authenticated(t, t.get(rn), t.ir.i64c(0), data_key(b));
    const i64 offset = sign_extend(sign_bit.value << 9 | imm.value, 10) * 8;
    const ir::Value value = t.load(Type::i64, base, static_cast<i32>(offset), t.memory(rn, 3));
    t.set(rt, value);
    if (write_back) {
        t.set(rn, t.ir.add(Type::i64, base, t.ir.i64c(static_cast<u64>(offset))));
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"1 10 11010110 00001 0000 kk nnnnn ddddd", &sign_register>("PACIA/IB/DA/DB", Feature::pauth),
    instruction<"1 10 11010110 00001 0001 kk nnnnn ddddd", &authenticate_register>("AUTIA/IB/DA/DB", Feature::pauth),
    instruction<"1 10 11010110 00001 0010 kk 11111 ddddd", &sign_register_zero>("PACIZA/IZB/DZA/DZB", Feature::pauth),
    instruction<"1 10 11010110 00001 0011 kk 11111 ddddd", &authenticate_register_zero>("AUTIZA/IZB/DZA/DZB",
                                                                                        Feature::pauth),
    instruction<"1 10 11010110 00001 01000 k 11111 ddddd", &strip_register>("XPACI/XPACD", Feature::pauth),
    instruction<"1 00 11010110 mmmmm 001100 nnnnn ddddd",
                +[](Lifter& t, RegSp rm, Reg rn, Reg rd) {
                    t.set(rd, t.ir.call(kGeneric, {t.get(rn), t.get(rm)}));
                }>("PACGA", Feature::pauth),

    instruction<"1101010100 0 00 011 0010 0000 111 11111",
                +[](Lifter& t) {
                    t.set(kLink, t.ir.call(kStrip, {t.get(kLink), t.ir.i32c(0)}));
                }>("XPACLRI", Feature::pauth),
    instruction<"1101010100 0 00 011 0010 0001 0 b 0 11111", &sign_1716>("PACIA1716/PACIB1716", Feature::pauth),
    instruction<"1101010100 0 00 011 0010 0001 1 b 0 11111", &authenticate_1716>("AUTIA1716/AUTIB1716", Feature::pauth),
    instruction<"1101010100 0 00 011 0010 0011 0 b s 11111", &sign_link>("PACIAZ/PACIASP/PACIBZ/PACIBSP",
                                                                         Feature::pauth),
    instruction<"1101010100 0 00 011 0010 0011 1 b s 11111", &authenticate_link>("AUTIAZ/AUTIASP/AUTIBZ/AUTIBSP",
                                                                                 Feature::pauth),

    instruction<"1101011 0 0 00 11111 0000 1 b nnnnn 11111",
                +[](Lifter& t, Flag b, Reg rn) {
                    t.jump_register(rn, authenticated(t, t.get(rn), t.ir.i64c(0), instruction_key(b)));
                }>("BRAAZ/BRABZ", Feature::pauth),
    instruction<"1101011 1 0 00 11111 0000 1 b nnnnn mmmmm",
                +[](Lifter& t, Flag b, Reg rn, RegSp rm) {
                    t.jump_register(rn, authenticated(t, t.get(rn), t.get(rm), instruction_key(b)));
                }>("BRAA/BRAB", Feature::pauth),
    instruction<"1101011 0 0 01 11111 0000 1 b nnnnn 11111",
                +[](Lifter& t, Flag b, Reg rn) {
                    t.call_register(authenticated(t, t.get(rn), t.ir.i64c(0), instruction_key(b)));
                }>("BLRAAZ/BLRABZ", Feature::pauth),
    instruction<"1101011 1 0 01 11111 0000 1 b nnnnn mmmmm",
                +[](Lifter& t, Flag b, Reg rn, RegSp rm) {
                    t.call_register(authenticated(t, t.get(rn), t.get(rm), instruction_key(b)));
                }>("BLRAA/BLRAB", Feature::pauth),
    instruction<"1101011 0 0 10 11111 0000 1 b 11111 11111",
                +[](Lifter& t, Flag b) {
                    t.branch_indirect(authenticated(t, t.get(kLink), t.get(kStackPointer), instruction_key(b)),
                                      JumpKind::ret);
                }>("RETAA/RETAB", Feature::pauth),
    instruction<"1101011 0 1 00 11111 0000 1 b 11111 11111",
                +[](Lifter& t, Flag b) {
                    if (t.mode().el() == ExceptionLevel::el0) {
                        return t.undefined();
                    }
                    const ir::Value from = t.ir.load_field(offsetof(State, elr[1]));
                    const ir::Value to = authenticated(t, from, t.get(kStackPointer), instruction_key(b));
                    t.exception_via(kExceptionReturnTo, {to});
                }>("ERETAA/ERETAB", Feature::pauth),

    instruction<"11 111 0 00 b s 1 iiiiiiiii w 1 nnnnn ttttt", &load_authenticated>("LDRAA/LDRAB", Feature::pauth),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_pointer_authentication() {
    return kInstructions;
}

}  // namespace kelvin::arm64
