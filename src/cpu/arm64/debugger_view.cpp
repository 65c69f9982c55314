// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/debugger_view.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/assert.h"
#include "cpu/arm64/registers_control.h"

namespace kelvin::arm64 {

namespace {

/// One or more registers of a kind, numbered on.
struct RegisterGroup {
    std::string_view feature;
    std::string_view name;  ///< with their index behind, if there are several
    std::size_t count;
    unsigned bits;
    std::string_view type;
    u64 (*read)(Cpu&);               ///< null: what is stored at `offset`
    void (*write)(Cpu&, u64 value);  ///< null likewise
    std::size_t offset = 0;
};

constexpr std::string_view kCore = "core", kFpu = "fpu";

u64 read_cpsr(Cpu& cpu) {
    return cpu.state().pstate | cpu.state().nzcv();
}

/// EL0, or EL1 with either stack pointer.
bool is_mode(u32 value) {
    constexpr u32 kEl1 = 1u << pstate::kElShift;
    const u32 mode = value & (pstate::kNrw | pstate::kElMask | 3);
    return mode == 0 || mode == kEl1 || mode == (kEl1 | pstate::kSp);
}

void write_cpsr(Cpu& cpu, u64 value) {
    const u32 wanted = static_cast<u32>(value);
    State& state = cpu.state();
    state.set_nzcv(wanted);
    state.pstate = (state.pstate & ~pstate::kDaif) | (wanted & pstate::kDaif);
    if (is_mode(wanted)) {
        cpu.select_stack(static_cast<ExceptionLevel>((wanted & pstate::kElMask) >> pstate::kElShift),
                         (wanted & pstate::kSp) != 0);
    }
}

/// How it was branched to is of the place where it was.
void write_pc(Cpu& cpu, u64 value) {
    cpu.state().pc = value;
    cpu.state().pstate &= ~pstate::kBtypeMask;
}

void write_fpsr(Cpu& cpu, u64 value) {
    constexpr u32 kFlags = 1u << 27 | 0x9f;  // QC, IDC, IXC, UFC, OFC, DZC, IOC
    cpu.state().fpsr = static_cast<u32>(value) & kFlags;
}

void write_fpcr(Cpu& cpu, u64 value) {
    cpu.state().fpcr = static_cast<u32>(value & control_registers::fpcr_mask(cpu.model()));
}

constexpr auto kGroups = std::to_array<RegisterGroup>({
    {kCore, "x", 31, 64, "int", nullptr, nullptr, offsetof(State, x)},
    {kCore, "sp", 1, 64, "data_ptr", nullptr, nullptr, offsetof(State, sp)},
    {kCore, "pc", 1, 64, "code_ptr", nullptr, write_pc, offsetof(State, pc)},
    {kCore, "cpsr", 1, 32, "cpsr_flags", read_cpsr, write_cpsr},
    {kFpu, "v", 32, 128, "aarch64v", nullptr, nullptr, offsetof(State, v)},
    {kFpu, "fpsr", 1, 32, "int", nullptr, write_fpsr, offsetof(State, fpsr)},
    {kFpu, "fpcr", 1, 32, "int", nullptr, write_fpcr, offsetof(State, fpcr)},
});

struct Found {
    const RegisterGroup& group;
    std::size_t index;
};

Found find(std::size_t number) {
    for (const RegisterGroup& group : kGroups) {
        if (number < group.count) {
            return {group, number};
        }
        number -= group.count;
    }
    KELVIN_ASSERT(false);
    return {kGroups.front(), 0};
}

/// SPSR's layout (ARM ARM C5.2.19).
constexpr std::string_view kCpsrType = R"(<flags id="cpsr_flags" size="4">
<field name="SP" start="0" end="0"/><field name="EL" start="2" end="3"/><field name="nRW" start="4" end="4"/>
<field name="F" start="6" end="6"/><field name="I" start="7" end="7"/><field name="A" start="8" end="8"/>
<field name="D" start="9" end="9"/><field name="BTYPE" start="10" end="11"/><field name="SSBS" start="12" end="12"/>
<field name="IL" start="20" end="20"/><field name="SS" start="21" end="21"/><field name="PAN" start="22" end="22"/>
<field name="UAO" start="23" end="23"/><field name="DIT" start="24" end="24"/><field name="TCO" start="25" end="25"/>
<field name="V" start="28" end="28"/><field name="C" start="29" end="29"/><field name="Z" start="30" end="30"/>
<field name="N" start="31" end="31"/>
</flags>
)";

/// A vector register as each kind of element, by the width of these.
std::string vector_type() {
    struct Elements {
        char letter;
        unsigned bits;
        std::string_view real;  ///< empty: there is none
    };
    constexpr Elements kElements[] = {
        {'q', 128, ""}, {'d', 64, "ieee_double"}, {'s', 32, "ieee_single"}, {'h', 16, "ieee_half"}, {'b', 8, ""}};
    std::string vectors, unions, fields;
    for (const auto& [letter, bits, real] : kElements) {
        const unsigned count = 128 / bits;
        std::string members;
        const auto add = [&](char suffix, std::string_view element) {
            vectors +=
                fmt::format("<vector id=\"v{0}{1}\" type=\"{2}\" count=\"{3}\"/>\n", letter, suffix, element, count);
            members += fmt::format("<field name=\"{1}\" type=\"v{0}{1}\"/>", letter, suffix);
        };
        if (!real.empty()) {
            add('f', real);
        }
        add('u', fmt::format("uint{}", bits));
        add('s', fmt::format("int{}", bits));
        unions += fmt::format("<union id=\"v{}\">{}</union>\n", letter, members);
        fields += fmt::format("<field name=\"{0}\" type=\"v{0}\"/>", letter);
    }
    return vectors + unions + fmt::format("<union id=\"aarch64v\">{}</union>\n", fields);
}

std::string describe_target() {
    return "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
           "<architecture>aarch64</architecture>\n<xi:include href=\"aarch64-core.xml\"/>\n"
           "<xi:include href=\"aarch64-fpu.xml\"/>\n</target>\n";
}

std::string describe_feature(std::string_view feature, std::string_view types) {
    std::string text = fmt::format(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE feature SYSTEM \"gdb-target.dtd\">\n<feature "
        "name=\"org.gnu.gdb.aarch64.{}\">\n{}",
        feature, types);
    for (const RegisterGroup& group : kGroups) {
        for (std::size_t i = 0; group.feature == feature && i < group.count; i++) {
            const std::string name = std::string(group.name) + (group.count > 1 ? std::to_string(i) : "");
            text += fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\"/>\n", name, group.bits, group.type);
        }
    }
    return text + "</feature>\n";
}

}  // namespace

