// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "ir/evaluate_ops.h"

namespace kelvin::ir::meaning {

namespace {

u64 carry(u32 flags) {
    return (flags & stored_flags::kNotC) == 0;
}

unsigned shift_count(Input in) {
    return static_cast<unsigned>(in.b()) & (in.width() - 1);
}

u64 rotate_right(u64 value, unsigned count, unsigned width) {
    return count == 0 ? value : value >> count | value << (width - count);
}

/// The order of groups of `unit` bits reversed within each group of `width` bits.
u64 reverse(u64 value, unsigned unit, unsigned width) {
    for (unsigned size = unit; size < width; size *= 2) {
        u64 mask = low_mask(size);
        for (unsigned filled = 2 * size; filled < 64; filled *= 2) {
            mask |= mask << filled;
        }
        value = (value >> size & mask) | (value & mask) << size;
    }
    return value;
}

/// `polynomial` has its bits reversed, as the data of the CRC instructions has.
u64 crc(Input in, u32 polynomial) {
    const unsigned data_bits = 8u << in.op.aux;
    u64 state = in.operands[0].integer & 0xffffffff;
    u64 data = in.operands[1].integer & low_mask(data_bits);
    for (unsigned i = 0; i < data_bits; ++i) {
        const bool divide = ((state ^ data) & 1) != 0;
        data >>= 1;
        state = state >> 1 ^ (divide ? polynomial : 0);
    }
    return state;
}

}  // namespace

Datum constant(Input in) {
    return in.result(in.op.imm);
}
Datum add(Input in) {
    return in.result(in.a() + in.b());
}
Datum sub(Input in) {
    return in.result(in.a() - in.b());
}
Datum adc(Input in) {
    return in.result(in.a() + in.b() + carry(in.flags(2)));
}
Datum sbc(Input in) {
    return in.result(in.a() + ~in.b() + carry(in.flags(2)));
}
Datum mul(Input in) {
    return in.result(in.a() * in.b());
}
Datum umulh(Input in) {
    return in.result(static_cast<u64>(u128{in.a()} * in.b() >> 64));
}
Datum smulh(Input in) {
    return in.result(static_cast<u64>(i128{in.signed_a()} * in.signed_b() >> 64));
}
Datum mulfold(Input in) {
    const u128 product = u128{in.a()} * in.b();
    return in.result(static_cast<u64>(product) ^ static_cast<u64>(product >> 64));
}
Datum udiv(Input in) {
    return in.result(in.b() == 0 ? 0 : in.a() / in.b());
}
Datum sdiv(Input in) {
    if (in.b() == 0) {
        return in.result(0);
    }
    // The quotient of the most negative number by -1 does not fit a host register either.
    return in.signed_b() == -1 ? in.result(0 - in.a()) : in.result(static_cast<u64>(in.signed_a() / in.signed_b()));
}
Datum neg(Input in) {
    return in.result(0 - in.a());
}
Datum and_(Input in) {
    return in.result(in.a() & in.b());
}
Datum or_(Input in) {
    return in.result(in.a() | in.b());
}
Datum xor_(Input in) {
    return in.result(in.a() ^ in.b());
}
Datum andn(Input in) {
    return in.result(in.a() & ~in.b());
}
Datum not_(Input in) {
    return in.result(~in.a());
}
Datum shl(Input in) {
    return in.result(in.a() << shift_count(in));
}
Datum shr(Input in) {
    return in.result(in.a() >> shift_count(in));
}
Datum sar(Input in) {
    return in.result(static_cast<u64>(in.signed_a() >> shift_count(in)));
}
Datum ror(Input in) {
    return in.result(rotate_right(in.a(), shift_count(in), in.width()));
}
Datum extract_pair(Input in) {
    const u128 pair = u128{in.a()} << in.width() | in.b();
    return in.result(static_cast<u64>(pair >> in.op.imm));
}
Datum ubfx(Input in) {
    return in.result(in.a() >> in.op.aux & low_mask(static_cast<unsigned>(in.op.imm)));
}
Datum sbfx(Input in) {
    return in.result(static_cast<u64>(sign_extend(in.a() >> in.op.aux, static_cast<unsigned>(in.op.imm))));
}
Datum bfi(Input in) {
    const u64 field = low_mask(static_cast<unsigned>(in.op.imm)) << in.op.aux;
    return in.result((in.a() & ~field) | (in.b() << in.op.aux & field));
}
Datum clz(Input in) {
    return in.result(in.width() - static_cast<unsigned>(std::bit_width(in.a())));
}
Datum ctz(Input in) {
    return in.result(in.a() == 0 ? in.width() : static_cast<unsigned>(std::countr_zero(in.a())));
}
Datum cls(Input in) {
    // CountLeadingSignBits(): the sign bit itself is not counted.
    const u64 changes = (in.a() ^ in.a() >> 1) & low_mask(in.width() - 1);
    return in.result(in.width() - 1 - static_cast<unsigned>(std::bit_width(changes)));
}
Datum rbit(Input in) {
    return in.result(reverse(in.a(), 1, in.width()));
}
Datum bswap(Input in) {
    return in.result(reverse(in.a(), 8, in.width()));
}
Datum bswap16(Input in) {
    return in.result(reverse(in.a(), 8, 16));
}
Datum bswap32(Input in) {
    return in.result(reverse(in.a(), 8, 32));
}
Datum crc32(Input in) {
    return in.result(crc(in, 0xedb88320));
}
Datum crc32c(Input in) {
    return in.result(crc(in, 0x82f63b78));
}
Datum select(Input in) {
    return in.result(holds(in.op.cond(), in.flags(0)) ? in.integer(1) : in.integer(2));
}
Datum cond_set(Input in) {
    return in.result(holds(in.op.cond(), in.flags(0)));
}

}  // namespace kelvin::ir::meaning
