// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/cpuid.h"

#include <algorithm>
#include <bit>

namespace kelvin::x86 {

namespace {

using enum CpuidRegister;

/// Whether a leaf looks at ECX.
bool has_index(u32 function) {
    constexpr u32 kWithIndex[] = {4, 7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x17, 0x18, 0x1d, 0x1e, 0x1f, 0x8000'001d};
    return std::ranges::find(kWithIndex, function) != std::end(kWithIndex);
}

}  // namespace

CpuidLeaf* Cpuid::find(u32 function, u32 index) {
    const auto found = std::ranges::find_if(leaves_, [=](const CpuidLeaf& leaf) {
        return leaf.function == function && leaf.index.value_or(index) == index;
    });
    return found != leaves_.end() ? &*found : nullptr;
}

CpuidLeaf& Cpuid::add(u32 function, u32 index, const std::array<u32, 4>& registers) {
    return leaves_.emplace_back(
        CpuidLeaf{function, has_index(function) ? std::optional(index) : std::nullopt, registers});
}

namespace {

/// Whose processors share the caches of leaves 4 and 0x8000001d: a core's the nearer ones, a socket's the last.
void place_caches(Cpuid& cpuid, u32 function, const Placement& place) {
    const u32 socket_width = place.socket_width();
    for (u32 index = 0; CpuidLeaf* const leaf = cpuid.find(function, index); ++index) {
        const u32 old = (*leaf)[eax];
        const bool is_cache = (old & 0x1f) != 0;
        if (!is_cache || !leaf->index) {
            break;
        }
        const u32 level = old >> 5 & 7;
        const u32 width = level < 3 ? place.thread_width() : socket_width;
        const u32 cores = function == 4 ? ((u32{1} << (socket_width - place.thread_width())) - 1) << 26 : 0;
        (*leaf)[eax] = (old & 0x3fff) | ((u32{1} << width) - 1) << 14 | cores;
    }
}

void place_levels(Cpuid& cpuid, u32 function, const Placement& place) {
    if (cpuid.find(function) == nullptr) {
        return;
    }
    cpuid.remove(function);
    constexpr u32 kThreads = 1 << 8;
    constexpr u32 kCores = 2 << 8;
    cpuid.add(function, 0, {place.thread_width(), place.threads, kThreads | 0, place.number});
    cpuid.add(function, 1, {place.socket_width(), place.of_socket(), kCores | 1, place.number});
    cpuid.add(function, 2, {0, 0, 2, place.number});
}

void place_among_cores(CpuidLeaf& leaf, const Placement& place) {
    const u32 width = place.socket_width();
    leaf[ecx] = (leaf[ecx] & ~u32{0xf0ff}) | (place.of_socket() > 1 ? width << 12 | (place.of_socket() - 1) : 0);
}

}  // namespace

u32 Placement::thread_width() const {
    return static_cast<u32>(std::bit_width(threads - 1));
}

u32 Placement::socket_width() const {
    return thread_width() + static_cast<u32>(std::bit_width(cores - 1));
}

void place_processor(Cpuid& cpuid, const Placement& place) {
    const bool several = place.of_socket() > 1;
    if (CpuidLeaf* const leaf = cpuid.find(1)) {
        (*leaf)[ebx] =
            ((*leaf)[ebx] & 0xffff) | (several ? std::min(place.of_socket(), u32{255}) : 0) << 16 | place.number << 24;
        constexpr u32 kSeveral = u32{1} << 28;  // "ht"
        (*leaf)[edx] = several ? (*leaf)[edx] | kSeveral : (*leaf)[edx] & ~kSeveral;
    }
    place_caches(cpuid, 4, place);
    place_caches(cpuid, 0x8000'001d, place);
    place_levels(cpuid, 0xb, place);
    place_levels(cpuid, 0x1f, place);
    if (CpuidLeaf* const leaf = cpuid.find(0x8000'0008)) {
        place_among_cores(*leaf, place);
    }
    if (CpuidLeaf* const leaf = cpuid.find(0x8000'001e)) {
        const u32 in_socket = place.number & ((u32{1} << place.socket_width()) - 1);
        const u32 core = in_socket >> place.thread_width();
        leaf->registers = {place.number, (place.threads - 1) << 8 | (core & 0xff), place.number >> place.socket_width(),
                           0};
    }
}

}  // namespace kelvin::x86
