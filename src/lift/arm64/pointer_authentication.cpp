// SPDX-License-Identifier: Apache-2.0
// ARM ARM C6: the instructions of FEAT_PAuth and FEAT_PAuth2. What they compute (D8.9, AddPAC, Auth) comes to the same
// for signing and authenticating: an address is combined with its code by exclusive or, and where the code that is
// taken out is not the one that was put in, what is left is no address. Keys and the places of codes are in the state.
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/pointer_signing.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"
#include "lift/arm64/loads_stores.h"

namespace kelvin::arm64 {

namespace {

using ir::JumpKind;
using ir::Type;

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

/// Where `pointer` has its code, for `use`.
ir::Value code_bits(Lifter& t, ir::Value pointer, CodeBitsUse use) {
    const auto field = [&](std::size_t offset) {
        return t.ir.load_field(
            static_cast<u32>(offsetof(State, code_bits) + sizeof(State::CodeBits) * static_cast<u8>(use) + offset));
    };
    const ir::Value upper = t.ir.sbfx(Type::i64, pointer, 55, 1);
    const ir::Value difference = t.ir.and_(Type::i64, upper, field(offsetof(State::CodeBits, difference)));
    return t.ir.xor_(Type::i64, difference, field(offsetof(State::CodeBits, lower)));
}

/// ComputePAC, whose algorithm is IMPLEMENTATION DEFINED: both halves of a product. It keeps nobody out who can run
/// code on the host.
ir::Value compute_code(Lifter& t, ir::Value value, ir::Value modifier, SigningKey key) {
    constexpr u64 kNeverZero = static_cast<u64>(-0x61c88647);  // unless a key makes it so
    const u32 offset = static_cast<u32>(offsetof(State, apkey) + 16 * static_cast<u8>(key));
    const ir::Value left = t.ir.xor_(Type::i64, value, t.ir.load_field(offset));
    const ir::Value salted = t.ir.xor_(Type::i64, modifier, t.ir.i64c(kNeverZero));
    const ir::Value right = t.ir.xor_(Type::i64, salted, t.ir.load_field(offset + 8));
    return t.ir.mulfold(left, right);
}

/// `pointer` with its code put in or taken out.
ir::Value authenticated(Lifter& t, ir::Value pointer, ir::Value modifier, SigningKey key) {
    const ir::Value where = code_bits(t, pointer, static_cast<CodeBitsUse>(key));
    // The address but for its extension, which bit 55 says.
    const ir::Value address = t.ir.andn(Type::i64, pointer, where);
    const ir::Value code = compute_code(t, address, modifier, key);
    return t.ir.xor_(Type::i64, pointer, t.ir.and_(Type::i64, code, where));
}

ir::Value signed_value(Lifter& t, ir::Value pointer, ir::Value modifier, SigningKey key) {
    const bool data = key == SigningKey::data_a || key == SigningKey::data_b;
    if (t.mode().has(data ? Mode::kDataTopByte : Mode::kCodeTopByte)) {
        // Bit 63 says the half, and bit 55 becomes like it. Bit 54 is of the code, if the key is enabled.
        const ir::Value where = code_bits(t, pointer, static_cast<CodeBitsUse>(key));
        const ir::Value enabled = t.ir.and_(Type::i64, t.ir.shl(Type::i64, where, 1), t.ir.i64c(u64{1} << 55));
        const ir::Value differ = t.ir.xor_(Type::i64, pointer, t.ir.shr(Type::i64, pointer, 8));
        pointer = t.ir.xor_(Type::i64, pointer, t.ir.and_(Type::i64, differ, enabled));
    }
    return authenticated(t, pointer, modifier, key);
}

/// Strip: copies of bit 55 in the code's place.
ir::Value stripped(Lifter& t, ir::Value pointer, bool data) {
    const ir::Value where = code_bits(t, pointer, data ? CodeBitsUse::strip_data : CodeBitsUse::strip_instruction);
    const ir::Value code = t.ir.xor_(Type::i64, pointer, t.ir.sbfx(Type::i64, pointer, 55, 1));
    return t.ir.xor_(Type::i64, pointer, t.ir.and_(Type::i64, code, where));
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
    t.set(rd, stripped(t, t.get(rd), data.value != 0));
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
                    const ir::Value code = compute_code(t, t.get(rn), t.get(rm), SigningKey::generic);
                    t.set(rd, t.ir.and_(Type::i64, code, t.ir.i64c(~low_mask(32))));
                }>("PACGA", Feature::pauth),

    instruction<"1101010100 0 00 011 0010 0000 111 11111",
                +[](Lifter& t) { t.set(kLink, stripped(t, t.get(kLink), false)); }>("XPACLRI", Feature::pauth),
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
