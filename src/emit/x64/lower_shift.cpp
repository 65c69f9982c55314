// SPDX-License-Identifier: Apache-2.0
// Emitters of shifts and of bit fields.
#include "base/bits.h"
#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

namespace {

using ShiftVariable = void (*)(Assembler&, Width, Gpr, Gpr, Gpr);

void shift_by_cl(Emitter& e, Shift kind) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    e.take(Gpr::rcx);
    e.use_into(Gpr::rcx, op.b);
    const Gpr result = e.use_copy(op.a);
    e.a.shift_cl(kind, w, result);
    if (w == Width::w32) {
        e.a.mov(w, result, result);
    }
    e.define_in(result);
}

/// The current op's constant count, of which this is the use.
u8 constant_count(Emitter& e, Width w) {
    const Value count = e.current().b;
    e.skip(count);
    return static_cast<u8>(e.region().constant(count) & (w == Width::w64 ? 63 : 31));
}

void shift(Emitter& e, Shift kind, ShiftVariable variable) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    if (e.is_constant(op.b)) {
        const u8 count = constant_count(e, w);
        const Gpr source = e.use(op.a);
        if (e.features().v3 && e.flags_wanted() && count != 0) {
            const Gpr by = e.temp();
            e.a.mov_imm(by, count);
            variable(e.a, w, e.define_over(source), source, by);
            return;
        }
        e.clobber_flags();
        const Gpr result = e.define_over(source);
        if (result != source || (w == Width::w32 && count == 0)) {
            e.a.mov(w, result, source);
        }
        if (count != 0) {
            e.a.shift(kind, w, result, count);
        }
        return;
    }
    if (!e.features().v3) {
        shift_by_cl(e, kind);
        return;
    }
    const Gpr source = e.use(op.a);
    const Gpr count = e.use(op.b);
    variable(e.a, w, e.define_over(source), source, count);
}

}  // namespace

void shl(Emitter& e) {
    if (e.leave_to_add()) {
        return;
    }
    shift(
        e, Shift::shl, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.shlx(w, d, s, n); });
}
void shr(Emitter& e) {
    shift(
        e, Shift::shr, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.shrx(w, d, s, n); });
}
void sar(Emitter& e) {
    shift(
        e, Shift::sar, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.sarx(w, d, s, n); });
}

void ror(Emitter& e) {
    const Op& op = e.current();
    if (!e.is_constant(op.b)) {
        shift_by_cl(e, Shift::ror);
        return;
    }
    const Width w = Emitter::width(op.type);
    const u8 count = constant_count(e, w);
    const Gpr source = e.use(op.a);
    if (!e.features().v3) {
        e.clobber_flags();
    }
    e.a.rotate_right(w, e.define_over(source), source, count);
}

void extract_pair(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const Gpr high = e.use(op.a);
    const Gpr low = e.use(op.b);
    e.clobber_flags();
    const Gpr result = e.define(true);
    e.a.mov(w, result, low);
    if (op.imm != 0) {
        e.a.shrd(w, result, high, static_cast<u8>(op.imm));
    }
}

void ubfx(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned bits = w == Width::w64 ? 64 : 32;
    const unsigned low = op.aux;
    const unsigned count = static_cast<unsigned>(op.imm);
    const Gpr source = e.use(op.a);
    if (low == 0 && (count == 8 || count == 16 || count == 32)) {
        const Width from = count == 8 ? Width::w8 : count == 16 ? Width::w16 : Width::w32;
        e.a.movzx(from, e.define_over(source), source);
        return;
    }
    e.clobber_flags();
    const Gpr result = e.define_over(source);
    if (low + count == bits) {
        if (result != source || count == bits) {
            e.a.mov(w, result, source);
        }
        if (low != 0) {
            e.a.shr(w, result, static_cast<u8>(low));
        }
    } else if (count < 32) {
        if (low != 0) {
            e.a.rotate_right(w, result, source, static_cast<u8>(low));
        } else if (result != source) {
            e.a.mov(Width::w32, result, source);
        }
        e.a.and_(Width::w32, result, static_cast<i32>(low_mask(count)));
    } else {
        if (result != source) {
            e.a.mov(w, result, source);
        }
        e.a.shl(w, result, static_cast<u8>(bits - low - count));
        e.a.shr(w, result, static_cast<u8>(bits - count));
    }
}

void sbfx(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned bits = w == Width::w64 ? 64 : 32;
    const unsigned low = op.aux;
    const unsigned count = static_cast<unsigned>(op.imm);
    const Gpr source = e.use(op.a);
    if (low == 0 && (count == 8 || count == 16 || count == 32)) {
        const Width from = count == 8 ? Width::w8 : count == 16 ? Width::w16 : Width::w32;
        e.a.movsx(w, from, e.define_over(source), source);
        return;
    }
    e.clobber_flags();
    const Gpr result = e.define_over(source);
    if (result != source) {
        e.a.mov(w, result, source);
    }
    if (low + count != bits) {
        e.a.shl(w, result, static_cast<u8>(bits - low - count));
    }
    if (count != bits) {
        e.a.sar(w, result, static_cast<u8>(bits - count));
    } else {
        e.a.mov(w, result, result);
    }
}

void bfi(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned low = op.aux;
    const u64 mask = low_mask(static_cast<unsigned>(op.imm)) << low;
    e.clobber_flags();
    const Gpr field = e.use_copy(op.b);
    const Gpr into = e.use(op.a);
    const Gpr scratch = e.temp();
    const Gpr result = e.define(true);
    if (low != 0) {
        e.a.shl(w, field, static_cast<u8>(low));
    }
    e.a.mov_imm(scratch, mask);
    e.a.and_(w, field, scratch);
    if (e.features().v3) {
        e.a.andn(w, result, scratch, into);
    } else {
        e.a.mov(w, result, into);
        e.a.not_(w, scratch);
        e.a.and_(w, result, scratch);
    }
    e.a.or_(w, result, field);
}

}  // namespace kelvin::x64::lower
