// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "ir/text.h"
#include "ir/text_names.h"

namespace kelvin::ir {

namespace {

std::string value_name(Value value) {
    return value == kNoValue ? "?" : fmt::format("v{}", index(value));
}

class Printer {
  public:
    Printer(const Region& region, Value value) : region_(region), op_(region.op(value)), value_(value) {}

    std::string line() {
        const ResultKind result = info(op_.code).result;
        const bool makes_value = result != ResultKind::N && !(result == ResultKind::C && op_.type == Type::none);
        text_ = makes_value ? value_name(value_) + " = " : "";
        text_ += names::of_op(op_.code);
        suffixes();
        if (imm_kind(op_.code) == ImmKind::call) {
            call();
        } else {
            operands();
        }
        return text_;
    }

  private:
    void suffixes() {
        const ResultKind result = info(op_.code).result;
        const bool implied = result == ResultKind::S || result == ResultKind::C || op_.code == Opcode::set;
        if (!implied && op_.type != default_type(op_.code)) {
            suffix(names::name(names::kTypes, static_cast<std::size_t>(op_.type)));
        }
        const auto aux_names = names::of_aux(aux_kind(op_.code));
        if (!aux_names.empty() && !names::is_implied(aux_kind(op_.code), op_.aux)) {
            suffix(names::name(aux_names, op_.aux));
        }
        if (imm_kind(op_.code) == ImmKind::shape) {
            suffix(names::name(names::kShapes, op_.imm));
        }
    }

    void suffix(std::string_view name) {
        text_ += '.';
        text_ += name;
    }

    void operand(const std::string& text) {
        text_ += first_ ? " " : ", ";
        text_ += text;
        first_ = false;
    }

    void operands() {
        const ImmKind kind = imm_kind(op_.code);
        if (kind == ImmKind::slot) {
            operand(slot_name(op_.imm));
        }
        const Value values[] = {op_.a, op_.b, op_.c};
        for (unsigned i = 0; i < info(op_.code).arguments.size(); ++i) {
            operand(i == 0 && kind == ImmKind::memory ? address() : value_name(values[i]));
        }
        numbers(kind);
        if (kind == ImmKind::memory) {
            memory();
        }
    }

    void numbers(ImmKind kind) {
        switch (aux_kind(op_.code)) {
            case AuxKind::low_bit:
            case AuxKind::position:
                operand(fmt::format("{}", op_.aux));
                break;
            case AuxKind::size_log2:
                operand(fmt::format("{}", u64{1} << (op_.aux & 63)));
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
                operand(fmt::format("b{}", op_.imm));
                if (is_conditional(op_.code)) {
                    operand(fmt::format("b{}", index(op_.c)));
                }
                break;
            case ImmKind::signed_number:
                operand(fmt::format("{:#x}", static_cast<i64>(op_.imm)));
                break;
            case ImmKind::branch_type:
                if (op_.imm != 0) {
                    operand(fmt::format("{}", op_.imm));
                }
                break;
            case ImmKind::number:
            case ImmKind::page_offset:
            case ImmKind::field:
            case ImmKind::nzcv:
            case ImmKind::conversion:
                operand(fmt::format("{:#x}", op_.imm));
                break;
            default:
                operand(fmt::format("{}", op_.imm));
                break;
        }
    }

    std::string address() const {
        const i64 offset = op_.offset();
        return offset == 0 ? fmt::format("[{}]", value_name(op_.a))
                           : fmt::format("[{} {} {}]", value_name(op_.a), offset < 0 ? '-' : '+', std::abs(offset));
    }

    void memory() {
        const MemInfo memory = op_.memory();
        text_ += fmt::format(" {{size {}", 1u << memory.size_log2);
        if (memory.base != MemInfo::kNoBase) {
            text_ += ", base " + slot_name(memory.base);
        }
        text_ += memory.sign_extend ? ", signed" : "";
        text_ += memory.unprivileged ? ", unprivileged" : "";
        text_ += memory.aligned ? ", aligned" : "";
        text_ += memory.pair ? ", pair" : "";
        text_ += memory.zeroes ? ", zeroes" : "";
        text_ += memory.scattered ? ", scattered" : "";
        if (memory.order != Order::plain) {
            text_ += ", ";
            text_ += names::name(names::kOrders, static_cast<std::size_t>(memory.order));
        }
        text_ += "}";
    }

    void call() {
        if (op_.imm >= region_.calls.size()) {
            text_ += " ?";
            return;
        }
        const Call& call = region_.calls[op_.imm];
        text_ += " ";
        text_ += call.helper->name;
        text_ += "(";
        for (unsigned i = 0; i < call.helper->argument_count; ++i) {
            text_ += i == 0 ? "" : ", ";
            text_ += value_name(call.arguments[i]);
        }
        text_ += ")";
    }

    std::string slot_name(u64 slot) const {
        return slot < region_.guest->slots.size() ? region_.guest->slots[slot].name : fmt::format("slot{}", slot);
    }

    const Region& region_;
    const Op& op_;
    Value value_;
    std::string text_;
    bool first_ = true;
};

}  // namespace

std::string print(const Region& region, Value value) {
    return Printer(region, value).line();
}

std::string print(const Region& region) {
    std::string text;
    if (region.fp.fpcr != 0) {
        text += fmt::format("fpcr {:#x}\n", region.fp.fpcr);
    }
    std::vector<u32> order;
    for (u32 block = 0; block < region.blocks.size(); ++block) {
        order.push_back(block);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](u32 a, u32 b) { return region.blocks[a].first < region.blocks[b].first; });
    for (const u32 block : order) {
        text += fmt::format("b{}:\n", block);
        const u32 end = std::min(region.blocks[block].end, static_cast<u32>(region.ops.size()));
        for (u32 i = region.blocks[block].first; i < end; ++i) {
            if (region.ops[i].code != Opcode::nop) {
                text += fmt::format("  {}\n", print(region, Value{i}));
            }
        }
    }
    return text;
}

}  // namespace kelvin::ir
