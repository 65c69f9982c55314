// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/host_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "cpu/arm64/system_registers.h"
#include "emit/x64/names.h"

namespace kelvin::translator {

namespace {

constexpr const char* kRecord = ".record";

u64 number_of(const u8* address) {
    return reinterpret_cast<u64>(address);
}

bool is_direct(const Disassembler::Instruction& instruction) {
    return (instruction.name[0] == 'j' || instruction.name == "call") && instruction.operands.starts_with("0x");
}

bool is_padding(const Disassembler::Instruction& instruction) {
    return instruction.name == "nop";
}

u64 hexadecimal(std::string_view text) {
    return std::strtoull(std::string(text).c_str(), nullptr, 16);
}

/// "qword ptr [rbp - 0x10]" has an operand off `base`: the displacement, and where the brackets are.
struct Operand {
    std::size_t begin = 0, end = 0;
    i64 displacement = 0;
};

std::optional<Operand> operand_off(const std::string& operands, std::string_view base) {
    const std::size_t begin = operands.find(fmt::format("[{}", base));
    if (begin == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t end = operands.find(']', begin);
    std::string rest = operands.substr(begin + 1 + base.size(), end - begin - 1 - base.size());
    std::erase(rest, ' ');
    if (rest.size() > 1 && rest[1] == 'r') {
        return std::nullopt;  // an index
    }
    return Operand{begin, end + 1, std::strtoll(rest.c_str(), nullptr, 0)};
}

void remove_all(std::string& text, std::string_view part) {
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part)) {
        text.erase(at, part.size());
    }
}

}  // namespace

HostListing::HostListing(const x64::Backend& backend) : stubs_(backend.stubs()), guest_(backend.pins().guest()) {
    state_names_[offsetof(arm64::State, pstate)] = "pstate";
    state_names_[offsetof(arm64::State, interrupts)] = "interrupts";
    for (const arm64::SystemRegister& row : arm64::system_registers()) {
        if (row.offset >= 0) {
            std::string& name = state_names_[static_cast<u32>(row.offset)];
            name = row.name;
            std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        }
    }
}

std::string HostListing::place_name(i64 displacement) const {
    const auto state_name = state_names_.find(displacement + x64::kStateBias);
    return state_name != state_names_.end() ? state_name->second
                                            : x64::place_name(guest_, static_cast<i32>(displacement));
}

void HostListing::note_functions(const ir::Region& region) {
    functions_.clear();
    for (const ir::Call& call : region.calls) {
        functions_[reinterpret_cast<u64>(call.helper->address())] = call.helper->name;
    }
    const x64::RuntimeCalls& calls = stubs_.calls();
    functions_[reinterpret_cast<u64>(calls.load)] = "load";
    functions_[reinterpret_cast<u64>(calls.store)] = "store";
    functions_[reinterpret_cast<u64>(calls.load_exclusive)] = "load_exclusive";
    functions_[reinterpret_cast<u64>(calls.store_exclusive)] = "store_exclusive";
    functions_[reinterpret_cast<u64>(calls.atomic_rmw)] = "atomic_rmw";
    functions_[reinterpret_cast<u64>(calls.compare_and_swap)] = "compare_and_swap";
    functions_[reinterpret_cast<u64>(calls.read_clock)] = "read_clock";
    functions_.erase(0);
}

void HostListing::decode(const ir::Region& region, const x64::CompiledRegion& compiled, const u8* code, u64 address) {
    note_functions(region);
    lines_.clear();
    targets_.clear();
    records_.clear();
    start_ = address;
    end_ = address + compiled.size;
    cold_start_ = address + compiled.hot_size;
    for (u64 at = start_; at < end_;) {
        const u8* const bytes = code + (at - start_);
        if (records_.contains(at)) {
            x64::FallbackRecord record{};
            std::memcpy(&record, bytes, sizeof record);
            lines_.push_back({at, sizeof record, kRecord, std::string(ir::info(record.op.code).name)});
        } else {
            lines_.push_back(disassembler_.first(bytes, end_ - at, at));
        }
        const Instruction& made = lines_.back();
        at += made.size;
        u64 target = 0;
        if (is_direct(made)) {
            target = hexadecimal(made.operands);
        } else if (const auto operand = operand_off(made.operands, "rip")) {
            target = at + static_cast<u64>(operand->displacement);
            if (made.name == "lea" && target >= start_ && target < end_) {
                records_.insert(target);
            }
        }
        if (target >= start_ && target < end_) {
            targets_.insert(target);
        }
    }
}

