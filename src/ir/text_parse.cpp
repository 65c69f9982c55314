// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "ir/text.h"
#include "ir/text_names.h"

namespace kelvin::ir {

namespace {

using Values = std::map<std::string, Value, std::less<>>;

constexpr u32 kMaxBlocks = 4096;  ///< so that a mistyped number does not ask for all memory

bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '?';
}

/// Takes one line apart. The first thing that is wrong is kept as the error; what follows then gives nonsense, quietly.
class Line {
  public:
    explicit Line(std::string_view text) : rest_(text.substr(0, text.find(';'))) { skip(); }

    bool at_end() const { return rest_.empty(); }
    const std::string& error() const { return error_; }
    void fail(std::string what) {
        if (error_.empty()) {
            error_ = std::move(what);
        }
    }

    bool accept(std::string_view text) {
        if (!rest_.starts_with(text)) {
            return false;
        }
        rest_.remove_prefix(text.size());
        skip();
        return true;
    }
    void expect(std::string_view text) {
        if (!accept(text)) {
            fail(fmt::format("'{}' is missing before '{}'", text, rest_));
        }
    }

    std::string_view word() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
        const std::string_view result = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        if (result.empty()) {
            fail(fmt::format("a word is missing before '{}'", rest_));
        }
        rest_.remove_prefix(result.size());
        skip();
        return result;
    }

    u64 number() {
        const bool negative = accept("-");
        std::string_view digits = word();
        const int base = digits.starts_with("0x") ? 16 : 10;
        digits.remove_prefix(base == 16 ? 2 : 0);
        u64 value = 0;
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (problem != std::errc{} || end != digits.data() + digits.size()) {
            fail(fmt::format("'{}' is not a number", digits));
        }
        return negative ? 0 - value : value;
    }

  private:
    void skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size())); }

    std::string_view rest_;
    std::string error_;
};

class Parser {
  public:
    Parser(const GuestDesc& guest, std::span<const Helper* const> helpers) : helpers_(helpers) {
        region_.guest = &guest;
    }

