// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/page_walk.h"

#include <array>

namespace kelvin::x86 {

namespace {

constexpr u64 kPagingOn = u64{1} << 31;    // CR0.PG
constexpr u64 kLargePages = u64{1} << 4;   // CR4.PSE
constexpr u64 kWideEntries = u64{1} << 5;  // CR4.PAE
constexpr u64 kFiveLevels = u64{1} << 12;  // CR4.LA57
constexpr u64 kLongMode = u64{1} << 10;    // EFER.LMA
constexpr u64 kPresent = 1;
constexpr u64 kIsPage = u64{1} << 7;  // PS, in entries that can also lead to a table
constexpr u64 kAddress = 0x000f'ffff'ffff'f000;
constexpr unsigned kPageShift = 12;

std::optional<u64> read_entry(const memory::Dma& memory, u64 address, unsigned size) {
    std::array<u8, 8> bytes{};
    if (!memory.copy_in(Gpa{address}, std::span(bytes).first(size))) {
        return std::nullopt;
    }
    u64 entry = 0;
    for (unsigned index = size; index-- > 0;) {
        entry = entry << 8 | bytes[index];
    }
    return (entry & kPresent) != 0 ? std::optional(entry) : std::nullopt;
}

/// 4.3. Pages of 4 MiB have bits 39 to 32 of their address in bits 20 to 13.
std::optional<Gpa> walk_narrow(const Paging& paging, const memory::Dma& memory, u64 linear) {
    const u64 directory = (paging.cr3 & 0xffff'f000) + (linear >> 22 & 0x3ff) * 4;
    const std::optional<u64> first = read_entry(memory, directory, 4);
    if (!first) {
        return std::nullopt;
    }
    if ((*first & kIsPage) != 0 && (paging.cr4 & kLargePages) != 0) {
        return Gpa{(*first >> 13 & 0xff) << 32 | (*first & 0xffc0'0000) | (linear & 0x3f'ffff)};
    }
    const std::optional<u64> second =
        read_entry(memory, (*first & 0xffff'f000) + (linear >> kPageShift & 0x3ff) * 4, 4);
    if (!second) {
        return std::nullopt;
    }
    return Gpa{(*second & 0xffff'f000) | (linear & 0xfff)};
}

/// 4.4 and 4.5: `levels` tables whose entries have eight bytes. With three the first has four entries only.
std::optional<Gpa> walk_wide(u64 table, unsigned levels, bool is_long, const memory::Dma& memory, u64 linear) {
    for (unsigned level = levels; level > 0; --level) {
        const unsigned shift = kPageShift + 9 * (level - 1);
        const u64 index = linear >> shift & (!is_long && level == 3 ? 3 : 0x1ff);
        const std::optional<u64> entry = read_entry(memory, table + index * 8, 8);
        if (!entry) {
            return std::nullopt;
        }
        const bool may_be_page = level == 2 || (level == 3 && is_long);
        if (level == 1 || (may_be_page && (*entry & kIsPage) != 0)) {
            const u64 within = (u64{1} << shift) - 1;
            return Gpa{(*entry & kAddress & ~within) | (linear & within)};
        }
        table = *entry & kAddress;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Gpa> walk_pages(const Paging& paging, const memory::Dma& memory, Gva linear) {
    if ((paging.cr0 & kPagingOn) == 0) {
        return Gpa{linear.value & 0xffff'ffff};
    }
    if ((paging.efer & kLongMode) == 0) {
        const u64 address = linear.value & 0xffff'ffff;
        return (paging.cr4 & kWideEntries) == 0 ? walk_narrow(paging, memory, address)
                                                : walk_wide(paging.cr3 & 0xffff'ffe0, 3, false, memory, address);
    }
    const unsigned levels = (paging.cr4 & kFiveLevels) != 0 ? 5 : 4;
    const unsigned bits = kPageShift + 9 * levels;
    const i64 sign = static_cast<i64>(linear.value) >> (bits - 1);
    if (sign != 0 && sign != -1) {  // not canonical (volume 1, 3.3.7.1)
        return std::nullopt;
    }
    return walk_wide(paging.cr3 & kAddress, levels, true, memory, linear.value);
}

}  // namespace kelvin::x86
