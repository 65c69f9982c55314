// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD load and store of structures: LD1 to LD4, ST1 to ST4, all forms. Memory is accessed in
// whole vectors where it may be, and elements are sorted into registers afterwards.
#include <array>

#include "lift/arm64/decoder.h"
#include "lift/arm64/loads_stores.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Type;
using ir::Value;
using Values = std::array<Value, 4>;

VReg following(VReg reg, unsigned distance) {
    return VReg{(reg.value + distance) % 32};
}

/// The bytes of a structure access that lie one after the other in memory, as up to four vectors.
struct Stretch {
    RegSp base;
    Value address;
    Size size;
    unsigned bytes;  ///< in all: a multiple of 8
};

/// SCTLR.A asks for the alignment of elements; then elements are accessed one by one.
bool by_elements(const Lifter& t, Size size) {
    return t.mode().has(Mode::kAlign) && size.value != 0;
}

Value load_vector(Lifter& t, const Stretch& stretch, i32 offset, unsigned bytes) {
    const unsigned element = 1u << stretch.size.value;
    if (!by_elements(t, stretch.size)) {
        ir::MemInfo info = t.memory(stretch.base, bytes == 16 ? 4 : 3);
        info.aligned = false;
        return t.vendian(t.ir.vload(stretch.address, offset, info), stretch.size.value);
    }
    Value result = t.ir.vconstant(0);
    for (unsigned i = 0; i < bytes / element; i++) {
        const ir::MemInfo info = t.memory(stretch.base, stretch.size.value);
        const Value value = t.load(Type::i64, stretch.address, offset + static_cast<i32>(i * element), info);
        result = t.ir.vector(Opcode::vinsert_gpr, stretch.size.lane(), result, value, ir::kNoValue, i);
    }
    return result;
}

void store_vector(Lifter& t, const Stretch& stretch, i32 offset, unsigned bytes, Value value) {
    const unsigned element = 1u << stretch.size.value;
    if (!by_elements(t, stretch.size)) {
        ir::MemInfo info = t.memory(stretch.base, bytes == 16 ? 4 : 3);
        info.aligned = false;
        return t.ir.vstore(stretch.address, offset, t.vendian(value, stretch.size.value), info);
    }
    for (unsigned i = 0; i < bytes / element; i++) {
        const ir::MemInfo info = t.memory(stretch.base, stretch.size.value);
        const Value part = t.ir.vextract(Type::i64, stretch.size.lane(), value, i);
        t.store(stretch.address, offset + static_cast<i32>(i * element), part, info);
    }
}

/// `each` bytes at a time.
Values load_stretch(Lifter& t, const Stretch& stretch, unsigned each) {
    Values values{};
    for (unsigned offset = 0, i = 0; offset < stretch.bytes; offset += each, i++) {
        const unsigned left = stretch.bytes - offset;
        values[i] = load_vector(t, stretch, static_cast<i32>(offset), left < each ? left : each);
    }
    return values;
}

void store_stretch(Lifter& t, const Stretch& stretch, unsigned each, const Values& values) {
    for (unsigned offset = 0, i = 0; offset < stretch.bytes; offset += each, i++) {
        const unsigned left = stretch.bytes - offset;
        store_vector(t, stretch, static_cast<i32>(offset), left < each ? left : each, values[i]);
    }
}

/// A table look-up that gathers bytes of several vectors: byte i of the result is byte `from(i)` of their
/// concatenation (16 bytes each), 0 where that is negative.
template <class From>
Value gather(Lifter& t, const Values& sources, unsigned count, From from) {
    Value result = ir::kNoValue;
    for (unsigned source = 0; source < count; source++) {
        V128 indexes{};
        bool used = false;
        for (int i = 0; i < 16; i++) {
            const int byte = from(i) - static_cast<int>(16 * source);
            indexes.b[i] = byte >= 0 && byte < 16 ? static_cast<u8>(byte) : 0xff;
            used = used || indexes.b[i] != 0xff;
        }
        if (used) {
            const Value low = t.ir.vector(Opcode::vfrom_gpr, Lane::d, t.ir.i64c(indexes.d[0]));
            const Value table =
                t.ir.vector(Opcode::vinsert_gpr, Lane::d, low, t.ir.i64c(indexes.d[1]), ir::kNoValue, 1);
            const Value part = t.ir.vector(Opcode::vtable, sources[source], table);
            result = result == ir::kNoValue ? part : t.ir.vector(Opcode::vor, result, part);
        }
    }
    return result;
}

