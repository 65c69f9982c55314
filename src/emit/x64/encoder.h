// SPDX-License-Identifier: Apache-2.0
// The encodings of x86-64 (Intel SDM vol. 2, chapter 2): prefixes, REX, VEX, EVEX, ModRM and SIB, written into a
// buffer. `Assembler` gives these their instruction names.
//
// Owner thread: the one that translates; no locks. Nothing is allocated.
#pragma once

#include <concepts>
#include <cstring>

#include "emit/x64/registers.h"

namespace kelvin::x64 {

/// Memory to assemble into. Code is written at one address and runs at another, `rw_to_rx` bytes further, since no page
/// is both writable and executable; that distance is a multiple of 4096.
struct CodeBuffer {
    u8* write = nullptr;
    u8* end = nullptr;
    std::ptrdiff_t rw_to_rx = 0;
};

/// The values are those of VEX.pp and VEX.mmmmm.
enum class Prefix : u8 { none, p66, pF3, pF2 };
enum class Map : u8 { one_byte, m0F, m0F38, m0F3A };

/// An opcode without VEX. The two booleans say which operands are bytes: spl, bpl, sil and dil exist only under REX.
struct Opcode {
    u8 code = 0;
    Map map = Map::one_byte;
    Prefix prefix = Prefix::none;
    bool byte_reg = false;
    bool byte_rm = false;
};

/// Where the operands of a VEX instruction, destination first, go (SDM's "Op/En" column).
enum class Form : u8 {
    rvm,  ///< ModRM.reg, (VEX.vvvv,) ModRM.rm
    mr,   ///< ModRM.rm, ModRM.reg
    vmi,  ///< VEX.vvvv, ModRM.rm, and an opcode digit in ModRM.reg
};

/// A vector (or BMI) opcode: all there is to know to encode its 128-bit or scalar form. `vector_ops.h` has the table.
struct VexOp {
    u8 code = 0;
    Prefix prefix = Prefix::none;
    Map map = Map::m0F;
    Form form = Form::rvm;
    Digit digit{};
    u8 flags = 0;
    u8 disp8_shift = 0;  ///< EVEX scales an 8-bit displacement by 1 << this (SDM 2.7.5)

    static constexpr u8 kVexW = 1;
    static constexpr u8 kEvexW = 2;
    static constexpr u8 kHasVex = 4;
    static constexpr u8 kHasEvex = 8;
    static constexpr u8 kHasLegacy = 16;
    static constexpr u8 kLegacyW = 32;  ///< REX.W
    static constexpr u8 kCommutes = 64;

    /// Can use xmm0 to xmm15 on any host with AVX2.
    constexpr bool has_vex() const { return (flags & kHasVex) != 0; }
    /// Can use xmm16 to xmm31 on a host with AVX-512 VL, DQ and BW.
    constexpr bool has_evex() const { return (flags & kHasEvex) != 0; }
    /// Has a form of two operands on any host.
    constexpr bool has_legacy() const { return (flags & kHasLegacy) != 0; }
    constexpr bool commutes() const { return (flags & kCommutes) != 0; }

    /// The sources may change places (NaNs aside).
    constexpr VexOp commutative() const { return with_flags(kCommutes, 0); }
    /// Came with AVX or later: there is no legacy form.
    constexpr VexOp avx() const { return with_flags(0, kHasLegacy | kLegacyW); }
    /// The legacy form has no REX.W where the VEX form has VEX.W.
    constexpr VexOp legacy_w0() const { return with_flags(0, kLegacyW); }
    constexpr VexOp with_flags(unsigned more, unsigned fewer) const {
        VexOp op = *this;
        op.flags = static_cast<u8>((op.flags | more) & ~fewer);
        return op;
    }
    constexpr VexOp as(Form other) const {
        VexOp op = *this;
        op.form = other;
        return op;
    }
    constexpr VexOp with_digit(unsigned n) const {
        VexOp op = as(Form::vmi);
        op.digit = static_cast<Digit>(n);
        return op;
    }
};

/// A place in the code, bound once and used any number of times before and after. The uses before are chained through
/// the 32-bit fields they will fill: no memory is needed.
class Label {
  public:
    bool bound() const { return target_ != nullptr; }
    /// Where it was bound, as a write address; null before.
    u8* target() const { return target_; }

  private:
    friend class Encoder;
    u8* target_ = nullptr;
    u8* last_use_ = nullptr;
};

template <class T>
concept RegOrMem = std::same_as<T, Gpr> || std::same_as<T, Mem>;
template <class T>
concept AnyReg = std::same_as<T, Gpr> || std::same_as<T, Xmm>;

class Encoder {
  public:
    explicit Encoder(CodeBuffer buffer, Encoding encoding = Encoding::vex);
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    /// As if made anew over `buffer`.
    void restart(CodeBuffer buffer);

