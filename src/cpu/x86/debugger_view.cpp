// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/debugger_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/assert.h"

namespace kelvin::x86 {

namespace {

constexpr std::string_view kCore = "org.gnu.gdb.i386.core", kSse = "org.gnu.gdb.i386.sse",
                           kSegments = "org.gnu.gdb.i386.segments", kSystem = "org.kelvin.x86.system";

/// Where a register is kept. What it has more than that reads as zero.
struct Place {
    std::size_t offset;  ///< in State
    std::size_t size;
};
constexpr Place kNowhere = {0, 0};

struct Register {
    std::string_view feature;
    std::string name;
    std::size_t bits;
    std::string_view type;
    Place place;
    bool is_tag_word = false;
};

constexpr std::size_t kFp = offsetof(State, fp);

void add_core(std::vector<Register>& all) {
    constexpr std::array<std::string_view, 8> kNames = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"};
    for (const unsigned number : {0u, 3u, 1u, 2u, 6u, 7u, 5u, 4u, 8u, 9u, 10u, 11u, 12u, 13u, 14u, 15u}) {
        const bool points = number == 4 || number == 5;
        all.push_back({kCore,
                       number < kNames.size() ? std::string(kNames[number]) : fmt::format("r{}", number),
                       64,
                       points ? "data_ptr" : "int64",
                       {offsetof(State, general) + 8 * number, 8}});
    }
    all.push_back({kCore, "rip", 64, "code_ptr", {offsetof(State, rip), 8}});
    all.push_back({kCore, "eflags", 32, "i386_eflags", {offsetof(State, rflags), 4}});
    constexpr std::pair<std::string_view, SegmentName> kSegmentNames[] = {{"cs", cs}, {"ss", ss}, {"ds", ds},
                                                                          {"es", es}, {"fs", fs}, {"gs", gs}};
    for (const auto& [name, segment] : kSegmentNames) {
        const std::size_t at = offsetof(State, segments) + sizeof(Segment) * segment + offsetof(Segment, selector);
        all.push_back({kCore, std::string(name), 32, "int32", {at, 2}});
    }
}

void add_floating_point(std::vector<Register>& all) {
    for (unsigned number = 0; number < 8; ++number) {
        all.push_back({kCore,
                       fmt::format("st{}", number),
                       80,
                       "i387_ext",
                       {kFp + offsetof(FloatingPoint, st) + 16 * number, 10}});
    }
    const auto word = [&](std::string_view name, Place place, bool is_tag_word = false) {
        all.push_back({kCore, std::string(name), 32, "int", place, is_tag_word});
    };
    word("fctrl", {kFp + offsetof(FloatingPoint, control), 2});
    word("fstat", {kFp + offsetof(FloatingPoint, status), 2});
    word("ftag", kNowhere, true);
    word("fiseg", kNowhere);
    word("fioff", {kFp + offsetof(FloatingPoint, instruction), 4});
    word("foseg", kNowhere);
    word("fooff", {kFp + offsetof(FloatingPoint, operand), 4});
    word("fop", {kFp + offsetof(FloatingPoint, opcode), 2});
    for (unsigned number = 0; number < 16; ++number) {
        all.push_back({kSse,
                       fmt::format("xmm{}", number),
                       128,
                       "vec128",
                       {kFp + offsetof(FloatingPoint, xmm) + 16 * number, 16}});
    }
    all.push_back({kSse, "mxcsr", 32, "i386_mxcsr", {kFp + offsetof(FloatingPoint, mxcsr), 4}});
}

void add_system(std::vector<Register>& all) {
    const auto base = [](SegmentName segment) {
        return Place{offsetof(State, segments) + sizeof(Segment) * segment + offsetof(Segment, base), 8};
    };
    all.push_back({kSegments, "fs_base", 64, "int", base(fs)});
    all.push_back({kSegments, "gs_base", 64, "int", base(gs)});
    const std::pair<std::string_view, std::size_t> others[] = {{"k_gs_base", offsetof(State, kernel_gs_base)},
                                                               {"cr0", offsetof(State, cr0)},
                                                               {"cr2", offsetof(State, cr2)},
                                                               {"cr3", offsetof(State, cr3)},
                                                               {"cr4", offsetof(State, cr4)},
                                                               {"cr8", offsetof(State, cr8)},
                                                               {"efer", offsetof(State, efer)}};
    for (const auto& [name, offset] : others) {
        all.push_back({kSystem, std::string(name), 64, "int", {offset, 8}});
    }
}

const std::vector<Register>& registers() {
    static const std::vector<Register> all = [] {
        std::vector<Register> made;
        add_core(made);
        add_floating_point(made);
        add_system(made);
        return made;
    }();
    return all;
}

/// SDM volume 1, 8.1.7: two bits a register. What FXSAVE does not keep follows from what is in it; they are numbered
/// from the bottom of the stack, unlike ST0 to ST7.
u16 tag_word(const FloatingPoint& fp) {
    u16 word = 0;
    for (unsigned number = 0; number < 8; ++number) {
        const unsigned top = fp.status >> 11 & 7;
        const std::array<u8, 16>& value = fp.st[(number - top) & 7];
        u64 fraction = 0;
        std::memcpy(&fraction, value.data(), 8);
        const unsigned exponent = static_cast<unsigned>(value[8] | value[9] << 8) & 0x7fff;
        constexpr unsigned kValid = 0, kZero = 1, kSpecial = 2, kEmpty = 3;
        unsigned tag = kValid;
        if ((fp.tags >> number & 1) == 0) {
            tag = kEmpty;
        } else if (exponent == 0 && fraction == 0) {
            tag = kZero;
        } else if (exponent == 0 || exponent == 0x7fff || fraction >> 63 == 0) {
            tag = kSpecial;
        }
        word = static_cast<u16>(word | tag << 2 * number);
    }
    return word;
}

u8 short_tags(u16 word) {
    u8 tags = 0;
    for (unsigned number = 0; number < 8; ++number) {
        tags = static_cast<u8>(tags | ((word >> 2 * number & 3) != 3 ? 1 << number : 0));
    }
    return tags;
}

constexpr std::string_view kTypes = R"(<flags id="i386_eflags" size="4">
<field name="CF" start="0" end="0"/><field name="PF" start="2" end="2"/><field name="AF" start="4" end="4"/>
<field name="ZF" start="6" end="6"/><field name="SF" start="7" end="7"/><field name="TF" start="8" end="8"/>
<field name="IF" start="9" end="9"/><field name="DF" start="10" end="10"/><field name="OF" start="11" end="11"/>
<field name="IOPL" start="12" end="13"/><field name="NT" start="14" end="14"/><field name="RF" start="16" end="16"/>
<field name="VM" start="17" end="17"/><field name="AC" start="18" end="18"/><field name="VIF" start="19" end="19"/>
<field name="VIP" start="20" end="20"/><field name="ID" start="21" end="21"/>
</flags>
)";

constexpr std::string_view kVectorTypes = R"(<vector id="v4f" type="ieee_single" count="4"/>
<vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/>
<vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/>
<vector id="v2i64" type="int64" count="2"/>
<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/>
<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>
<flags id="i386_mxcsr" size="4">
<field name="IE" start="0" end="0"/><field name="DE" start="1" end="1"/><field name="ZE" start="2" end="2"/>
<field name="OE" start="3" end="3"/><field name="UE" start="4" end="4"/><field name="PE" start="5" end="5"/>
<field name="DAZ" start="6" end="6"/><field name="IM" start="7" end="7"/><field name="DM" start="8" end="8"/>
<field name="ZM" start="9" end="9"/><field name="OM" start="10" end="10"/><field name="UM" start="11" end="11"/>
<field name="PM" start="12" end="12"/><field name="RC" start="13" end="14"/><field name="FZ" start="15" end="15"/>
</flags>
)";