    Result<Region> parse(std::string_view text) {
        for (unsigned number = 1; !text.empty(); ++number) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            Line line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            if (!line.at_end()) {
                statement(line);
            }
            if (!line.error().empty()) {
                return user_error(fmt::format("line {}: {}", number, line.error()));
            }
        }
        end_block();
        return std::move(region_);
    }

  private:
    void statement(Line& line) {
        const std::string first(line.word());
        if (line.accept(":")) {
            begin_block(line, first);
        } else if (first == "fpcr") {
            region_.fp.fpcr = static_cast<u32>(line.number());
        } else if (line.accept("=")) {
            const std::string_view name = line.word();
            op(line, name);
            values_[first] = Value{static_cast<u32>(region_.ops.size() - 1)};
        } else {
            op(line, first);
        }
        if (!line.at_end()) {
            line.fail("too much in the line");
        }
    }

    void begin_block(Line& line, std::string_view name) {
        end_block();
        block_ = block_number(line, name);
        if (region_.blocks.size() <= block_) {
            region_.blocks.resize(block_ + 1);
        }
        region_.blocks[block_].first = static_cast<u32>(region_.ops.size());
        in_block_ = true;
    }

    void end_block() {
        if (in_block_) {
            region_.blocks[block_].end = static_cast<u32>(region_.ops.size());
        }
    }

    static u32 block_number(Line& line, std::string_view name) {
        u32 number = 0;
        const bool named = name.starts_with('b');
        const auto [end, problem] = std::from_chars(name.data() + (named ? 1 : 0), name.data() + name.size(), number);
        if (!named || problem != std::errc{} || end != name.data() + name.size() || number >= kMaxBlocks) {
            line.fail(fmt::format("'{}' is not a block", name));
            return 0;
        }
        return number;
    }

    void op(Line& line, std::string_view name) {
        Op op{.code = opcode(line, name)};
        op.type = default_type(op.code);
        suffixes(line, op);
        if (imm_kind(op.code) == ImmKind::call) {
            call(line, op);
        } else {
            operands(line, op);
        }
        region_.ops.push_back(op);
    }

    static Opcode opcode(Line& line, std::string_view name) {
        for (u16 i = 0; i < static_cast<u16>(Opcode::count); ++i) {
            if (names::of_op(static_cast<Opcode>(i)) == name) {
                return static_cast<Opcode>(i);
            }
        }
        line.fail(fmt::format("'{}' is not an op", name));
        return Opcode::nop;
    }

    static void suffixes(Line& line, Op& op) {
        const auto aux_names = names::of_aux(aux_kind(op.code));
        bool want_aux = !aux_names.empty();
        bool want_shape = imm_kind(op.code) == ImmKind::shape;
        while (line.accept(".")) {
            const std::string_view suffix = line.word();
            if (const auto type = names::find(names::kTypes, suffix)) {
                op.type = static_cast<Type>(*type);
            } else if (const auto aux = names::find(aux_names, suffix); aux && want_aux) {
                op.aux = static_cast<u8>(*aux);
                want_aux = false;
            } else if (const auto shape = names::find(names::kShapes, suffix); shape && want_shape) {
                op.imm = *shape;
                want_shape = false;
            } else {
                line.fail(fmt::format("'.{}' does not fit the op", suffix));
            }
        }
        if ((want_aux && !names::is_implied(aux_kind(op.code), 0)) || want_shape) {
            line.fail("the op's lane, shape or kind is missing");
        }
    }

    Value value(Line& line) {
        const std::string_view name = line.word();
        const auto found = values_.find(name);
        if (found == values_.end()) {
            line.fail(fmt::format("'{}' is not a value", name));
            return kNoValue;
        }
        return found->second;
    }

    u32 slot(Line& line) {
        const std::string_view name = line.word();
        const auto slots = region_.guest->slots;
        const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.name == name; });
        if (found == slots.end()) {
            line.fail(fmt::format("'{}' is not a register", name));
            return 0;
        }
        return static_cast<u32>(found - slots.begin());
    }

    void separate(Line& line) {
        if (!first_) {
            line.expect(",");
        }
        first_ = false;
    }

    void operands(Line& line, Op& op) {
        const ImmKind kind = imm_kind(op.code);
        first_ = true;
        if (kind == ImmKind::slot) {
            separate(line);
            op.imm = slot(line);
            op.type = region_.guest->slots[op.imm].type;
        }
        Value* const values[] = {&op.a, &op.b, &op.c};
        i32 offset = 0;
        for (unsigned i = 0; i < info(op.code).arguments.size(); ++i) {
            separate(line);
            if (i == 0 && kind == ImmKind::memory) {
                offset = address(line, op);
            } else {
                *values[i] = value(line);
            }
        }
        numbers(line, op, kind);
        if (kind == ImmKind::memory) {
            op.imm = pack_memory(memory(line), offset);
        }
    }

    void numbers(Line& line, Op& op, ImmKind kind) {
        switch (aux_kind(op.code)) {
            case AuxKind::low_bit:
            case AuxKind::position:
                separate(line);
                op.aux = static_cast<u8>(line.number());
                break;
            case AuxKind::size_log2:
                separate(line);
                op.aux = size_log2(line);
                break;
            default:
                break;
        }
        switch (kind) {
            case ImmKind::none:
            case ImmKind::memory:
            case ImmKind::call:
            case ImmKind::slot:
            case ImmKind::shape:
                break;
            case ImmKind::block:
                separate(line);
                op.imm = block_number(line, line.word());
                if (is_conditional(op.code)) {
                    separate(line);
                    op.c = Value{block_number(line, line.word())};
                }
                break;
            case ImmKind::branch_type:
                op.imm = line.accept(",") ? line.number() : 0;
                break;
            default:
                separate(line);
                op.imm = line.number();
                break;
        }
    }

    static u8 size_log2(Line& line) {
        const u64 size = line.number();
        if (!std::has_single_bit(size)) {
            line.fail("the size is not a power of two");
        }
        return static_cast<u8>(std::bit_width(size | 1) - 1);
    }

    i32 address(Line& line, Op& op) {
        line.expect("[");
        op.a = value(line);
        u64 offset = 0;
        if (line.accept("+")) {
            offset = line.number();
        } else if (line.accept("-")) {
            offset = 0 - line.number();
        }
        line.expect("]");
        return static_cast<i32>(offset);
    }

    MemInfo memory(Line& line) {
        MemInfo result;
        line.expect("{");
        do {
            const std::string_view word = line.word();
            if (word == "size") {
                result.size_log2 = size_log2(line);
            } else if (word == "base") {
                result.base = static_cast<u8>(slot(line));
            } else if (word == "signed") {
                result.sign_extend = true;
            } else if (word == "unprivileged") {
                result.unprivileged = true;
            } else if (word == "pair") {
                result.pair = true;
            } else if (word == "zeroes") {
                result.zeroes = true;
            } else if (word == "scattered") {
                result.scattered = true;
            } else if (word == "aligned") {
                result.aligned = true;
            } else if (const auto order = names::find(names::kOrders, word)) {
                result.order = static_cast<Order>(*order);
            } else {
                line.fail(fmt::format("'{}' is not an attribute of an access", word));
            }
        } while (line.accept(","));
        line.expect("}");
        return result;
    }

    void call(Line& line, Op& op) {
        const std::string_view name = line.word();
        const auto found =
            std::find_if(helpers_.begin(), helpers_.end(), [&](const Helper* h) { return h->name == name; });
        if (found == helpers_.end()) {
            line.fail(fmt::format("'{}' is not a helper", name));
            return;
        }
        Call call{.helper = *found};
        call.arguments.fill(kNoValue);
        line.expect("(");
        for (unsigned i = 0; i < call.helper->argument_count; ++i) {
            if (i != 0) {
                line.expect(",");
            }
            call.arguments[i] = value(line);
        }
        line.expect(")");
        op.type = call.helper->result;
        op.imm = region_.calls.size();
        region_.calls.push_back(call);
    }

    Region region_;
    std::span<const Helper* const> helpers_;
    Values values_;
    u32 block_ = 0;
    bool in_block_ = false;
    bool first_ = true;  ///< no operand of the line has been seen
};

}  // namespace

Result<Region> parse(std::string_view text, const GuestDesc& guest, std::span<const Helper* const> helpers) {
    return Parser(guest, helpers).parse(text);
}

}  // namespace kelvin::ir