/// Two- and four-element structures come apart by halving: even elements and odd ones.
Values deinterleave(Lifter& t, const Values& m, unsigned registers, Lane lane, Q q) {
    const auto even = [&](Value a, Value b) { return t.ir.vector(Opcode::vuzp1, lane, a, b); };
    const auto odd = [&](Value a, Value b) { return t.ir.vector(Opcode::vuzp2, lane, a, b); };
    if (registers == 2) {
        const Value second = q.full() ? m[1] : m[0];
        return {even(m[0], second), odd(m[0], second)};
    }
    if (registers == 4) {
        const Value even_low = even(m[0], m[1]);
        const Value odd_low = odd(m[0], m[1]);
        const Value even_high = q.full() ? even(m[2], m[3]) : even_low;
        const Value odd_high = q.full() ? odd(m[2], m[3]) : odd_low;
        return {even(even_low, even_high), even(odd_low, odd_high), odd(even_low, even_high), odd(odd_low, odd_high)};
    }
    const int element = 1 << static_cast<int>(lane);
    Values result{};
    for (int reg = 0; reg < 3; reg++) {
        result[static_cast<unsigned>(reg)] = gather(t, m, q.full() ? 3 : 2, [&](int i) {
            return i < (q.full() ? 16 : 8) ? (i / element * 3 + reg) * element + i % element : -1;
        });
    }
    return result;
}

Values interleave(Lifter& t, const Values& r, unsigned registers, Lane lane, Q q) {
    const auto low = [&](Value a, Value b) { return t.ir.vector(Opcode::vzip1, lane, a, b); };
    const auto high = [&](Value a, Value b) { return t.ir.vector(Opcode::vzip2, lane, a, b); };
    if (registers == 2) {
        const Value first = low(r[0], r[1]);
        return {first, q.full() ? high(r[0], r[1]) : first};
    }
    if (registers == 4) {
        const Value even = low(r[0], r[2]);
        const Value odd = low(r[1], r[3]);
        Values result{low(even, odd), high(even, odd)};
        if (q.full()) {
            const Value even_high = high(r[0], r[2]);
            const Value odd_high = high(r[1], r[3]);
            result[2] = low(even_high, odd_high);
            result[3] = high(even_high, odd_high);
        }
        return result;
    }
    const int element = 1 << static_cast<int>(lane);
    Values result{};
    for (int vector = 0; vector < (q.full() ? 3 : 2); vector++) {
        result[static_cast<unsigned>(vector)] = gather(t, r, 3, [&](int i) {
            const int byte = 16 * vector + i;
            if (byte >= (q.full() ? 48 : 24)) {
                return -1;
            }
            const int position = byte / element;
            return position % 3 * 16 + position / 3 * element + byte % element;
        });
    }
    return result;
}

/// How many registers the opcode field names, and whether their elements are interleaved.
struct Structure {
    unsigned registers;  ///< 0: unallocated
    bool interleaved;
};

Structure structure_of(Imm<4> opcode) {
    switch (opcode.value) {
        case 0b0000:
            return {4, true};
        case 0b0010:
            return {4, false};
        case 0b0100:
            return {3, true};
        case 0b0110:
            return {3, false};
        case 0b0111:
            return {1, false};
        case 0b1000:
            return {2, true};
        case 0b1010:
            return {2, false};
        default:
            return {0, false};
    }
}

/// Post-index: the base grows by a register or, if that is 31, by what was accessed.
void advance_base(Lifter& t, RegSp rn, Reg rm, unsigned bytes) {
    const Value step = rm.value == 31 ? t.ir.i64c(bytes) : t.get(rm);
    t.set(rn, t.ir.add(Type::i64, t.get(rn), step));
}

/// False where the encoding is unallocated or traps, and the region has ended.
bool multiple(Lifter& t, Q q, Flag is_load, Imm<4> opcode, Size size, RegSp rn, VReg rt) {
    const Structure structure = structure_of(opcode);
    if (structure.registers == 0 || (structure.interleaved && size.value == 3 && !q.full())) {
        t.undefined();
        return false;
    }
    if (!t.fp_enabled()) {
        return false;
    }
    const unsigned width = q.full() ? 16 : 8;
    const Stretch stretch{rn, t.get(rn), size, structure.registers * width};
    const unsigned each = structure.interleaved ? 16 : width;
    if (is_load) {
        Values values = load_stretch(t, stretch, each);
        if (structure.interleaved) {
            values = deinterleave(t, values, structure.registers, size.lane(), q);
        }
        for (unsigned i = 0; i < structure.registers; i++) {
            t.set(following(rt, i), values[i], q);
        }
        return true;
    }
    Values values{};
    for (unsigned i = 0; i < structure.registers; i++) {
        values[i] = t.get(following(rt, i));
    }
    if (structure.interleaved) {
        values = interleave(t, values, structure.registers, size.lane(), q);
    }
    store_stretch(t, stretch, each, values);
    return true;
}

