// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/evex_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "emit/x64/vector_forms.h"

namespace kelvin::x64 {

namespace {

/// The fields of the encoding (SDM 2.7.1), complements undone.
struct Fields {
    Map map{};
    Prefix prefix{};
    bool w = false;
    u8 opcode = 0;
    unsigned reg = 0, vvvv = 0, rm = 0;
    unsigned digit = 0;
    bool memory = false;
    std::size_t after_modrm = 0;
    unsigned mod = 0;
    unsigned x = 0, b = 0;  ///< in bit 3
};

constexpr std::size_t kOpcodeAt = 4;
constexpr std::size_t kModrmAt = 5;

std::optional<Fields> fields_of(std::span<const u8> code) {
    // No masks, no broadcast, 128 bits.
    if (code.size() <= kModrmAt || code[0] != 0x62 || (code[3] & 0xf7) != 0) {
        return std::nullopt;
    }
    const unsigned p0 = ~unsigned{code[1]};
    const unsigned modrm = code[kModrmAt];
    Fields f;
    f.map = static_cast<Map>(code[1] & 7);
    f.prefix = static_cast<Prefix>(code[2] & 3);
    f.w = (code[2] & 0x80) != 0;
    f.opcode = code[kOpcodeAt];
    f.digit = modrm >> 3 & 7;
    f.reg = f.digit | (p0 >> 4 & 8) | (p0 & 16);
    f.vvvv = (~unsigned{code[2]} >> 3 & 15) | (~unsigned{code[3]} << 1 & 16);
    f.x = p0 >> 3 & 8;
    f.b = p0 >> 2 & 8;
    f.rm = (modrm & 7) | f.b | f.x << 1;
    f.mod = modrm >> 6;
    f.memory = f.mod != 3;
    f.after_modrm = kModrmAt + 1;
    return f;
}

std::string gpr_name(unsigned number, bool wide) {
    constexpr const char* kNames[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    if (number < 8) {
        return fmt::format("{}{}", wide ? "r" : "e", kNames[number]);
    }
    return fmt::format("r{}{}", number, wide ? "" : "d");
}

/// The place of ModRM.rm's operand among the form's.
std::size_t rm_place(const VectorForm& form) {
    switch (form.op.form) {
        case Form::mr:
            return 0;
        case Form::vmi:
            return 1;
        default:
            return form.operands.size() - 1 - form.has_immediate();
    }
}

bool fits(const VectorForm& form, const Fields& f) {
    const VexOp& op = form.op;
    const bool same = op.has_evex() && op.code == f.opcode && op.map == f.map && op.prefix == f.prefix &&
                      ((op.flags & VexOp::kEvexW) != 0) == f.w && (op.form != Form::vmi || number(op.digit) == f.digit);
    const char rm = form.operands[rm_place(form)];
    return same && (rm == 'o' || rm == 'R' || rm == 'Q' || (rm == 'm') == f.memory);
}

i32 displacement(std::span<const u8> code, std::size_t at) {
    i32 value = 0;
    std::memcpy(&value, &code[at], sizeof value);
    return value;
}

/// The memory operand, and where it ends; empty if that is behind the code.
std::string memory_text(std::span<const u8> code, const Fields& f, unsigned shift, std::size_t& end) {
    constexpr const char* kSizes[] = {"byte", "word", "dword", "qword", "xmmword"};
    const bool rip = f.mod == 0 && (f.rm & 7) == 5;
    const bool sib = (f.rm & 7) == 4;
    const std::size_t disp_at = f.after_modrm + sib;
    const std::size_t disp_size = f.mod == 1 ? 1 : f.mod == 2 || rip ? 4 : 0;
    end = disp_at + disp_size;
    if (end > code.size()) {
        return "";
    }
    i64 disp = disp_size == 4 ? displacement(code, disp_at) : 0;
    if (disp_size == 1) {
        disp = i64{static_cast<i8>(code[disp_at])} * (1 << shift);
    }
    std::string text = rip ? "rip" : gpr_name((f.rm & 7) | f.b, true);
    if (sib) {
        const unsigned byte = code[f.after_modrm];
        text = gpr_name((byte & 7) | f.b, true);
        const unsigned index = (byte >> 3 & 7) | f.x;
        if (index != number(Gpr::rsp)) {
            text += " + " + gpr_name(index, true) + (byte >= 64 ? fmt::format("*{}", 1u << (byte >> 6)) : "");
        }
    }
    if (disp != 0) {
        text += fmt::format(" {} {:#x}", disp < 0 ? '-' : '+', disp < 0 ? -disp : disp);
    }
    return fmt::format("{} ptr [{}]", kSizes[shift], text);
}

std::string register_text(char kind, unsigned number) {
    switch (kind) {
        case 'r':
        case 'R':
            return gpr_name(number & 15, false);
        case 'q':
        case 'Q':
            return gpr_name(number & 15, true);
        default:
            return fmt::format("xmm{}", number);
    }
}

std::optional<EvexText> text_of(const VectorForm& form, const Fields& f, std::span<const u8> code) {
    EvexText text;
    text.name = form.evex_mnemonic.empty() ? form.mnemonic : form.evex_mnemonic;
    text.name.erase(0, text.name.rfind(' ') + 1);
    text.size = f.after_modrm;
    const std::size_t count = form.operands.size() - form.has_immediate();
    const std::size_t rm = rm_place(form);
    // What is not in ModRM.rm is in ModRM.reg first, then in vvvv; a shift's digit leaves only the latter.
    bool reg_taken = form.op.form == Form::vmi;
    for (std::size_t i = 0; i < count; i++) {
        text.operands += i == 0 ? "" : ", ";
        if (i == rm && f.memory) {
            text.operands += memory_text(code, f, form.op.disp8_shift, text.size);
        } else if (i == rm) {
            text.operands += register_text(form.operands[i], f.rm);
        } else {
            text.operands += register_text(form.operands[i], reg_taken ? f.vvvv : f.reg);
            reg_taken = true;
        }
    }
    if (form.has_immediate() && text.size < code.size()) {
        text.operands += fmt::format(", {:#x}", code[text.size]);
    }
    text.size += form.has_immediate();
    return text.size <= code.size() ? std::optional(text) : std::nullopt;
}

/// Moves that GNU as encodes in another way, so that vector_forms.def has them not.
constexpr VectorForm kMoves[] = {{"vmovq", vop::vmovq, "xo"}, {"vmovq", vop::vmovq_store, "mx"}};

}  // namespace

std::optional<EvexText> evex_text(std::span<const u8> code) {
    const std::optional<Fields> fields = fields_of(code);
    if (!fields) {
        return std::nullopt;
    }
    const auto is_it = [&](const VectorForm& form) { return fits(form, *fields); };
    if (const auto* form = std::ranges::find_if(kVectorForms, is_it); form != std::end(kVectorForms)) {
        return text_of(*form, *fields, code);
    }
    const auto* move = std::ranges::find_if(kMoves, is_it);
    return move != std::end(kMoves) ? text_of(*move, *fields, code) : std::nullopt;
}

}  // namespace kelvin::x64