    /// Where the next instruction is written. Meaningless once overflowed. Up to 15 bytes behind it may hold rubbish.
    u8* cursor() const { return cursor_; }
    /// Where the next instruction will run.
    const u8* execution_address() const { return std::bit_cast<const u8*>(run_address(cursor_)); }
    std::ptrdiff_t rw_to_rx() const { return rw_to_rx_; }

    /// True once an instruction might not have fitted (fewer than 16 bytes were left). All that was emitted since was
    /// thrown away, and the code must not be run.
    bool overflowed() const { return overflowed_; }

    bool has_vex() const { return encoding_ == Encoding::vex; }

    /// `label` is here. Once only.
    void bind(Label& label);

    /// Raw bytes, for constants and tables.
    void data(const void* bytes, std::size_t size);

  protected:
    /// The longest instruction is 15 bytes; whole words are written and the cursor then moved less.
    static constexpr std::ptrdiff_t kReserve = 16;

    /// Every instruction begins here: the cursor, with room for one instruction.
    u8* begin() {
        if (cursor_ > limit_) [[unlikely]] {
            overflow();
        }
        return cursor_;
    }
    /// ... and ends here.
    void end(u8* p) { cursor_ = p; }

    static u8* put8(u8* p, unsigned value) {
        *p = static_cast<u8>(value);
        return p + 1;
    }
    static u8* put32(u8* p, u32 value) {
        std::memcpy(p, &value, sizeof value);
        return p + 4;
    }
    static u8* put64(u8* p, u64 value) {
        std::memcpy(p, &value, sizeof value);
        return p + 8;
    }
    /// The low `size` bytes (0 to 4) of `value`.
    static u8* put_low(u8* p, i32 value, unsigned size) {
        std::memcpy(p, &value, sizeof value);
        return p + size;
    }

    /// [66] [prefix] [REX] opcode ModRM [SIB] [displacement]; `tail` bytes of immediate follow.
    template <class Reg, class Rm>
    u8* put(u8* p, Opcode op, Width w, Reg reg, const Rm& rm, unsigned tail = 0) {
        p = put_prefixes(p, op, w);
        const unsigned rex = unsigned{w == Width::w64} << 3 | (number(reg) >> 3) << 2 | extension(rm);
        const bool wanted = rex != 0 || (op.byte_reg && hidden_byte(reg)) || (op.byte_rm && hidden_byte(rm));
        *p = static_cast<u8>(0x40 | rex);
        p += wanted;
        return put_modrm(put_opcode(p, op), number(reg), rm, tail, 0);
    }

    /// VEX or EVEX as the registers demand. Pass 0 as `vvvv` where the instruction has no such operand.
    template <class Rm>
    u8* put_vex(u8* p, VexOp op, unsigned reg, unsigned vvvv, const Rm& rm, unsigned tail = 0) {
        KELVIN_ASSERT(has_vex());
        if (!op.has_vex() || (reg | vvvv | vector_number(rm)) >= 16) {
            return put_evex(p, op, reg, vvvv, rm, tail);
        }
        const unsigned x_b = extension(rm);
        const unsigned w = (op.flags & VexOp::kVexW) != 0 ? 0x80 : 0;
        const unsigned last = (~vvvv & 15) << 3 | static_cast<unsigned>(op.prefix);
        const unsigned r = (~reg & 8) << 4;
        if (op.map == Map::m0F && (x_b | w) == 0) {
            p = put8(put8(p, 0xc5), r | last);
        } else {
            p = put8(put8(p, 0xc4), r | (~x_b & 3) << 5 | static_cast<unsigned>(op.map));
            p = put8(p, w | last);
        }
        return put_modrm(put8(p, op.code), reg, rm, tail, 0);
    }

    u64 run_address(const u8* write) const { return std::bit_cast<u64>(write) + static_cast<u64>(rw_to_rx_); }
    /// The 32-bit distance from the end of the instruction, `tail` bytes behind the field, to `target` (where it runs).
    u8* put_relative(u8* p, const void* target, unsigned tail = 0);
    u8* put_relative(u8* p, Label& label, unsigned tail = 0);

    bool reaches(const u8* from_write, const void* target) const {
        const u64 distance = std::bit_cast<u64>(target) - run_address(from_write);
        return distance == static_cast<u64>(i64{static_cast<i32>(distance)});
    }