void access_multiple(Lifter& t, Q q, Flag is_load, Imm<4> opcode, Size size, RegSp rn, VReg rt) {
    multiple(t, q, is_load, opcode, size, rn, rt);
}

void access_multiple_post(Lifter& t, Q q, Flag is_load, Reg rm, Imm<4> opcode, Size size, RegSp rn, VReg rt) {
    if (multiple(t, q, is_load, opcode, size, rn, rt)) {
        advance_base(t, rn, rm, structure_of(opcode).registers * (q.full() ? 16 : 8));
    }
}

/// One element of each register, or one element to all of them: what opcode, S and size mean together.
struct Single {
    bool allocated = true;
    bool replicate = false;
    Size size{};
    unsigned registers = 1;
    unsigned index = 0;

    Single(Q q, Flag is_load, Flag r, Imm<3> opcode, Flag s, Size field) {
        registers = ((opcode.value & 1) << 1 | r.value) + 1;
        const unsigned position = q.value << 3 | s.value << 2 | field.value;
        switch (opcode.value >> 1) {
            case 0:
                size = Size{0};
                index = position;
                break;
            case 1:
                size = Size{1};
                index = position >> 1;
                allocated = (field.value & 1) == 0;
                break;
            case 2: {
                const bool is_double = (field.value & 1) != 0;
                size = Size{is_double ? 3u : 2u};
                index = is_double ? q.value : position >> 2;
                allocated = (field.value & 2) == 0 && !(is_double && s);
                break;
            }
            default:
                size = field;
                replicate = true;
                allocated = bool{is_load} && !s;
                break;
        }
    }
    unsigned bytes() const { return registers << size.value; }
};

bool single(Lifter& t, const Single& form, Q q, Flag is_load, RegSp rn, VReg rt) {
    if (!form.allocated) {
        t.undefined();
        return false;
    }
    if (!t.fp_enabled()) {
        return false;
    }
    const ir::MemInfo info = t.memory(rn, form.size.value);
    const Lane lane = form.size.lane();
    const Value address = t.get(rn);
    Values values{};
    for (unsigned i = 0; i < form.registers; i++) {
        const i32 offset = static_cast<i32>(i << form.size.value);
        if (is_load) {
            values[i] = t.load(Type::i64, address, offset, info);
        } else {
            const Value value = t.ir.vextract(Type::i64, lane, t.get(following(rt, i)), form.index);
            t.store(address, offset, value, info);
        }
    }
    for (unsigned i = 0; is_load && i < form.registers; i++) {
        const VReg reg = following(rt, i);
        if (form.replicate) {
            t.set(reg, t.ir.vector(Opcode::vdup_gpr, lane, values[i]), q);
        } else {
            t.set(reg, t.ir.vector(Opcode::vinsert_gpr, lane, t.get(reg), values[i], ir::kNoValue, form.index));
        }
    }
    return true;
}

void access_single(Lifter& t, Q q, Flag is_load, Flag r, Imm<3> opcode, Flag s, Size size, RegSp rn, VReg rt) {
    single(t, Single(q, is_load, r, opcode, s, size), q, is_load, rn, rt);
}

void access_single_post(Lifter& t, Q q, Flag is_load, Flag r, Reg rm, Imm<3> opcode, Flag s, Size size, RegSp rn,
                        VReg rt) {
    const Single form(q, is_load, r, opcode, s, size);
    if (single(t, form, q, is_load, rn, rt)) {
        advance_base(t, rn, rm, form.bytes());
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0011000 l 000000 oooo ss nnnnn ttttt", &access_multiple>("LDn/STn (multiple structures)"),
    instruction<"0 q 0011001 l 0 mmmmm oooo ss nnnnn ttttt", &access_multiple_post>(
        "LDn/STn (multiple structures, post-index)"),
    instruction<"0 q 0011010 l r 00000 ooo k ss nnnnn ttttt", &access_single>("LDn/STn (single structure)"),
    instruction<"0 q 0011011 l r mmmmm ooo k ss nnnnn ttttt", &access_single_post>(
        "LDn/STn (single structure, post-index)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_loads_stores_structures() {
    return kInstructions;
}

}  // namespace kelvin::arm64