void HostListing::name_places(const x64::CompiledRegion& compiled) {
    names_.clear();
    for (const x64::ExitLink& link : compiled.links) {
        names_[number_of(link.unlinked)] = fmt::format("exit_{:#x}", link.page_offset);
    }
    unsigned hot = 0, cold = 0, records = 0;
    for (const u64 target : targets_) {
        if (names_.contains(target)) {
            continue;
        }
        names_[target] = records_.contains(target) ? fmt::format("R{}", ++records)
                         : target < cold_start_    ? fmt::format("L{}", ++hot)
                                                   : fmt::format("C{}", ++cold);
    }
}

std::string HostListing::target_name(u64 address) const {
    if (const auto name = names_.find(address); name != names_.end()) {
        return name->second;
    }
    const std::string stub = stubs_.name_of(reinterpret_cast<const u8*>(address));
    return stub.empty() ? fmt::format("{:#x}", address) : stub;
}

/// The page slot that a miss stub is told in rax, as a displacement; empty if the line does not do that.
std::string HostListing::slot_in_rax(std::size_t line) const {
    const Instruction& instruction = lines_[line];
    if (line + 1 == lines_.size() || instruction.name != "mov" || !instruction.operands.starts_with("rax, ")) {
        return "";
    }
    const Instruction& next = lines_[line + 1];
    if (next.name != "call" || !is_direct(next) || !target_name(hexadecimal(next.operands)).starts_with("miss_")) {
        return "";
    }
    const std::string place = place_name(std::strtoll(instruction.operands.c_str() + 5, nullptr, 0));
    return fmt::format("rax, &{}", place.substr(0, place.rfind('.')));
}

std::string HostListing::operands(std::size_t line) const {
    const Instruction& instruction = lines_[line];
    std::string text = instruction.operands;
    if (is_direct(instruction)) {
        return target_name(hexadecimal(text));
    }
    if (const std::string slot = slot_in_rax(line); !slot.empty()) {
        return slot;
    }
    remove_all(text, " ptr");
    if (const auto operand = operand_off(text, "rbp")) {
        return text.replace(operand->begin, operand->end - operand->begin,
                            fmt::format("[{}]", place_name(operand->displacement)));
    }
    if (const auto operand = operand_off(text, "rip")) {
        const u64 target = instruction.address + instruction.size + static_cast<u64>(operand->displacement);
        return text.replace(operand->begin, operand->end - operand->begin, fmt::format("[{}]", target_name(target)));
    }
    const std::size_t comma = text.find(", 0x");
    if (instruction.name.starts_with("mov") && comma == 3) {  // "rax, " or "eax, "
        const auto function = functions_.find(hexadecimal(text.substr(comma + 2)));
        if (function != functions_.end()) {
            return fmt::format("rax, &{}", function->second);
        }
    }
    return text;
}

std::string HostListing::text_of(std::size_t line) const {
    const std::string text = operands(line);
    // Whether an address takes 64 bits depends on how the program was linked.
    const bool is_function = lines_[line].name == "movabs" && text.find('&') != std::string::npos;
    const std::string name = is_function ? "mov" : lines_[line].name;
    return text.empty() ? fmt::format("    {}\n", name) : fmt::format("    {:<11} {}\n", name, text);
}

HostListing::Parts HostListing::list(const ir::Region& region, const x64::CompiledRegion& compiled, const u8* code,
                                     const u8* address) {
    decode(region, compiled, code, number_of(address));
    name_places(compiled);
    Parts parts;
    bool leaving = false;
    for (std::size_t i = 0; i < lines_.size(); i++) {
        const Instruction& line = lines_[i];
        Part& part = line.address < cold_start_ ? parts.hot : parts.cold;
        const auto label = names_.find(line.address);
        if (label != names_.end()) {
            leaving = label->second.starts_with("exit_");
        }
        if (!leaving) {
            if (label != names_.end()) {
                part.text += fmt::format("{}:\n", label->second);
            }
            if (!is_padding(line)) {
                part.text += text_of(i);
                part.instructions += line.name != kRecord;
            }
        }
    }
    return parts;
}

}  // namespace kelvin::translator
