// SPDX-License-Identifier: Apache-2.0
// GITS_*: IHI 0069, section 12.19.
#include "device/interrupt_controller/its.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr u64 kControl = 0x0000;
constexpr u64 kImplementer = 0x0004;
constexpr u64 kType = 0x0008;
constexpr u64 kCommandBase = 0x0080;
constexpr u64 kCommandWritten = 0x0088;
constexpr u64 kCommandRead = 0x0090;
constexpr u64 kDevices = 0x0100;      // GITS_BASER0
constexpr u64 kCollections = 0x0108;  // GITS_BASER1
constexpr u64 kPeripheralId2 = 0xffe8;

constexpr u32 kEnabled = 1;
constexpr u64 kQuiescent = u64{1} << 31;
constexpr u32 kArmImplementer = 0x0000043b;
constexpr u32 kArchitectureVersion3 = 0x3b;

// Physical LPIs; sizes of entries and numbers, less one; GITS_TYPER.CIL. PTA is 0: processors go by their number.
constexpr u64 kTypeValue = 1 | (ItsTables::kEntrySize - 1) << 4 | u64{15} << 8 | (ItsTables::kDeviceBits - 1) << 13 |
                           u64{ItsTables::kCollectionBits - 1} << 32 | u64{1} << 36;

// GITS_BASER<n>: what the table is of, and its entries' size less one.
constexpr u64 kEntrySizeField = (ItsTables::kEntrySize - 1) << 48;
constexpr u64 kDeviceTable = u64{1} << 56 | kEntrySizeField;
constexpr u64 kCollectionTable = u64{4} << 56 | kEntrySizeField;

constexpr u64 kCommandBaseMask = u64{1} << 63 | u64{7} << 59 | u64{7} << 53 | 0x000f'ffff'ffff'fcff;
constexpr u64 kOffsetMask = 0xfffe0;  // of CWRITER and CREADR: commands of 32 bytes in at most 1 MiB
constexpr u32 kRetry = 1;
constexpr u64 kStalled = 1;

constexpr size_t kCacheSlots = 4096;

void merge_half(u64& target, u64 offset, u32 value, u32 mask, u64 writable) {
    const unsigned shift = (offset & 4) * 8;
    const u64 written = u64{mask} << shift & writable;
    target = (target & ~written) | (u64{value} << shift & written);
}

}  // namespace

Its::Its(Gicv3& gic, const memory::Dma& dma, Gpa base)
    : gic_(gic), dma_(dma), tables_(dma), base_(base), cache_(kCacheSlots) {}

void Its::reset() {
    const std::lock_guard guard(lock_);
    state_ = State{};
    forget_all();
}

Its::State Its::save() const {
    const std::lock_guard guard(lock_);
    return state_;
}

void Its::restore(const State& state) {
    const std::lock_guard guard(lock_);
    state_ = state;
    state_.command_base &= kCommandBaseMask;
    state_.written &= kOffsetMask;
    state_.read &= kOffsetMask;
    state_.devices.value &= ItsTables::Base::kWritable;
    state_.collections.value &= ItsTables::Base::kWritable;
    forget_all();
}

void Its::deliver(const bus::Msi& message) {
    if (message.address != base_.value + kTranslater) {
        return;
    }
    const std::lock_guard guard(lock_);
    if (!state_.enabled) {
        return;
    }
    if (const auto target = translate(message.requester, message.data)) {
        gic_.set_lpi(target->processor, target->intid);
    }
}

Its::Cached& Its::cache_slot(u32 device, u32 event) {
    // A device's events lie side by side; devices are spread by an odd number.
    return cache_[(device * 37 + event) % kCacheSlots];
}

void Its::forget(u32 device, u32 event) {
    cache_slot(device, event) = {};
}

void Its::forget_all() {
    std::ranges::fill(cache_, Cached{});
}

std::optional<u16> Its::processor_of(u16 collection) const {
    const auto processor = tables_.collection(state_.collections, collection);
    return processor && *processor < gic_.processors() ? processor : std::nullopt;
}

std::optional<Its::Target> Its::look_up(u32 device, u32 event) const {
    const auto entry = tables_.device(state_.devices, device);
    if (!entry) {
        return std::nullopt;
    }
    const auto translation = tables_.translation(*entry, event);
    if (!translation) {
        return std::nullopt;
    }
    const auto processor = processor_of(translation->collection);
    return processor ? std::optional(Target{*processor, translation->intid}) : std::nullopt;
}

std::optional<Its::Target> Its::translate(u32 device, u32 event) {
    Cached& slot = cache_slot(device, event);
    const u64 key = key_of(device, event);
    if (slot.key == key) {
        return slot.target;
    }
    const auto target = look_up(device, event);
    if (target) {
        slot = {key, *target};
    }
    return target;
}

u32 Its::read_word(u64 offset) {
    const std::lock_guard guard(lock_);
    if (align_down(offset, 8) == kCommandRead) {
        run_commands();  // what a write to CWRITER left: who waits for it looks here
    }
    return static_cast<u32>(read_register(align_down(offset, 8)) >> ((offset & 4) * 8));
}

/// Eight bytes from `offset`, a multiple of 8.
u64 Its::read_register(u64 offset) const {
    switch (offset) {
        case kControl:
            return u64{kArmImplementer} << 32 | (state_.enabled ? kEnabled : kQuiescent);
        case kType:
            return kTypeValue;
        case kCommandBase:
            return state_.command_base;
        case kCommandWritten:
            return state_.written;
        case kCommandRead:
            return state_.read | (state_.stalled ? kStalled : 0);
        case kDevices:
            return state_.devices.value | kDeviceTable;
        case kCollections:
            return state_.collections.value | kCollectionTable;
        case kPeripheralId2:
            return kArchitectureVersion3;
        default:
            return 0;
    }
}

/// A message has no requester when a processor writes it: GITS_TRANSLATER ignores it.
void Its::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(lock_);
    switch (align_down(offset, 8)) {
        case kControl:
            return offset == kControl ? write_control(value, mask) : void();
        case kCommandBase:
        case kCommandWritten:
            return write_command_register(offset, value, mask);
        case kDevices:
        case kCollections: {
            // While the ITS is enabled this is UNPREDICTABLE: ignored.
            ItsTables::Base& base = align_down(offset, 8) == kDevices ? state_.devices : state_.collections;
            if (!state_.enabled) {
                merge_half(base.value, offset, value, mask, ItsTables::Base::kWritable);
            }
            return;
        }
        default:
            return;
    }
}

void Its::write_control(u32 value, u32 mask) {
    state_.enabled = (bus::merge(state_.enabled ? kEnabled : 0, value, mask) & kEnabled) != 0;
    forget_all();  // the tables may have been changed while it was disabled
    run_commands();
}

void Its::write_command_register(u64 offset, u32 value, u32 mask) {
    if (align_down(offset, 8) == kCommandBase) {
        if (!state_.enabled) {
            merge_half(state_.command_base, offset, value, mask, kCommandBaseMask);
            state_.read = 0;
            state_.stalled = false;
        }
    } else if (offset == kCommandWritten) {
        state_.written = bus::merge(state_.written, value, mask) & kOffsetMask;
        state_.stalled = state_.stalled && (value & kRetry) == 0;
        run_commands();
    }
}

}  // namespace kelvin::device
