// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/lpis.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/bits.h"
#include "bus/word_registers.h"

namespace kelvin::device {

namespace {

// GICR_CTLR (IHI 0069 12.11.2). CES: EnableLPIs can be cleared.
constexpr u32 kEnableLpis = 1 << 0;
constexpr u32 kClearable = 1 << 1;

// 12.11.31, 12.11.30: cacheability, shareability, address, and GICR_PROPBASER's number of INTID bits.
constexpr u64 kAttributes = u64{7} << 56 | 3 << 10 | 7 << 7;
constexpr u64 kPropertiesMask = kAttributes | 0x000f'ffff'ffff'f000 | 0x1f;
constexpr u64 kPendingMask = kAttributes | 0x000f'ffff'ffff'0000;
constexpr u64 kPendingTableZero = u64{1} << 62;  // read as zero

constexpr unsigned kIntidBits = std::bit_width(Lpis::kEnd - 1);
constexpr u64 kPendingOffset = Lpis::kFirst / 8;  // of the first LPI's bit in the pending table

// A byte of the configuration table (5.1.1).
constexpr u8 kEnabled = 1;
constexpr u8 kPriorityBits = 0xf8;  // as many as the CPU interface has

}  // namespace

void Lpis::reset() {
    state_ = State{};
    std::ranges::fill(occupied_, 0);
    configuration_ = {};
    best_.reset();
}

void Lpis::restore(const State& state) {
    reset();
    state_.enabled = state.enabled;
    state_.properties = state.properties & kPropertiesMask;
    state_.pending_base = state.pending_base & (kPendingMask | kPendingTableZero);
    if (!state.enabled) {
        return;
    }
    map_configuration();
    for (u32 word = 0; word < std::min<size_t>(kWords, state.pending.size()); ++word) {
        for (u64 rest = state.pending[word]; rest != 0; rest &= rest - 1) {
            set_pending(kFirst + word * 64 + static_cast<u32>(std::countr_zero(rest)));
        }
    }
}

u32 Lpis::read_control() const {
    return kClearable | (state_.enabled ? kEnableLpis : 0);
}

void Lpis::write_control(u32 value) {
    const bool enabled = (value & kEnableLpis) != 0;
    if (enabled && !state_.enabled) {
        enable();
    } else if (!enabled && state_.enabled) {
        store_pending();
        state_.enabled = false;
        std::ranges::fill(state_.pending, 0);
        std::ranges::fill(occupied_, 0);
        best_.reset();
    }
}

u32 Lpis::read_register(u64 offset) const {
    const u64 all = offset < 0x78 ? state_.properties : state_.pending_base & ~kPendingTableZero;
    return static_cast<u32>(all >> ((offset & 4) * 8));
}

/// While LPIs are enabled a write is UNPREDICTABLE: it is ignored.
void Lpis::write_register(u64 offset, u32 value, u32 mask) {
    if (state_.enabled) {
        return;
    }
    const bool properties = offset < 0x78;
    u64& target = properties ? state_.properties : state_.pending_base;
    const unsigned shift = (offset & 4) * 8;
    target = (target & ~(u64{mask} << shift)) | u64{value & mask} << shift;
    target &= properties ? kPropertiesMask : kPendingMask | kPendingTableZero;
}

/// A table that is not in RAM, or has no LPIs, leaves all disabled.
void Lpis::map_configuration() {
    const unsigned id_bits = std::min(static_cast<unsigned>(bits(state_.properties, 4, 0)) + 1, kIntidBits);
    const u64 end = u64{1} << id_bits;
    configuration_ = {};
    if (end > kFirst) {
        const Gpa base{state_.properties & 0x000f'ffff'ffff'f000};
        configuration_ = dma_->slice(base, end - kFirst).value_or(memory::RamSlice());
    }
}

void Lpis::enable() {
    state_.enabled = true;
    map_configuration();
    // What the table is told to hold now it need not hold when LPIs are enabled the next time.
    const bool zero =
        (std::exchange(state_.pending_base, state_.pending_base & ~kPendingTableZero) & kPendingTableZero) != 0;
    if (zero) {
        return;
    }
    std::vector<u8> table(configuration_.size() / 8);
    if (!dma_->copy_in(Gpa{state_.pending_base & 0x000f'ffff'ffff'0000} + kPendingOffset, table)) {
        return;
    }
    for (u32 byte = 0; byte < table.size(); ++byte) {
        for (u32 rest = table[byte]; rest != 0; rest &= rest - 1) {
            set_pending(kFirst + byte * 8 + static_cast<u32>(std::countr_zero(rest)));
        }
    }
}

/// 5.1.2: after EnableLPIs is cleared, the table in memory says what is pending.
void Lpis::store_pending() const {
    std::vector<u8> table(configuration_.size() / 8);
    if (table.empty()) {
        return;
    }
    std::memcpy(table.data(), state_.pending.data(), table.size());  // the host is little-endian, as the table is
    // A table that is not in RAM loses it.
    dma_->copy_out(Gpa{state_.pending_base & 0x000f'ffff'ffff'0000} + kPendingOffset, table);
}

bool Lpis::is_pending(u32 intid) const {
    return intid >= kFirst && intid < kEnd && bit(state_.pending[(intid - kFirst) / 64], intid % 64);
}

/// None for an interrupt that is disabled or has no configuration.
std::optional<Lpis::Best> Lpis::configuration(u32 intid) const {
    if (intid < kFirst || intid - kFirst >= configuration_.size()) {
        return std::nullopt;
    }
    const u8 byte = configuration_.load<u8>(intid - kFirst);
    if ((byte & kEnabled) == 0) {
        return std::nullopt;
    }
    return Best{intid, static_cast<u8>(byte & kPriorityBits)};
}

/// Among equals the lowest number is the most urgent, as for other interrupts.
void Lpis::consider(u32 intid) {
    const auto candidate = configuration(intid);
    if (!candidate) {
        return;
    }
    const bool better = !best_ || candidate->priority < best_->priority ||
                        (candidate->priority == best_->priority && candidate->intid < best_->intid);
    if (better) {
        best_ = candidate;
    }
}

void Lpis::find_best() {
    best_.reset();
    for (u32 summary = 0; summary < kSummaryWords; ++summary) {
        for (u64 words = occupied_[summary]; words != 0; words &= words - 1) {
            const u32 word = summary * 64 + static_cast<u32>(std::countr_zero(words));
            for (u64 rest = state_.pending[word]; rest != 0; rest &= rest - 1) {
                consider(kFirst + word * 64 + static_cast<u32>(std::countr_zero(rest)));
            }
        }
    }
}

void Lpis::set_pending(u32 intid) {
    if (!state_.enabled || intid < kFirst || intid - kFirst >= configuration_.size()) {
        return;
    }
    const u32 word = (intid - kFirst) / 64;
    state_.pending[word] |= u64{1} << intid % 64;
    occupied_[word / 64] |= u64{1} << word % 64;
    consider(intid);
}

bool Lpis::clear_pending(u32 intid) {
    if (!is_pending(intid)) {
        return false;
    }
    const u32 word = (intid - kFirst) / 64;
    state_.pending[word] &= ~(u64{1} << intid % 64);
    if (state_.pending[word] == 0) {
        occupied_[word / 64] &= ~(u64{1} << word % 64);
    }
    if (best_ && best_->intid == intid) {
        find_best();
    }
    return true;
}

void Lpis::reload(u32 intid) {
    if (!is_pending(intid)) {
        return;
    }
    if (best_ && best_->intid == intid) {
        find_best();
    } else {
        consider(intid);
    }
}

void Lpis::move_all(Lpis& target) {
    for (u32 word = 0; word < kWords; ++word) {
        for (u64 rest = state_.pending[word]; rest != 0; rest &= rest - 1) {
            target.set_pending(kFirst + word * 64 + static_cast<u32>(std::countr_zero(rest)));
        }
    }
    std::ranges::fill(state_.pending, 0);
    std::ranges::fill(occupied_, 0);
    best_.reset();
}

}  // namespace kelvin::device