    /// What a last operand adds to the need for EVEX.
    static unsigned vector_number(Xmm r) { return number(r); }
    static unsigned vector_number(Gpr) { return 0; }
    static unsigned vector_number(const Mem&) { return 0; }

  private:
    [[gnu::cold]] void overflow();

    static u8* put_prefixes(u8* p, Opcode op, Width w) {
        *p = 0x66;
        p += w == Width::w16;
        if (op.prefix != Prefix::none) {
            constexpr u8 kByte[] = {0, 0x66, 0xf3, 0xf2};
            p = put8(p, kByte[static_cast<unsigned>(op.prefix)]);
        }
        return p;
    }

    static u8* put_opcode(u8* p, Opcode op) {
        if (op.map != Map::one_byte) {
            p = put8(p, 0x0f);
            if (op.map != Map::m0F) {
                p = put8(p, op.map == Map::m0F38 ? 0x38 : 0x3a);
            }
        }
        return put8(p, op.code);
    }

    /// REX.X and REX.B.
    static unsigned extension(Gpr rm) { return number(rm) >> 3; }
    static unsigned extension(Xmm rm) { return number(rm) >> 3 & 1; }
    static unsigned extension(const Mem& m) { return (number(m.index) >> 3) << 1 | number(m.base) >> 3; }

    static bool hidden_byte(Gpr r) { return number(r) >= 4; }
    static bool hidden_byte(Digit) { return false; }
    static bool hidden_byte(Xmm) { return false; }
    static bool hidden_byte(const Mem&) { return false; }

    /// SDM 2.7.1. A register in ModRM.rm has its bit 4 where an index has its bit 3.
    template <class Rm>
    u8* put_evex(u8* p, VexOp op, unsigned reg, unsigned vvvv, const Rm& rm, unsigned tail) {
        KELVIN_ASSERT(op.has_evex());
        const unsigned x_b = extension(rm) | (vector_number(rm) & 16) >> 3;
        const unsigned p0 = (~reg & 8) << 4 | (~x_b & 3) << 5 | (~reg & 16) | static_cast<unsigned>(op.map);
        const unsigned w = (op.flags & VexOp::kEvexW) != 0 ? 0x80 : 0;
        const unsigned p1 = w | (~vvvv & 15) << 3 | 4 | static_cast<unsigned>(op.prefix);
        const unsigned p2 = (~vvvv & 16) >> 1;
        p = put32(p, 0x62 | p0 << 8 | p1 << 16 | p2 << 24);
        return put_modrm(put8(p, op.code), reg, rm, tail, op.disp8_shift);
    }

    static u8* put_modrm(u8* p, unsigned reg, Gpr rm, unsigned, unsigned) {
        return put8(p, 0xc0 | (reg & 7) << 3 | (number(rm) & 7));
    }
    static u8* put_modrm(u8* p, unsigned reg, Xmm rm, unsigned, unsigned) {
        return put8(p, 0xc0 | (reg & 7) << 3 | (number(rm) & 7));
    }
    /// SDM tables 2-2 and 2-3: rm = 4 asks for a SIB byte, and base = 5 without displacement means another thing.
    u8* put_modrm(u8* p, unsigned reg, const Mem& m, unsigned tail, unsigned disp8_shift) {
        if (m.kind != Mem::Kind::based) [[unlikely]] {
            return put_modrm_rare(p, reg, m, tail);
        }
        const unsigned base = number(m.base) & 7;
        const unsigned rm = m.index == Gpr::rsp ? base : 4;
        const i32 disp = static_cast<i32>(m.value);
        const i32 scaled = disp >> disp8_shift;
        unsigned mod = 2;
        i32 written = disp;
        if (disp == 0 && base != 5) {
            mod = 0;
        } else if (scaled == static_cast<i8>(scaled) &&
                   disp == static_cast<i32>(static_cast<u32>(scaled) << disp8_shift)) {
            mod = 1;
            written = scaled;
        }
        p = put8(p, mod << 6 | (reg & 7) << 3 | rm);
        *p = static_cast<u8>(unsigned{m.shift} << 6 | (number(m.index) & 7) << 3 | base);
        p += rm == 4;
        return put_low(p, written, mod * mod);
    }
    u8* put_modrm_rare(u8* p, unsigned reg, const Mem& m, unsigned tail);

    u8* cursor_ = nullptr;
    u8* limit_ = nullptr;  ///< the last place at which an instruction may begin
    std::ptrdiff_t rw_to_rx_ = 0;
    Encoding encoding_;
    bool overflowed_ = false;
    u8 scratch_[2 * kReserve];  ///< where instructions go after an overflow, one over the other
};

}  // namespace kelvin::x64
