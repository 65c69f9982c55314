// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/composition.h"

#include <algorithm>
#include <cstring>

#include "cpu/x86/cache_leaves.h"

namespace kelvin::x86 {

namespace {

using enum CpuidRegister;

constexpr u32 kExtended = 0x8000'0000;
constexpr u32 kHypervisor = 0x4000'0000;

u32 text_word(std::string_view text, size_t at) {
    u32 word = 0;
    if (at < text.size()) {
        std::memcpy(&word, text.data() + at, std::min<size_t>(4, text.size() - at));
    }
    return word;
}

/// SDM volume 2A, figure 3-6: families beyond 15 and models beyond 15 have fields of their own.
u32 version(const Signature& signature) {
    const u32 family = std::min(signature.family, u32{15});
    return (signature.family - family) << 20 | (signature.model >> 4) << 16 | family << 8 |
           (signature.model & 15) << 4 | signature.stepping;
}

bool has(const Processor& processor, std::string_view name) {
    const Feature* const feature = find_feature(name);
    return feature != nullptr && has_feature(processor, *feature);
}

class Composer {
  public:
    Composer(const Composition& what, const Processor& possible) : what_(what), possible_(possible) {}

    Processor compose() {
        for (const Feature* const feature : what_.features) {
            set_feature(processor_, *feature, true);
        }
        basic_leaves();
        extended_leaves();
        state_leaves();
        hypervisor_leaves();
        for (const u32 tiles : {0x1du, 0x1eu}) {
            if (has(processor_, "amx-tile")) {
                copy(tiles);
            }
        }
        levels();
        return std::move(processor_);
    }

  private:
    bool is_amd() const { return what_.signature.vendor == kAmd || what_.signature.vendor == kHygon; }
    CpuidLeaf& leaf(u32 function, u32 index = 0) {
        CpuidLeaf* const found = processor_.cpuid.find(function, index);
        return found != nullptr ? *found : processor_.cpuid.add(function, index);
    }
    void copy(u32 function) {
        for (const CpuidLeaf& from : possible_.cpuid.leaves()) {
            if (from.function == function) {
                leaf(function, from.index.value_or(0)).registers = from.registers;
            }
        }
    }
    void basic_leaves();
    void extended_leaves();
    void state_leaves();
    void hypervisor_leaves();
    void levels();

    const Composition& what_;
    const Processor& possible_;
    Processor processor_;
};

void Composer::basic_leaves() {
    CpuidLeaf& first = leaf(1);
    first[eax] = version(what_.signature);
    constexpr u32 kFlushedLine = 8 << 8;  // of 64 bytes
    first[ebx] = kFlushedLine;
    leaf(6);
    if (!is_amd()) {
        add_intel_caches(processor_.cpuid, what_.caches, what_.has_last_cache);
    }
    if (what_.level >= 0xb) {
        leaf(0xb);
    }
    u32 deepest = 0;
    for (const CpuidLeaf& one : processor_.cpuid.leaves()) {
        deepest = one.function == 7 ? std::max(deepest, one.index.value_or(0)) : deepest;
    }
    leaf(7)[eax] = deepest;
}

void Composer::extended_leaves() {
    for (u32 part = 0; part < 3; ++part) {
        for (u32 word = 0; word < 4; ++word) {
            leaf(kExtended + 2 + part).registers[word] = text_word(what_.brand, part * 16 + word * 4);
        }
    }
    CpuidLeaf& first = leaf(kExtended + 1);
    first[eax] = version(what_.signature);
    if (is_amd()) {
        constexpr u32 kAlsoInLeaf1 = 0x0183'f3ff;  // APM volume 3, E.4.2
        first[edx] = (first[edx] & ~kAlsoInLeaf1) | ((*processor_.cpuid.find(1))[edx] & kAlsoInLeaf1);
    }
    add_amd_caches(processor_.cpuid, what_.caches, what_.has_last_cache, has(processor_, "topoext"));
    leaf(kExtended + 7);
    const u32 virtual_bits = has(processor_, "la57") ? 57 : 48;
    leaf(kExtended + 8)[eax] = has(processor_, "lm") ? what_.physical_bits | virtual_bits << 8 : what_.physical_bits;
    if (has(processor_, "topoext")) {
        leaf(kExtended + 0x1e);
    }
    if (has(processor_, "svm")) {
        constexpr u32 kRevision = 1;
        constexpr u32 kAddressSpaces = 16;
        leaf(kExtended + 0xa)[eax] = kRevision;
        leaf(kExtended + 0xa)[ebx] = kAddressSpaces;
    } else {
        processor_.cpuid.remove(kExtended + 0xa);
    }
}

/// SDM volume 1, 13.2: which features have states of their own, by number; x87 and SSE are 0 and 1.
void Composer::state_leaves() {
    if (!has(processor_, "xsave")) {
        processor_.cpuid.remove(0xd);
        return;
    }
    struct State {
        u32 number;
        std::string_view feature;
    };
    constexpr State kStates[] = {{2, "avx"},     {3, "mpx"}, {4, "mpx"},       {5, "avx512f"},  {6, "avx512f"},
                                 {7, "avx512f"}, {9, "pku"}, {17, "amx-tile"}, {18, "amx-tile"}};
    u32 states = 3;
    u32 size = 576;
    for (const State& state : kStates) {
        const CpuidLeaf* const from = possible_.cpuid.find(0xd, state.number);
        if (from == nullptr || (*from)[eax] == 0 || !has(processor_, state.feature)) {
            continue;
        }
        states |= u32{1} << state.number;
        size = std::max(size, (*from)[eax] + (*from)[ebx]);
        leaf(0xd, state.number).registers = from->registers;
    }
    leaf(0xd, 0).registers = {states, size, size, 0};
    leaf(0xd, 1);
}

/// The features are in the second of its leaves. "kvm=off" takes both away, afterwards.
void Composer::hypervisor_leaves() {
    if (!has(processor_, "hypervisor")) {
        processor_.cpuid.remove(kHypervisor + 1);
        return;
    }
    copy(kHypervisor);
    leaf(kHypervisor + 1);
}

/// What features need is there, though a model's own number may be lower.
void Composer::levels() {
    u32 basic = what_.level;
    u32 extended = what_.extended_level;
    for (const CpuidLeaf& one : processor_.cpuid.leaves()) {
        const bool is_empty = std::ranges::all_of(one.registers, [](u32 value) { return value == 0; });
        if (is_empty) {
            continue;
        }
        if (one.function < kHypervisor && one.function != 4) {
            basic = std::max(basic, one.function);
        } else if (one.function >= kExtended && one.function > kExtended + 8) {
            extended = std::max(extended, one.function);
        }
    }
    const std::string_view vendor = what_.signature.vendor;
    const u32 b = text_word(vendor, 0);
    const u32 d = text_word(vendor, 4);
    const u32 c = text_word(vendor, 8);
    for (u32 function = basic + 1; function < 0x100; ++function) {
        processor_.cpuid.remove(function);
    }
    // Whoever asks for more gets the highest (SDM volume 2A, CPUID): it has to be there.
    leaf(basic);
    leaf(0).registers = {basic, b, c, d};
    leaf(kExtended).registers = {extended, b, c, d};
}

}  // namespace

Processor compose(const Composition& what, const Processor& possible) {
    return Composer(what, possible).compose();
}

}  // namespace kelvin::x86