std::string describe_feature(std::string_view feature, std::string_view types) {
    std::string text = fmt::format("<feature name=\"{}\">\n{}", feature, types);
    for (const Register& one : registers()) {
        if (one.feature == feature) {
            text += fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\"/>\n", one.name, one.bits, one.type);
        }
    }
    return text + "</feature>\n";
}

}  // namespace

std::size_t debugger_register_count() {
    return registers().size();
}

std::size_t debugger_register_size(std::size_t number) {
    return registers().at(number).bits / 8;
}

std::optional<std::size_t> find_debugger_register(std::string_view name) {
    const auto found = std::ranges::find(registers(), name, &Register::name);
    return found != registers().end() ? std::optional(static_cast<std::size_t>(found - registers().begin()))
                                      : std::nullopt;
}

std::vector<u8> read_debugger_register(const State& state, std::size_t number) {
    const Register& one = registers().at(number);
    std::vector<u8> bytes(one.bits / 8);
    if (one.is_tag_word) {
        const u16 word = tag_word(state.fp);
        std::memcpy(bytes.data(), &word, sizeof word);
    } else {
        std::memcpy(bytes.data(), reinterpret_cast<const u8*>(&state) + one.place.offset, one.place.size);
    }
    return bytes;
}

void write_debugger_register(State& state, std::size_t number, std::span<const u8> bytes) {
    const Register& one = registers().at(number);
    KELVIN_ASSERT(bytes.size() == one.bits / 8);
    if (one.is_tag_word) {
        state.fp.tags = short_tags(static_cast<u16>(bytes[0] | bytes[1] << 8));
    } else {
        std::memcpy(reinterpret_cast<u8*>(&state) + one.place.offset, bytes.data(), one.place.size);
    }
}

std::string debugger_description(std::string_view file) {
    if (file != "target.xml") {
        return {};
    }
    return "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
           "<architecture>i386:x86-64</architecture>\n" +
           describe_feature(kCore, kTypes) + describe_feature(kSse, kVectorTypes) + describe_feature(kSegments, "") +
           describe_feature(kSystem, "") + "</target>\n";
}

}  // namespace kelvin::x86