std::size_t DebuggerView::register_count() {
    std::size_t count = 0;
    for (const RegisterGroup& group : kGroups) {
        count += group.count;
    }
    return count;
}

unsigned DebuggerView::register_size(std::size_t number) {
    return find(number).group.bits / 8;
}

std::vector<u8> DebuggerView::read_register(std::size_t number) const {
    const auto [group, index] = find(number);
    std::vector<u8> bytes(group.bits / 8);
    if (group.read != nullptr) {
        const u64 value = group.read(cpu_);
        std::memcpy(bytes.data(), &value, bytes.size());
    } else {
        const u8* const state = reinterpret_cast<const u8*>(&cpu_.state());
        std::memcpy(bytes.data(), state + group.offset + index * bytes.size(), bytes.size());
    }
    return bytes;
}

void DebuggerView::write_register(std::size_t number, std::span<const u8> bytes) {
    const auto [group, index] = find(number);
    KELVIN_ASSERT(bytes.size() == group.bits / 8);
    if (group.write != nullptr) {
        u64 value = 0;
        std::memcpy(&value, bytes.data(), bytes.size());
        group.write(cpu_, value);
    } else {
        u8* const state = reinterpret_cast<u8*>(&cpu_.state());
        std::memcpy(state + group.offset + index * bytes.size(), bytes.data(), bytes.size());
    }
}

std::string DebuggerView::description(std::string_view file) {
    if (file == "target.xml") {
        return describe_target();
    }
    if (file == "aarch64-core.xml") {
        return describe_feature(kCore, kCpsrType);
    }
    return file == "aarch64-fpu.xml" ? describe_feature(kFpu, vector_type()) : "";
}

void DebuggerView::set_pc(u64 address) {
    write_pc(cpu_, address);
}

/// Permissions and flags of pages are for programs: EL1 may read whatever is mapped, and looking marks nothing.
std::optional<Gpa> DebuggerView::translate(const memory::AddressMap& memory, Gva address) const {
    TranslationRegime regime = cpu_.regime();
    regime.hardware_access_flag = true;
    AccessType type;
    type.address_translate = true;
    const TranslationResult result = arm64::translate(regime, memory, address, type);
    return result.faulted() ? std::nullopt : std::optional(result.translation().physical);
}

}  // namespace kelvin::arm64
