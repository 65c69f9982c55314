// SPDX-License-Identifier: Apache-2.0
// The interface of drafts before virtio 1.0, which transitional devices have besides (virtio 1.2, 4.1.4.10, 2.7.2).
#include <array>
#include <bit>
#include <cstring>

#include "base/bits.h"
#include "bus/pci/config_registers.h"
#include "bus/virtio/features.h"
#include "bus/virtio/pci_transport.h"

namespace kelvin::bus::virtio {

namespace {

constexpr unsigned kLegacyBar = 0;
constexpr u16 kNoVector = 0xffff;
constexpr u64 kAnyLayout = u64{1} << 27;
constexpr u64 kPage = 4096;
constexpr u64 kDescriptorSize = 16;

enum : u64 {
    kDeviceFeatures = 0,
    kDriverFeatures = 4,
    kQueuePage = 8,
    kQueueSize = 12,
    kQueueSelect = 14,
    kQueueNotify = 16,
    kDeviceStatus = 18,
    kInterruptStatus = 19,
    kConfigVector = 20,
    kQueueVector = 22,
    kConfigAt = 20,
    kConfigAtWithVectors = 24,
};

}  // namespace

u16 transitional_device_id(u16 id) {
    switch (id) {
        case 1:  // network
        case 2:  // blocks
            return static_cast<u16>(0x1000 + id - 1);
        case 5:  // memory balloon
            return 0x1002;
        case 3:  // console
            return 0x1003;
        case 8:  // SCSI
            return 0x1004;
        case 4:  // random bytes
            return 0x1005;
        default:
            return 0;
    }
}

void PciTransport::placed(bool integrated) {
    const Identity& identity = device_->identity();
    const u16 id = transitional_device_id(identity.id);
    const bool by_place = integrated && id != 0 && (identity.features & feature::kAccessPlatform) == 0;
    const bool wanted =
        legacy_disabled_ == state::OnOffAuto::automatic ? by_place : legacy_disabled_ == state::OnOffAuto::off;
    if (!wanted || bar(kLegacyBar).kind != pci::Bar::Kind::none) {
        return;
    }
    // 4.1.2.3: by these a driver of either kind knows it.
    space().define<u16>(pci::reg::kDeviceId, id);
    space().define<u32>(pci::reg::kRevision, identity.pci_class << 8);
    space().define<u16>(pci::reg::kSubsystem, identity.id);
    add_bar(kLegacyBar, pci::Bar::Kind::io, std::bit_ceil(kConfigAtWithVectors + identity.config_size),
            legacy_registers_);
}

u64 PciTransport::legacy_config_at() const {
    return msix_enabled() ? kConfigAtWithVectors : kConfigAt;
}

u64 PciTransport::read_legacy(u64 offset, unsigned size) {
    const u64 config_at = legacy_config_at();
    if (offset < config_at) {
        return read_legacy_register(offset) & low_mask(size * 8);
    }
    std::array<u8, 8> bytes{};
    device_->read_config(static_cast<u32>(offset - config_at), std::span(bytes).first(size));
    return std::bit_cast<u64>(bytes);
}

u64 PciTransport::read_legacy_register(u64 offset) {
    if (offset == kInterruptStatus) {
        return read_interrupt_status();
    }
    const std::lock_guard lock(lock_);
    const QueueRegisters queue = device_->queue_registers(queue_select_);
    switch (offset) {
        case kDeviceFeatures:
            return static_cast<u32>(device_->identity().features | kAnyLayout);
        case kDriverFeatures:
            return static_cast<u32>(device_->driver_features());
        case kQueuePage:
            return queue.enabled ? queue.place.descriptors.value / kPage : 0;
        case kQueueSize:
            return queue.largest;
        case kQueueSelect:
            return queue_select_;
        case kDeviceStatus:
            return device_->status();
        case kConfigVector:
            return config_vector_;
        case kQueueVector:
            return queue_select_ < queue_vectors_.size() ? queue_vectors_[queue_select_] : kNoVector;
        default:
            return 0;
    }
}

/// 2.7.2: the whole ring begins at a page, and its used part at another.
void PciTransport::place_legacy_queue(u32 page) {
    device_->change_queue(queue_select_, [&](QueueRegisters& registers) {
        const u64 size = registers.largest;
        const u64 base = page * kPage;
        const u64 available = base + size * kDescriptorSize;
        registers.place = {.size = registers.largest,
                           .descriptors = {base},
                           .driver = {available},
                           .device = {align_up(available + 6 + 2 * size, kPage)}};
    });
    device_->set_queue_enabled(queue_select_, true);
}

void PciTransport::write_legacy(u64 offset, unsigned size, u64 value) {
    if (offset >= legacy_config_at()) {
        const auto bytes = std::bit_cast<std::array<u8, 8>>(value);
        device_->write_config(static_cast<u32>(offset - legacy_config_at()), std::span(bytes).first(size));
        return;
    }
    value &= low_mask(size * 8);
    switch (offset) {
        case kDeviceStatus:
            // Waits for the I/O loop, as set_status() does.
            device_->set_legacy_status(static_cast<u8>(value));
            return value == 0 ? reset_selection() : void();
        case kQueueNotify:
            return device_->notify(static_cast<u16>(value));
        case kQueuePage:
            if (value == 0) {
                // Only a reset takes a queue out of use.
                device_->reset();
                return reset_selection();
            }
            break;
        default:
            break;
    }
    const std::lock_guard lock(lock_);
    switch (offset) {
        case kDriverFeatures:
            device_->set_driver_features(value & device_->identity().features);
            break;
        case kQueuePage:
            place_legacy_queue(static_cast<u32>(value));
            break;
        case kQueueSelect:
            queue_select_ = static_cast<u16>(value);
            break;
        case kConfigVector:
            config_vector_ = valid_vector(value);
            break;
        case kQueueVector:
            if (queue_select_ < queue_vectors_.size()) {
                queue_vectors_[queue_select_] = valid_vector(value);
            }
            break;
        default:
            break;
    }
}

}  // namespace kelvin::bus::virtio
